/* SPDX-License-Identifier: MIT */
/* xl block-list: a domain's disks, from the nodes of both ends. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"

static void list_vbd(struct toolstack *t, uint32_t domid, const char *id)
{
	char copy[PATH_BYTES], front[PATH_BYTES];
	char *backend;

	/* Where the backend is said in a place that the guest cannot write. */
	snprintf(copy, sizeof(copy), "/libxl/%u/device/vbd/%s", domid, id);
	snprintf(front, sizeof(front), "/local/domain/%u/device/vbd/%s", domid, id);
	backend = store_read(t, "%s/backend", copy);
	printf("%-5s %-3ld %-6d %-5ld %-6ld %-8ld %-30s\n", id, 0l, domid,
	       store_number(t, -1, "%s/state", front), store_number(t, -1, "%s/event-channel", front),
	       store_number(t, -1, "%s/ring-ref", front), backend ? backend : "(null)");
	free(backend);
}

static int list_vbds(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		     const char *name, void *arg)
{
	unsigned int nr, i;
	char **ids = store_list(t, &nr, "/libxl/%u/device/vbd", info->domain);

	for (i = 0; i < nr; i++)
		list_vbd(t, info->domain, ids[i]);
	free(ids);
	return 0;
}

int cmd_block_list(int argc, char **argv)
{
	struct toolstack t;
	int ret = XL_FAILED;

	while (xl_getopt("block-list", argc, argv, "h", 1) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (!xl_find_all(&t, argc - optind, argv + optind)) {
		printf("%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state", "evt-ch",
		       "ring-ref", "BE-path");
		ret = xl_for_domains(&t, argc - optind, argv + optind, false, list_vbds, NULL);
	}
	toolstack_close(&t);
	return ret;
}
