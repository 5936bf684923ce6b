/* SPDX-License-Identifier: MIT */
/* Shared by xenbus.c (finding devices) and xenbus_device.c (driving one). */
#ifndef PVN_BACKENDS_XENBUS_PRIVATE_H
#define PVN_BACKENDS_XENBUS_PRIVATE_H

#include "backends/xenbus.h"

TAILQ_HEAD(xenbus_devices, xenbus_device);
#define XENBUS_BUCKETS	512
#define XENBUS_TYPES	8

struct xenbus_type {
	struct xenbus *bus;
	const struct xenbus_backend *backend;
	void *arg;
	struct store_watch *watch;
	char root[64];			/* /local/domain/0/backend/KIND */
};

struct xenbus {
	struct pvn_loop *loop;
	struct store *store;
	struct store_watch *release;	/* @releaseDomain */
	struct xenbus_type types[XENBUS_TYPES];
	unsigned int nr_types;
	struct xenbus_devices devices[XENBUS_BUCKETS];	/* by domid, so that a domain's are together */
	struct xenbus_devices dirty;	/* to be looked at before the loop waits */
	bool work_due;
};

/* Have dev looked at soon. */
void xenbus_touch(struct xenbus_device *dev);

/* Look at both ends and do what is to be done.  May free dev. */
void xenbus_check(struct xenbus_device *dev);

void xenbus_device_free(struct xenbus_device *dev);

#endif
