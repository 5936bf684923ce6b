/* SPDX-License-Identifier: MIT */
/* xl network-list: a domain's network interfaces, from the nodes of both ends. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"

static void list_vif(struct toolstack *t, uint32_t domid, const char *id)
{
	char copy[PATH_BYTES], front[PATH_BYTES];
	char *backend, *mac;

	/* What the guest cannot write says where the backend is and what the address is. */
	snprintf(copy, sizeof(copy), "/libxl/%u/device/vif/%s", domid, id);
	snprintf(front, sizeof(front), "/local/domain/%u/device/vif/%s", domid, id);
	backend = store_read(t, "%s/backend", copy);
	mac = store_read(t, "%s/mac", copy);
	printf("%-3s %-2d %-17s %6s %5ld %6ld %5ld/%-11ld %-30s\n", id, 0, mac ? mac : "00:00:00:00:00:00", id,
	       store_number(t, -1, "%s/state", front), store_number(t, -1, "%s/event-channel", front),
	       store_number(t, -1, "%s/tx-ring-ref", front), store_number(t, -1, "%s/rx-ring-ref", front),
	       backend ? backend : "(null)");
	free(backend);
	free(mac);
}

static int list_vifs(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		     const char *name, void *arg)
{
	unsigned int nr, i;
	char **ids = store_list(t, &nr, "/libxl/%u/device/vif", info->domain);

	for (i = 0; i < nr; i++)
		list_vif(t, info->domain, ids[i]);
	free(ids);
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
