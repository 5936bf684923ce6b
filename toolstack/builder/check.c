/* SPDX-License-Identifier: MIT */
/* The check of a kernel before any domain is made; called by `xl create` and pvn_kernel_check's tests. */
#include "toolstack/builder/builder.h"

#include <stddef.h>

#include "toolstack/builder/kernel.h"

int pvn_kernel_check(const char *path, char *error, size_t n)
{
	struct report r = { .text = error, .size = n };
	struct kernel k;
	int err;

	if (n)
		error[0] = 0;
	err = kernel_open(&k, path, &r);
	if (err)
		return err;
	err = kernel_platform_check(&k, k.virt_base + k.phys_end, &r);
	kernel_close(&k);
	return err;
}
