/* SPDX-License-Identifier: MIT */
/* Inside of libxengnttab.  Everything is under the lock of the handle's client. */
#ifndef XENGNTTAB_PRIVATE_H
#define XENGNTTAB_PRIVATE_H

#include "libs/client/client.h"

#include <stdbool.h>
#include <sys/queue.h>

/* A pinned grant. */
struct grant {
	struct pvn_domain *d;
	uint64_t offset;	/* of its frame in the memory object */
	uint16_t start, length;	/* what of the frame is granted; all, but for copies */
	uint32_t gref;
	uint32_t slot;		/* in the maptrack table */
	bool writable;
};

struct mapping {
	struct mapping *next;		/* of the hash by address */
	LIST_ENTRY(mapping) entry;	/* of the handle */
	unsigned char *addr;
	uint32_t count;
	bool own_va;			/* address space of its own; else a pointer into the window */
	uint32_t notify_offset;		/* -1: none */
	uint32_t notify_port;		/* -1: none */
	struct grant grants[];
};

struct window {
	struct window *next;
	struct pvn_domain *d;
};

#define WINDOW_BUCKETS	64

struct xengntdev_handle {
	struct pvn_client *client;
	uint32_t max_grants, nr_grants;
	LIST_HEAD(, mapping) mappings;
	struct mapping **hash;
	uint32_t nr_buckets, nr_mappings;
	struct window *windows[WINDOW_BUCKETS];
};

/* grant.c: find and pin; how: PVN_PIN_*.  0; -ESRCH: no such domain; -ERANGE: no such reference; -EINVAL: it does not
 * permit that; -ENOSPC: too many. */
int grant_get(struct pvn_client *c, uint32_t domid, uint32_t gref, unsigned how, struct grant *g);
void grant_put(struct pvn_client *c, struct grant *g);

/* table.c: mappings by address */
int mapping_insert(struct xengntdev_handle *h, struct mapping *m);	/* 0 or -ENOMEM */
struct mapping *mapping_find(const struct xengntdev_handle *h, const void *addr);
void mapping_remove(struct xengntdev_handle *h, struct mapping *m);

/* map.c */
void mapping_end(struct xengntdev_handle *h, struct mapping *m);
void windows_free(struct xengntdev_handle *h);

/* notify.c */
void notify_send(struct pvn_client *c, uint32_t port);

#endif
