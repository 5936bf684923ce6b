/* SPDX-License-Identifier: MIT */
/* xl destroy: ends a domain at once, whatever it is doing. */
#include "config.h"
#include <getopt.h>

#include "toolstack/commands/xl.h"

int cmd_destroy(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	int ret = XL_OK;

	while (xl_getopt("destroy", argc, argv, "hf", 1) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (xl_find(&t, argv[optind], &domid))
		ret = XL_FAILED;
	else if (domid == 0)
		ret = xl_say("Cannot destroy privileged domain 0.");
	else if (domain_destroy(&t, domid))
		ret = xl_error(&t);
	toolstack_close(&t);
	return ret;
}
