/* SPDX-License-Identifier: MIT */
/* xl network-attach: one more network interface for a domain that runs, by the words of
 * xl-network-configuration(5). */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"
#include "toolstack/lib/config_json.h"

static int show(const struct domain_config *c, const struct nic_config *n)
{
	struct json_object *o = config_json_nic(c, n);

	printf("vif: %s\n", json_object_to_json_string_ext(o, CONFIG_JSON_STYLE));
	json_object_put(o);
	return XL_OK;
}

static int attach(struct toolstack *t, uint32_t domid, int nr, char **parts)
{
	struct domain_config c;
	char *error = NULL;
	uuid_t uuid;
	int ret = XL_FAILED;

	if (!domid)
		return xl_say("0: the control domain has the host's interfaces");
	if (domain_uuid(t, domid, uuid) || userdata_load(t, domid, uuid, &c))
		return xl_error(t);
	if (domain_config_add_nic(&c, "network-attach", nr, (const char *const *)parts, &error))
		xl_say("%s", error ? error : "network-attach: out of memory");
	else if (xl_dry_run)
		ret = show(&c, &c.nics[c.nr_nics - 1]);
	else if (nic_attach(t, domid, &c))
		xl_error(t);
	else
		ret = XL_OK;
	free(error);
	domain_config_free(&c);
	return ret;
}

int cmd_network_attach(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	int ret = XL_FAILED, lock;

	while (xl_getopt("network-attach", argc, argv, "h", 1) >= 0)
		;
	if (xl_open(&t, NEED_ALL))
		return XL_FAILED;
	lock = toolstack_lock(&t);
	if (lock < 0)
		xl_error(&t);
	else if (!xl_find(&t, argv[optind], &domid))
		ret = attach(&t, domid, argc - optind - 1, argv + optind + 1);
	if (lock >= 0)
		toolstack_unlock(lock);
	toolstack_close(&t);
	return ret;
}
