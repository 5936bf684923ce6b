/* SPDX-License-Identifier: MIT */
/*
 * The backend half of xenbus: finds the devices that the toolstack makes below
 * /local/domain/0/backend/KIND and takes each through the states of <xen/io/xenbus.h>.
 *
 * A device type is a struct xenbus_backend and one call of xenbus_register().
 *
 * Trust: the backend's own directory belongs to the control domain; everything below
 * dev->otherend is written by the frontend and may be anything at any time.
 */
#ifndef PVN_BACKENDS_XENBUS_H
#define PVN_BACKENDS_XENBUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <xen/xen.h>
#include <xen/io/xenbus.h>

struct pvn_loop;
struct pvn_timer;
struct store;
struct store_watch;
struct xenbus;
struct xenbus_device;

struct xenbus_backend {
	const char *kind;	/* "vbd": the directory below backend/ */

	/*
	 * A new device: read its keys, open what it stands on.  0, then InitWait; -EAGAIN: busy,
	 * try again soon (for two seconds, with last = true on the last call); -EINPROGRESS: called
	 * again after xenbus_probe_again(), or earlier; or -errno after xenbus_probe_error(): the
	 * device is lost.  remove is called in every case.
	 */
	int (*probe)(struct xenbus_device *dev, bool last);

	/* Write the features into dev->path; in one transaction with the state InitWait, so
	 * maybe more than once. */
	void (*publish)(struct xenbus_device *dev);

	/* The frontend has published its transport.  0, then Connected; -EAGAIN: try again soon,
	 * however often; or -errno after xenbus_dev_fatal(). */
	int (*connect)(struct xenbus_device *dev);

	/* Let go of rings, grants and ports.  0; or -EINPROGRESS: xenbus_disconnected() will
	 * be called.  Called only after a connect that returned 0. */
	int (*disconnect)(struct xenbus_device *dev);

	/* Is the frontend's domain still there?  Asked while a restarted store cannot tell. */
	bool (*alive)(struct xenbus_device *dev);

	/* Free dev->priv, which may be NULL.  Never while connected. */
	void (*remove)(struct xenbus_device *dev);
};

struct xenbus_device {
	const struct xenbus_backend *type;
	struct xenbus *bus;
	struct store *store;
	domid_t domid;			/* of the frontend */
	uint32_t devid;
	char path[96];			/* /local/domain/0/backend/KIND/DOMID/DEVID */
	char *otherend;			/* the frontend's directory */
	void *arg;			/* of xenbus_register() */
	void *priv;			/* the device type's */
	bool adopting;			/* an earlier backend was connected to it, and we are not yet */

	/* xenbus.c alone from here on */
	TAILQ_ENTRY(xenbus_device) entry;	/* hash chain */
	TAILQ_ENTRY(xenbus_device) dirty_entry;
	struct store_watch *fe_watch;
	struct pvn_timer *retry;
	enum xenbus_state state;	/* what we wrote last */
	enum xenbus_state after;	/* state to write when disconnected */
	unsigned int tries;
	unsigned int epoch;		/* of the store that last had our directory */
	bool dirty, probed, connected, disconnecting, remove_after, fe_seen;
	bool domain_gone, dir_gone, error_written;
	char hotplug_error[256];
};

int xenbus_open(struct pvn_loop *loop, struct store *store, struct xenbus **out);
void xenbus_close(struct xenbus *bus);		/* frees the devices, changes no state */

/* Serve backend from now on, its devices with this arg; both outlive the bus.  0 or -errno. */
int xenbus_register(struct xenbus *bus, const struct xenbus_backend *backend, void *arg);

/* A probe that was in progress has come further. */
void xenbus_probe_again(struct xenbus_device *dev);

/* A disconnect that was in progress is done. */
void xenbus_disconnected(struct xenbus_device *dev);

/*
 * The frontend broke the rules, or we cannot go on: write "ERR text" where Linux's
 * xenbus_dev_fatal() writes it, and close this device.  Safe from any callback.
 */
void xenbus_dev_fatal(struct xenbus_device *dev, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Why a probe fails, for hotplug-error (hotplug-status becomes "error"), as a hotplug script says it. */
void xenbus_probe_error(struct xenbus_device *dev, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* For each device of every type, in no order. */
typedef void xenbus_device_cb(struct xenbus_device *dev, void *arg);
void xenbus_for_each(struct xenbus *bus, xenbus_device_cb *cb, void *arg);

#endif
