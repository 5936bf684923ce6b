/* SPDX-License-Identifier: MIT */
/* The store nodes of a new domain: what libxl writes, where guests and backends look for it. */
#ifndef PARAVANE_LAYOUT_H
#define PARAVANE_LAYOUT_H

#include "toolstack/lib/toolstack.h"

/*
 * Everything known before the domain is built, in one transaction.  `runs': the domain has run for a
 * while, its devices are connected.  0 or -errno.
 */
int layout_domain(struct toolstack *t, uint32_t domid, const struct domain_config *c,
		  bool runs);

/* The nodes of one new disk of a domain that runs.  0 or -errno. */
int layout_disk(struct toolstack *t, uint32_t domid, const struct disk_config *d);
/* The nodes of a device that is gone; kind: "vbd", "vif".  0 or -errno. */
int layout_device_remove(struct toolstack *t, uint32_t domid, const char *kind, uint32_t devid);

/* layout_nic.c: the new ones for a network interface of c. */
struct batch;
void layout_vif_nodes(struct batch *b, uint32_t domid, const struct domain_config *c,
		      const struct nic_config *n, bool runs);
int layout_nic(struct toolstack *t, uint32_t domid, const struct domain_config *c, const struct nic_config *n);

/* hotplug.c: the saved configuration follows the devices.  0 or -errno. */
int hotplug_save(struct toolstack *t, uint32_t domid, struct domain_config *c);

/* Where the builder put the two rings. */
struct layout_rings {
	uint64_t store_mfn, console_mfn;
	uint32_t store_port, console_port;
};
int layout_rings(struct toolstack *t, uint32_t domid, const struct layout_rings *r);

/*
 * A line that is kept beside the saved configuration (userdata.c), for the day that the store is
 * lost: the rings, and the name, which `xl rename' may have changed.  *name is to be freed.
 */
int userdata_save_rings(struct toolstack *t, uint32_t domid, const uuid_t uuid, const char *name,
			const struct layout_rings *r);
int userdata_load_rings(uint32_t domid, const uuid_t uuid, char **name, struct layout_rings *r);

/*
 * restore.c: fill a store that knows nothing, of the domains that run.  What there is to say about
 * it goes to t->notice.  Called under the lock.
 */
void store_restore(struct toolstack *t);

#endif
