/* SPDX-License-Identifier: MIT */
/* The store nodes of a network interface, as libxl writes them.  Called by layout.c and hotplug_nic.c. */
#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "toolstack/lib/batch.h"
#include "toolstack/lib/layout.h"

static void optional(struct batch *b, const char *path, const char *node, const char *value)
{
	if (value)
		batch_write(b, PERMS_INHERIT, value, "%s/%s", path, node);
}

static void vif_backend(struct batch *b, uint32_t domid, const char *path, const char *front,
			const struct nic_config *n, const char *mac, const char *state)
{
	char rate[48];

	batch_write(b, PERMS_INHERIT, front, "%s/frontend", path);
	batch_write_number(b, PERMS_INHERIT, domid, "%s/frontend-id", path);
	batch_write(b, PERMS_INHERIT, "1", "%s/online", path);
	batch_write(b, PERMS_INHERIT, state, "%s/state", path);
	optional(b, path, "script", n->script);
	optional(b, path, "vifname", n->vifname);
	batch_write(b, PERMS_INHERIT, mac, "%s/mac", path);
	optional(b, path, "ip", n->ip);
	optional(b, path, "gatewaydev", n->gatewaydev);
	if (n->rate_bytes) {
		snprintf(rate, sizeof(rate), "%" PRIu64 ",%" PRIu32, n->rate_bytes, n->rate_usecs);
		batch_write(b, PERMS_INHERIT, rate, "%s/rate", path);
	}
	if (n->mtu)
		batch_write_number(b, PERMS_INHERIT, n->mtu, "%s/mtu", path);
	batch_write(b, PERMS_INHERIT, n->bridge, "%s/bridge", path);
	batch_write_number(b, PERMS_INHERIT, n->devid, "%s/handle", path);
	batch_write(b, PERMS_INHERIT, "vif", "%s/type", path);
	batch_write(b, PERMS_INHERIT, "", "%s/hotplug-status", path);
}

/* One that is connected already must not look like a new one: state 4 at both ends. */
void layout_vif_nodes(struct batch *b, uint32_t domid, const struct domain_config *c,
		      const struct nic_config *n, bool runs)
{
	const char *state = runs ? "4" : "1";
	char front[PATH_BYTES], back[PATH_BYTES], copy[PATH_BYTES], mac[MAC_BYTES];

	nic_mac(c, n, mac);
	snprintf(front, sizeof(front), "/local/domain/%u/device/vif/%u", domid, n->devid);
	snprintf(back, sizeof(back), "/local/domain/0/backend/vif/%u/%u", domid, n->devid);
	snprintf(copy, sizeof(copy), "/libxl/%u/device/vif/%u", domid, n->devid);
	batch_write(b, PERMS_FRONTEND, "", "%s", front);
	batch_write(b, PERMS_INHERIT, back, "%s/backend", front);
	batch_write(b, PERMS_INHERIT, "0", "%s/backend-id", front);
	batch_write(b, PERMS_INHERIT, state, "%s/state", front);
	batch_write_number(b, PERMS_INHERIT, n->devid, "%s/handle", front);
	batch_write(b, PERMS_INHERIT, n->trusted ? "1" : "0", "%s/trusted", front);
	batch_write(b, PERMS_INHERIT, mac, "%s/mac", front);
	if (n->mtu)
		batch_write_number(b, PERMS_READABLE, n->mtu, "%s/mtu", front);
	batch_write(b, PERMS_READABLE, "", "%s", back);
	vif_backend(b, domid, back, front, n, mac, state);
	batch_write(b, PERMS_INHERIT, front, "%s/frontend", copy);
	batch_write(b, PERMS_INHERIT, back, "%s/backend", copy);
	/* Where network-list and network-detach read it: the guest cannot write here. */
	batch_write(b, PERMS_INHERIT, mac, "%s/mac", copy);
}

int layout_nic(struct toolstack *t, uint32_t domid, const struct domain_config *c, const struct nic_config *n)
{
	struct batch *b = batch_new(domid);
	int ret;

	if (!b)
		return ts_fail(t, -ENOMEM, "xl: out of memory");
	layout_vif_nodes(b, domid, c, n, false);
	ret = batch_commit(t, b);
	batch_free(b);
	return ret;
}
