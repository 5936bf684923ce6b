/* SPDX-License-Identifier: MIT */
/* xl block-attach: one more disk for a domain that runs, by the words of xl-disk-configuration(5). */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"
#include "toolstack/lib/config_json.h"

static int show(const struct disk_config *d)
{
	struct json_object *o = config_json_disk(d);

	printf("disk: %s\n", json_object_to_json_string_ext(o, CONFIG_JSON_STYLE));
	json_object_put(o);
	return XL_OK;
}

static int add(struct toolstack *t, uint32_t domid, struct domain_config *c, int nr, char **parts)
{
	/* What is looked at has no place in a file. */
	struct domain_config here = {.source = (char *)"block-attach"};
	char *error = NULL;
	int ret = XL_FAILED;

	if (domain_config_add_disk(c, "block-attach", nr, (const char *const *)parts, &error))
		xl_say("%s", error ? error : "block-attach: out of memory");
	else if (disk_preflight(t, &here, &c->disks[c->nr_disks - 1]))
		xl_error(t);
	else if (xl_dry_run)
		ret = show(&c->disks[c->nr_disks - 1]);
	else if (disk_attach(t, domid, c))
		xl_error(t);
	else
		ret = XL_OK;
	free(error);
	return ret;
}

static int attach(struct toolstack *t, uint32_t domid, int nr, char **parts)
{
	struct domain_config c;
	uuid_t uuid;
	int ret;

	if (!domid)
		return xl_say("0: the control domain has the host's disks; losetup(8) makes one of a file");
	if (domain_uuid(t, domid, uuid) || userdata_load(t, domid, uuid, &c))
		return xl_error(t);
	ret = add(t, domid, &c, nr, parts);
	domain_config_free(&c);
	return ret;
}

int cmd_block_attach(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	int ret = XL_FAILED, lock;

	while (xl_getopt("block-attach", argc, argv, "h", 2) >= 0)
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
