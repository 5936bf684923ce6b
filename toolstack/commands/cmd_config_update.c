/* SPDX-License-Identifier: MIT */
/* xl config-update: replaces the saved configuration that the next restart of a domain uses. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "toolstack/commands/xl.h"

static int update(struct toolstack *t, uint32_t domid, struct domain_config *c)
{
	uuid_t uuid;
	int ret = domain_uuid(t, domid, uuid);

	return ret ? ret : userdata_save(t, domid, uuid, c);
}

int cmd_config_update(int argc, char **argv)
{
	struct xl_config_args a = {0};
	struct domain_config c;
	struct toolstack t;
	const char *who;
	uint32_t domid;
	int opt, ret = XL_FAILED;

	while ((opt = xl_getopt("config-update", argc, argv, "hf:d", 1)) >= 0)
		if (opt == 'f')
			a.file = optarg;
	who = argv[optind++];
	if (optind >= argc && !a.file)
		return xl_say("config-update: needs a configuration file"), XL_USAGE;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (!xl_find(&t, who, &domid) && !xl_load_config(&a, argc - optind, argv + optind, &c)) {
		if (domid == 0)
			xl_say("0: the control domain has no configuration");
		else if (!xl_dry_run && update(&t, domid, &c))
			xl_error(&t);
		else
			ret = XL_OK;
		domain_config_free(&c);
	}
	toolstack_close(&t);
	return ret;
}
