/* SPDX-License-Identifier: MIT */
/* xl network-list: a domain's network interfaces; there is no network backend, so there are none. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>

#include "toolstack/commands/xl.h"

static int list_vifs(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		     const char *name, void *arg)
{
	return 0;
}

int cmd_network_list(int argc, char **argv)
{
	struct toolstack t;
	int ret = XL_FAILED;

	while (xl_getopt("network-list", argc, argv, "h", 1) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (!xl_find_all(&t, argc - optind, argv + optind)) {
		printf("%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s\n", "Idx", "BE", "Mac Addr.", "handle",
		       "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
		ret = xl_for_domains(&t, argc - optind, argv + optind, false, list_vifs, NULL);
	}
	toolstack_close(&t);
	return ret;
}
