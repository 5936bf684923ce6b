/* SPDX-License-Identifier: MIT */
/* xl mem-set: tells a domain's balloon driver how much memory it should have. */
#include "config.h"
#include <getopt.h>
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
	struct toolstack t;
	uint32_t domid;
	int64_t kib;
	int ret = XL_FAILED;

	while (xl_getopt("mem-set", argc, argv, "h", 2) >= 0)
		;
	kib = xl_parse_kib(argv[optind + 1]);
	if (kib < 1024)
		return xl_say("%s: not an amount of memory of at least 1 MiB", argv[optind + 1]);
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (!xl_find(&t, argv[optind], &domid))
		ret = domid ? set_target(&t, domid, kib)
			    : xl_say("0: the control domain's memory is the host's");
	toolstack_close(&t);
	return ret;
}
