/* SPDX-License-Identifier: MIT */
/* xl domid: name to id. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>

#include "toolstack/commands/xl.h"

int cmd_domid(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	int ret = XL_OK;

	while (xl_getopt("domid", argc, argv, "h", 1) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (domain_find_name(&t, argv[optind], &domid))
		ret = xl_error(&t);
	else
		printf("%u\n", domid);
	toolstack_close(&t);
	return ret;
}
