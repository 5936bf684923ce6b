/* SPDX-License-Identifier: MIT */
/* Which client maps which domain, so that it can be told when the domain is gone. */
#include "config.h"
#include "paravaned/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "paravaned/domain.h"

static int mapping_note(struct client *c, struct domain *d)
{
	struct mapping *m;

	LIST_FOREACH(m, &c->mappings, of_client)
		if (m->d == d)
			return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->c = c;
	m->d = d;
	LIST_INSERT_HEAD(&c->mappings, m, of_client);
	LIST_INSERT_HEAD(&d->mappings, m, of_domain);
	return 0;
}

static void mapping_forget(struct mapping *m)
{
	LIST_REMOVE(m, of_client);
	LIST_REMOVE(m, of_domain);
	free(m);
}

/*
 * Both files of a domain, for a client to map.  0; -ESRCH; -EINVAL: domain 0, or its memory has
 * no ceiling yet and so no size.
 */
int64_t mapping_domain_map(struct client *c, domid_t domid, struct pvn_msg_domain_map *out, int fds[2])
{
	struct domain *d = domain_by_id(domid);
	int rc;

	if (!d)
		return -ESRCH;
	if (d == dom0 || !d->range.frames)
		return -EINVAL;
	rc = mapping_note(c, d);
	if (rc)
		return rc;
	*out = (struct pvn_msg_domain_map){
		.mfn_base = d->range.base,
		.range_frames = d->range.frames,
		.mem_bytes = d->mem_bytes,
		.shared_bytes = d->shared_bytes,
		.generation = d->generation,
		.domid = d->domid,
		.max_grant_frames = (uint16_t)d->max_grant_frames,
	};
	fds[0] = d->mem_fd;
	fds[1] = d->shared_fd;
	return 0;
}

void mappings_gone(struct domain *d)
{
	struct pvn_msg_domain body = { .domid = d->domid, .arg = d->generation };
	struct mapping *m;

	while ((m = LIST_FIRST(&d->mappings))) {
		struct client *c = m->c;

		mapping_forget(m);
		client_send_event(c, PVN_MSG_EVENT_DOMAIN_GONE, &body, sizeof(body), -1);
	}
}

void mappings_client_gone(struct client *c)
{
	struct mapping *m;

	while ((m = LIST_FIRST(&c->mappings)))
		mapping_forget(m);
}
