/* SPDX-License-Identifier: MIT */
/*
 * libxengnttab: access to memory that domains have granted to the control domain.
 * The interface is <xengnttab.h>; this file opens and closes handles.
 */
#include "config.h"
#include <xengnttab.h>

#include "libs/client/handle.h"
#include "libs/client/maptrack.h"
#include "libs/xengnttab/private.h"

#include <stdlib.h>
#include <unistd.h>

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned open_flags)
{
	xengnttab_handle *h;
	int rc;

	if (open_flags)
		return pvn_errno_null(-EINVAL);
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	rc = pvn_client_get(&h->client);
	if (rc) {
		pvn_handle_log(logger, rc, "xengnttab", "cannot connect to paravaned");
		free(h);
		return pvn_errno_null(rc);
	}
	h->max_grants = PVN_MAPTRACK_SLOTS;
	LIST_INIT(&h->mappings);
	return h;
}

/* In a child of fork nothing is mapped, and the pins are the parent's. */
static void mappings_forget(struct xengntdev_handle *h)
{
	struct mapping *m;

	while ((m = LIST_FIRST(&h->mappings))) {
		LIST_REMOVE(m, entry);
		free(m);
	}
}

int xengnttab_close(xengnttab_handle *h)
{
	if (!h)
		return 0;
	if (h->client->pid == getpid()) {
		pthread_mutex_lock(&h->client->lock);
		while (!LIST_EMPTY(&h->mappings))
			mapping_end(h, LIST_FIRST(&h->mappings));
		windows_free(h);
		pthread_mutex_unlock(&h->client->lock);
	}
	mappings_forget(h);
	pvn_client_put(h->client);
	free(h->hash);
	free(h);
	return 0;
}

int xengnttab_fd(xengnttab_handle *h)
{
	return h->client->conn.fd;
}

int xengnttab_set_max_grants(xengnttab_handle *h, uint32_t nr_grants)
{
	if (nr_grants < h->nr_grants)
		return pvn_errno(-EINVAL);
	/* Beyond the table there is no more, whatever is asked. */
	h->max_grants = nr_grants < PVN_MAPTRACK_SLOTS ? nr_grants : PVN_MAPTRACK_SLOTS;
	return 0;
}
