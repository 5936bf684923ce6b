/* SPDX-License-Identifier: MIT */
/* xl domname: id to name. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/commands/xl.h"

int cmd_domname(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	char *name = NULL;
	int ret = XL_OK;

	while (xl_getopt("domname", argc, argv, "h", 1) >= 0)
		;
	if (argv[optind][strspn(argv[optind], "0123456789")] || !argv[optind][0])
		return xl_say("%s: invalid domain identifier, not a number", argv[optind]);
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (xl_find(&t, argv[optind], &domid))
		ret = XL_FAILED;
	else if (!(name = domain_name(&t, domid)))
		ret = xl_say("%u: the domain has no name", domid);
	else
		puts(name);
	free(name);
	toolstack_close(&t);
	return ret;
}
