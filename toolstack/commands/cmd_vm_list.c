/* SPDX-License-Identifier: MIT */
/* xl vm-list: uuid, id and name of the guests. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"

static int list_vm(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		   const char *name, void *arg)
{
	char uuid[UUID_STR_LEN];

	uuid_unparse_lower(info->handle, uuid);
	printf("%s  %d    %-30s\n", uuid, info->domain, name ? name : "(null)");
	return 0;
}

int cmd_vm_list(int argc, char **argv)
{
	struct toolstack t;
	int ret;

	while (xl_getopt("vm-list", argc, argv, "h", 0) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	printf("UUID                                  ID    name\n");
	ret = xl_for_domains(&t, 0, NULL, false, list_vm, NULL);
	toolstack_close(&t);
	return ret;
}
