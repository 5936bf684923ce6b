/* SPDX-License-Identifier: MIT */
/* xl dmesg: the machine's console ring: what paravaned and the images of the domains said. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "toolstack/commands/xl.h"

int cmd_dmesg(int argc, char **argv)
{
	struct toolstack t;
	char buf[16384];
	uint32_t len, index = 0;
	bool clear = false;
	int opt, err, ret = XL_OK;

	while ((opt = xl_getopt("dmesg", argc, argv, "hc", 0)) >= 0)
		clear |= opt == 'c';
	if (xl_open(&t, NEED_MACHINE))
		return XL_FAILED;
	do {
		len = sizeof(buf);
		err = pvn_ctl_readconsole(t.ctl, buf, &len, 0, 1, &index);
		if (err < 0)
			ret = xl_say("paravaned: cannot read its console: %s", strerror(-err));
		else
			fwrite(buf, 1, len, stdout);
	} while (err >= 0 && len > 0);
	if (clear && err >= 0) {
		len = 0;
		pvn_ctl_readconsole(t.ctl, buf, &len, 1, 0, NULL);
	}
	toolstack_close(&t);
	return ret;
}
