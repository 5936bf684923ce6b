/* SPDX-License-Identifier: MIT */
/* xl sysrq: sends a magic system request to a guest. */
#include "config.h"
#include <getopt.h>

#include "toolstack/commands/xl.h"

int cmd_sysrq(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	int ret = XL_OK;

	while (xl_getopt("sysrq", argc, argv, "h", 2) >= 0)
		;
	if (!argv[optind + 1][0] || argv[optind + 1][1])
		return xl_say("%s: a sysrq is one letter", argv[optind + 1]);
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (xl_find(&t, argv[optind], &domid))
		ret = XL_FAILED;
	else if (domid == 0)
		ret = xl_say("0: write to /proc/sysrq-trigger for the control domain");
	else if (domain_control(&t, domid, "sysrq", argv[optind + 1]))
		ret = xl_error(&t);
	toolstack_close(&t);
	return ret;
}
