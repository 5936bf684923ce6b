/* SPDX-License-Identifier: MIT */
/* Runs the initcalls of a level, and finds the initrd. */
#include <pv/boot.h>
#include <pv/init.h>
#include <pv/printk.h>

extern const struct initcall initcalls_start[], initcalls_end[];

void initcalls_run(unsigned int level)
{
	for (const struct initcall *c = initcalls_start; c < initcalls_end; c++) {
		int rc;

		if (c->level != level)
			continue;
		rc = c->fn();
		if (rc != 0)
			printk("%s: error %d\n", c->name, rc);
	}
}

/* Asked for by VA: without the MOD_START_PFN note the builder maps it below start_info. */
const void *boot_initrd(size_t *len)
{
	if (start_info->mod_start == 0 || start_info->mod_len == 0 ||
	    (start_info->flags & SIF_MOD_START_PFN))
		return NULL;
	*len = start_info->mod_len;
	return (const void *)start_info->mod_start;
}
