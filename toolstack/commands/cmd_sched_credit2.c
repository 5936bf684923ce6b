/* SPDX-License-Identifier: MIT */
/* xl sched-credit2: the weights and caps of the domains, which are all the default. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"

static int list_params(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		       const char *name, void *arg)
{
	printf("%-33s %4d %6d %4d\n", name ? name : "(null)", info->domain, 256, 0);
	return 0;
}

int cmd_sched_credit2(int argc, char **argv)
{
	char *who = NULL;
	struct toolstack t;
	bool params_only = false;
	int opt, ret = XL_FAILED;

	while ((opt = xl_getopt("sched-credit2", argc, argv, "hd:s", 0)) >= 0) {
		if (opt == 'd')
			who = optarg;
		params_only |= opt == 's';
	}
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (xl_find_all(&t, who ? 1 : 0, &who))
		goto out;
	printf("Cpupool Pool-0: ratelimit=%dus\n", 1000);
	ret = XL_OK;
	if (!params_only) {
		printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
		ret = xl_for_domains(&t, who ? 1 : 0, &who, true, list_params, NULL);
	}
out:
	toolstack_close(&t);
	return ret;
}
