/* SPDX-License-Identifier: MIT */
/* xl rename: another name for a domain. */
#include "config.h"
#include <getopt.h>

#include "toolstack/commands/xl.h"

int cmd_rename(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	int ret = XL_OK;

	while (xl_getopt("rename", argc, argv, "h", 2) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (xl_find(&t, argv[optind], &domid))
		ret = XL_FAILED;
	else if (domid == 0)
		ret = xl_say("0: the control domain keeps its name");
	else if (domain_rename(&t, domid, argv[optind + 1]))
		ret = xl_error(&t);
	toolstack_close(&t);
	return ret;
}
