/* SPDX-License-Identifier: MIT */
/* Between the files of the xenstore client. */
#ifndef PV_XENSTORE_INTERNAL_H
#define PV_XENSTORE_INTERNAL_H

#include <pv/types.h>
#include <pv/mm.h>
#include <pv/xenbus.h>
#include <xen/io/xs_wire.h>

/* xenstore_ring.c; each waits as needed, one writer and one reader at a time. */
bool xs_ring_init(void);
void xs_ring_write(const void *data, size_t n);
void xs_ring_notify(void);
void xs_ring_read(void *data, size_t n);

struct xs_part {
	const void *data;
	size_t len;
};

/* xenstore.c: one request and its reply. *reply (may be NULL) from kmalloc, NUL after the last
 * byte. 0 or -errno as the store answered. */
int xs_talk(xs_tx_t tx, enum xsd_sockmsg_type type, const struct xs_part *parts, unsigned int n,
	    char **reply, size_t *len);

/* xenstore_watch.c: takes over body (path\0token\0, len bytes, NUL after it). */
void xs_watch_event(char *body, size_t len);
void xs_watch_init(void);

#endif
