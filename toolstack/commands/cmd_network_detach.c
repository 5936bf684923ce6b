/* SPDX-License-Identifier: MIT */
/* xl network-detach: a network interface, named by its number or its address, leaves a domain that runs. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/commands/xl.h"

/* The number of the interface that is meant.  false: there is none. */
static bool find_nic(struct toolstack *t, uint32_t domid, const char *what, uint32_t *devid)
{
	unsigned int nr, i;
	char **ids = store_list(t, &nr, "/libxl/%u/device/vif", domid), *mac;
	bool found = false;

	for (i = 0; i < nr && !found; i++) {
		mac = store_read(t, "/libxl/%u/device/vif/%s/mac", domid, ids[i]);
		found = !strcmp(ids[i], what) || (mac && !strcasecmp(mac, what));
		if (found)
			*devid = (uint32_t)strtoul(ids[i], NULL, 10);
		free(mac);
	}
	free(ids);
	return found;
}

static int detach(struct toolstack *t, uint32_t domid, const char *who, const char *what)
{
	uint32_t devid;

	if (!find_nic(t, domid, what, &devid))
		return xl_say("%s: domain %s has no such interface; `xl network-list %s' shows them", what, who, who);
	return nic_detach(t, domid, devid) ? xl_error(t) : XL_OK;
}

int cmd_network_detach(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	int ret = XL_FAILED, lock;

	while (xl_getopt("network-detach", argc, argv, "h", 2) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	lock = toolstack_lock(&t);
	if (lock < 0)
		xl_error(&t);
	else if (!xl_find(&t, argv[optind], &domid))
		ret = detach(&t, domid, argv[optind], argv[optind + 1]);
	if (lock >= 0)
		toolstack_unlock(lock);
	toolstack_close(&t);
	return ret;
}
