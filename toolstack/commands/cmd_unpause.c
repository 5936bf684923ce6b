/* SPDX-License-Identifier: MIT */
/* xl unpause: a paused domain goes on. */
#include "config.h"
#include <getopt.h>
#include <string.h>

#include "toolstack/commands/xl.h"

int cmd_unpause(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	int ret = XL_OK, err;

	while (xl_getopt("unpause", argc, argv, "h", 1) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (xl_find(&t, argv[optind], &domid))
		ret = XL_FAILED;
	else if (domid == 0)
		ret = xl_say("0: the control domain is never paused");
	else if ((err = pvn_ctl_unpause(t.ctl, domid)) < 0)
		ret = xl_say("%s: cannot be unpaused: %s", argv[optind], strerror(-err));
	toolstack_close(&t);
	return ret;
}
