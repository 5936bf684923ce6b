/* SPDX-License-Identifier: MIT */
/*
 * A store that was started anew while domains run knows nothing of them (xenstored was killed).
 * What the toolstack wrote comes back from the saved configurations, and the domains are
 * introduced again.  What the guests wrote themselves, and what they watched, is lost.
 *
 * Called when the store is opened, under the toolstack's lock.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/layout.h"

/* The store's port of every domain: the first that create.c makes. */
#define FIRST_PORT	1

/* Put together from the saved files.  0 or -errno. */
static int load(struct toolstack *t, uint32_t domid, const uuid_t uuid, struct domain_config *c,
		struct layout_rings *rings)
{
	char *name = NULL;
	int ret = userdata_load_rings(domid, uuid, &name, rings);

	if (!ret)
		ret = userdata_load(t, domid, uuid, c);
	if (ret) {
		free(name);
		return ret;
	}
	free(c->name);
	c->name = name;
	return 0;
}

/*
 * Introduced first: a backend that sees the nodes of a domain which the store does not know takes
 * it for dead.
 */
static int restore_domain(struct toolstack *t, const struct xen_domctl_getdomaininfo *info)
{
	struct layout_rings rings;
	struct domain_config c;
	uint32_t domid = info->domain;
	uuid_t uuid;
	int ret;

	memcpy(uuid, info->handle, sizeof(uuid));
	ret = load(t, domid, uuid, &c, &rings);
	if (ret) {
		/* Still introduced, so that its monitor hears of its end. */
		xs_introduce_domain(t->xs, domid, 0, FIRST_PORT);
		return ret;
	}
	if (!xs_introduce_domain(t->xs, domid, rings.store_mfn, rings.store_port))
		ret = -errno;
	if (!ret)
		ret = layout_domain(t, domid, &c, info->cpu_time > 0);
	if (!ret)
		ret = layout_rings(t, domid, &rings);
	domain_config_free(&c);
	return ret;
}

static void add(char *list, size_t size, uint32_t domid)
{
	size_t n = strlen(list);

	snprintf(list + n, size - n, "%s%u", n ? " " : "", domid);
}

static void say(struct toolstack *t, const char *restored, const char *lost)
{
	snprintf(t->notice, sizeof(t->notice), "xenstored had been lost and is started anew:%s%s%s%s%s",
		 restored[0] ? " domains restored: " : "", restored,
		 restored[0] ? " (without what their guests wrote and watched: `xl shutdown' may not "
			       "reach them, `xl destroy' does)" : "",
		 !lost[0] ? "" : restored[0] ? "; not restored, for `xl destroy' by id alone: "
					     : " domains not restored, for `xl destroy' by id alone: ", lost);
}

void store_restore(struct toolstack *t)
{
	char restored[300] = "", lost[300] = "", error[sizeof(t->error)];
	struct xen_domctl_getdomaininfo *infos;
	int i, n;

	memcpy(error, t->error, sizeof(error));
	n = domain_list(t, &infos);
	for (i = 0; i < n; i++) {
		if (infos[i].domain == 0 || (infos[i].flags & XEN_DOMINF_dying))
			continue;
		if (restore_domain(t, &infos[i]))
			add(lost, sizeof(lost), infos[i].domain);
		else
			add(restored, sizeof(restored), infos[i].domain);
	}
	if (n >= 0)
		free(infos);
	if (restored[0] || lost[0])
		say(t, restored, lost);
	memcpy(t->error, error, sizeof(error));
}
