/* SPDX-License-Identifier: MIT */
/* xl debug-keys: have the machine say something on its console ring. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "toolstack/commands/xl.h"

int cmd_debug_keys(int argc, char **argv)
{
	struct toolstack t;
	int err;

	while (xl_getopt("debug-keys", argc, argv, "h", 1) >= 0)
		;
	if (xl_open(&t, NEED_MACHINE))
		return XL_FAILED;
	err = pvn_ctl_debug_keys(t.ctl, argv[optind]);
	if (err < 0)
		xl_say("paravaned: cannot send it debug keys: %s", strerror(-err));
	toolstack_close(&t);
	return err < 0 ? XL_FAILED : XL_OK;
}
