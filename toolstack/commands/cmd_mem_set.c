/* SPDX-License-Identifier: MIT */
/* xl mem-set: tells a domain's balloon driver how much memory it should have. */
#include "config.h"
#include <inttypes.h>
#include <stdio.h>

#include "toolstack/commands/xl.h"

static int set_target(struct toolstack *t, uint32_t domid, int64_t kib)
{
	long max = store_number(t, -1, "/local/domain/%u/memory/static-max", domid);
	char text[24];

	if (max >= 0 && kib > max)
		return xl_say("%u: %" PRId64 " KiB is more than the domain's maximum, %ld KiB; "
			      "`xl mem-max' raises it", domid, kib, max);
	snprintf(text, sizeof(text), "%" PRId64, kib);
	return store_write(t, text, "/local/domain/%u/memory/target", domid) ? xl_error(t) : XL_OK;
}

int cmd_mem_set(int argc, char **argv)
{
	return xl_memory(argc, argv, "mem-set", set_target);
}
