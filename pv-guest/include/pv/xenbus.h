/* SPDX-License-Identifier: MIT */
/*
 * The xenstore client and the frontend side of the xenbus. Thread context only.
 * Paths: "dir/node"; node may be "" or NULL. Relative ones are below /local/domain/N.
 * Values come from the store, so from others: check them.
 */
#ifndef PV_XENBUS_H
#define PV_XENBUS_H

#include <pv/list.h>
#include <pv/types.h>
#include <xen/xen.h>
#include <xen/io/xenbus.h>

typedef uint32_t xs_tx_t;
#define XS_NO_TX 0

/* true if there is a store (a dom0 without xenstored has none: all below is then -ENODEV). */
bool xenstore_present(void);

/* *value is from kmalloc, NUL-terminated; *len (may be NULL) without the NUL. 0 or -errno. */
int xenbus_read(xs_tx_t tx, const char *dir, const char *node, char **value, size_t *len);
int xenbus_read_u64(xs_tx_t tx, const char *dir, const char *node, uint64_t *value);
int xenbus_write(xs_tx_t tx, const char *dir, const char *node, const char *value);
int xenbus_printf(xs_tx_t tx, const char *dir, const char *node, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
int xenbus_mkdir(xs_tx_t tx, const char *dir, const char *node);
int xenbus_rm(xs_tx_t tx, const char *dir, const char *node);
/* Children: *names is one kmalloc block, kfree(*names) frees all. */
int xenbus_directory(xs_tx_t tx, const char *dir, const char *node, char ***names,
		     unsigned int *count);
int xenbus_transaction_start(xs_tx_t *tx);
/* -EAGAIN: somebody else changed what was read; start again. */
int xenbus_transaction_end(xs_tx_t tx, bool abort);

/* A watch: callback runs in the watch thread, may use the store, may sleep shortly. */
struct xenbus_watch {
	struct list_head link;
	const char *path;	/* kept by pointer until unwatched */
	uint64_t token;		/* filled in by xenbus_watch */
	void (*callback)(struct xenbus_watch *w, const char *path);
	void *data;
};
int xenbus_watch(struct xenbus_watch *w);
void xenbus_unwatch(struct xenbus_watch *w);

/* A frontend device: one directory below device/. */
struct xenbus_driver;
struct xenbus_device {
	struct list_head link;
	const struct xenbus_driver *driver;
	char nodename[64];	/* "device/vbd/51712" */
	char otherend[128];	/* the backend's directory */
	domid_t otherend_id;
	enum xenbus_state state;	/* ours, as last written */
	enum xenbus_state otherend_state; /* as last seen by the watch */
	struct xenbus_watch otherend_watch;
	void *data;		/* the driver's */
};
struct xenbus_driver {
	const char *type;	/* "vbd" */
	/* Both in the watch thread. probe allocates; the first otherend_changed follows at once
	 * with the state the backend is in, then one for each change. */
	int (*probe)(struct xenbus_device *dev);
	void (*otherend_changed)(struct xenbus_device *dev, enum xenbus_state state);
	/* Its directory is gone, and with it dev when this returns. */
	void (*remove)(struct xenbus_device *dev);
};
/* At initcall time, INIT_DRIVER; devices are looked for after that. */
void driver_register(const struct xenbus_driver *drv);
/* Waits until every device found at boot has been probed, and is connected or closing on either
 * side (or ns passed). For mounting root. */
void xenbus_settle(uint64_t ns);

int xenbus_switch_state(struct xenbus_device *dev, enum xenbus_state state);
/* What dir/state says now; XenbusStateUnknown if it is not there. */
enum xenbus_state xenbus_read_state(const char *dir);
/* Until the backend is in one of states (bit mask 1 << XenbusStateX), or ns passed. 0 or -ETIMEDOUT. */
int xenbus_wait_for_state(struct xenbus_device *dev, uint32_t states, uint64_t ns);

#endif
