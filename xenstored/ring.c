/* SPDX-License-Identifier: MIT */
/*
 * The shared page of a domain's ring.  Called by machine.c and by the tests, which play the
 * hostile domain on a page of their own.
 *
 * Tour: 66. What may be believed of shared memory.
 */
#include "xenstored/ring.h"

#include <errno.h>
#include <string.h>

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

void ring_attach(struct ring *r, struct xenstore_domain_interface *page)
{
	r->page = page;
	r->req_cons = load(&page->req_cons);
	r->rsp_prod = load(&page->rsp_prod);
	store(&page->error, XENSTORE_ERROR_NONE);
	store(&page->server_features, XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR);
	store(&page->connection, XENSTORE_CONNECTED);
}

size_t ring_waiting(const struct ring *r)
{
	return load(&r->page->req_prod) - r->req_cons;
}

/* Copy n bytes at idx out of a ring; n <= XENSTORE_RING_SIZE. */
static void bytes_out(char *to, const char *ring, uint32_t idx, uint32_t n)
{
	uint32_t at = MASK_XENSTORE_IDX(idx), first = XENSTORE_RING_SIZE - at;

	if (first > n)
		first = n;
	memcpy(to, ring + at, first);
	memcpy(to + first, ring, n - first);
}

static void bytes_in(char *ring, uint32_t idx, const char *from, uint32_t n)
{
	uint32_t at = MASK_XENSTORE_IDX(idx), first = XENSTORE_RING_SIZE - at;

	if (first > n)
		first = n;
	memcpy(ring + at, from, first);
	memcpy(ring, from + first, n - first);
}

ssize_t ring_read(struct ring *r, char *buf, size_t max)
{
	/* Acquire: the bytes are read after the index that covers them.  Partner: the domain's
	 * barrier between its bytes and req_prod. */
	uint32_t n = load(&r->page->req_prod) - r->req_cons;

	if (n > XENSTORE_RING_SIZE)
		return -EIO;
	if (n > max)
		n = (uint32_t)max;
	if (!n)
		return 0;
	bytes_out(buf, r->page->req, r->req_cons, n);
	r->req_cons += n;
	/* Release: the bytes are ours before the domain may overwrite them. */
	store(&r->page->req_cons, r->req_cons);
	return (ssize_t)n;
}

ssize_t ring_write(struct ring *r, const char *data, size_t len)
{
	/* Acquire: no byte is overwritten before the domain has said that it took it. */
	uint32_t used = r->rsp_prod - load(&r->page->rsp_cons), n;

	if (used > XENSTORE_RING_SIZE)
		return -EIO;
	n = XENSTORE_RING_SIZE - used;
	if (n > len)
		n = (uint32_t)len;
	if (!n)
		return 0;
	bytes_in(r->page->rsp, r->rsp_prod, data, n);
	r->rsp_prod += n;
	/* Release: the bytes are there before the index says so. */
	store(&r->page->rsp_prod, r->rsp_prod);
	return (ssize_t)n;
}

int ring_wants_reconnect(const struct ring *r)
{
	return load(&r->page->connection) == XENSTORE_RECONNECT;
}

void ring_reconnect(struct ring *r)
{
	r->req_cons = r->rsp_prod = 0;
	store(&r->page->req_cons, 0);
	store(&r->page->req_prod, 0);
	store(&r->page->rsp_cons, 0);
	store(&r->page->rsp_prod, 0);
	store(&r->page->error, XENSTORE_ERROR_NONE);
	/* Last: from here on the domain may use the ring. */
	store(&r->page->connection, XENSTORE_CONNECTED);
}

void ring_set_error(struct ring *r, uint32_t error)
{
	store(&r->page->error, error);
}
