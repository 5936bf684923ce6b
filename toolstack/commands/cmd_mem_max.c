/* SPDX-License-Identifier: MIT */
/* xl mem-max: the most memory a domain may have. */
#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "toolstack/commands/xl.h"

static int set_max(struct toolstack *t, uint32_t domid, int64_t kib)
{
	int err = pvn_ctl_max_mem(t->ctl, domid, kib);
	char text[24];

	if (err == -ENOMEM)
		return xl_say("%u: a domain cannot grow beyond the maxmem it was made with", domid);
	if (err < 0)
		return xl_say("%u: the maximum cannot be set: %s", domid, strerror(-err));
	snprintf(text, sizeof(text), "%" PRId64, kib);
	return store_write(t, text, "/local/domain/%u/memory/static-max", domid) ? xl_error(t) : XL_OK;
}

int cmd_mem_max(int argc, char **argv)
{
	return xl_memory(argc, argv, "mem-max", set_max);
}
