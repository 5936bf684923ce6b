/* SPDX-License-Identifier: MIT */
/*
 * Mapping granted frames.  One page: a pointer into the process's mapping of the whole memory
 * of the domain, so no system call, no page fault after the first, and no TLB flush at the end.
 * Several pages: address space of their own, one behind the other.
 *
 * As with the kernel's gntdev, a call succeeds as a whole or leaves nothing, and whatever is wrong
 * with a reference is EINVAL.
 */
#include "config.h"
#include <xengnttab.h>

#define PVN_EXT_DEFINES
#include "libs/client/handle.h"
#include "libs/paravane-ext.h"
#include "libs/util/pins.h"
#include "libs/xengnttab/private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NONE	UINT32_MAX

struct map_request {
	uint32_t count;
	const uint32_t *domids;
	uint32_t domid_step;	/* 0: all of domids[0] */
	const uint32_t *refs;
	int prot;
	uint32_t notify_offset, notify_port;
};

/* A page of the window, unless this handle has that very page mapped already: an address names
 * one mapping. */
static bool va_window(struct xengntdev_handle *h, struct mapping *m)
{
	struct grant *g = &m->grants[0];

	if (m->count != 1 || pvn_domain_map_mem(g->d))
		return false;
	m->addr = g->d->mem + g->offset;
	return !mapping_find(h, m->addr);
}

static int va_own(struct mapping *m, int prot)
{
	unsigned char *va;
	uint32_t i;
	int rc;

	va = mmap(NULL, (size_t)m->count << PVN_PAGE_SHIFT, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (va == MAP_FAILED)
		return -errno;
	for (i = 0; i < m->count; i++) {
		if (mmap(va + ((size_t)i << PVN_PAGE_SHIFT), PVN_PAGE_SIZE, prot, MAP_SHARED | MAP_FIXED,
			 m->grants[i].d->mem_fd, (off_t)m->grants[i].offset) != MAP_FAILED)
			continue;
		rc = -errno;
		munmap(va, (size_t)m->count << PVN_PAGE_SHIFT);
		return rc;
	}
	madvise(va, (size_t)m->count << PVN_PAGE_SHIFT, MADV_DONTFORK);
	m->addr = va;
	m->own_va = true;
	return 0;
}

static int grants_get(struct xengntdev_handle *h, struct mapping *m, const struct map_request *r)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < r->count && !rc; i++)
		rc = grant_get(h->client, r->domids[i * r->domid_step], r->refs[i],
			       r->prot & PROT_WRITE ? PVN_PIN_WRITE : 0, &m->grants[i]);
	if (!rc)
		return 0;
	for (i--; i > 0; i--)
		grant_put(h->client, &m->grants[i - 1]);
	return rc;
}

static void grants_put(struct xengntdev_handle *h, struct mapping *m)
{
	uint32_t i;

	for (i = 0; i < m->count; i++)
		grant_put(h->client, &m->grants[i]);
}

static int map_make(struct xengntdev_handle *h, const struct map_request *r, struct mapping *m)
{
	int rc = grants_get(h, m, r);

	if (rc)
		return rc;
	if (!va_window(h, m))
		rc = va_own(m, r->prot);
	if (!rc) {
		rc = mapping_insert(h, m);
		if (rc && m->own_va)
			munmap(m->addr, (size_t)m->count << PVN_PAGE_SHIFT);
	}
	if (rc)
		grants_put(h, m);
	return rc;
}

static int request_check(const struct xengntdev_handle *h, const struct map_request *r)
{
	if (!r->count)
		return -EINVAL;
	if (r->count > h->max_grants - h->nr_grants)
		return -ENOMEM;
	if (r->notify_offset != NONE &&
	    (r->notify_offset >= PVN_PAGE_SIZE || !(r->prot & PROT_WRITE)))
		return -EINVAL;
	return 0;
}

static void *map(struct xengntdev_handle *h, const struct map_request *r)
{
	struct mapping *m;
	int rc;

	pthread_mutex_lock(&h->client->lock);
	rc = request_check(h, r);
	m = rc ? NULL : calloc(1, sizeof(*m) + r->count * sizeof(m->grants[0]));
	if (!rc && !m)
		rc = -ENOMEM;
	if (!rc) {
		m->count = r->count;
		m->notify_offset = r->notify_offset;
		m->notify_port = r->notify_port;
		rc = map_make(h, r, m);
	}
	pthread_mutex_unlock(&h->client->lock);
	if (!rc)
		return m->addr;
	free(m);
	return pvn_errno_null(rc == -ESRCH || rc == -ERANGE ? -EINVAL : rc);
}

void *xengnttab_map_grant_refs(xengnttab_handle *h, uint32_t count, uint32_t *domids, uint32_t *refs,
			       int prot)
{
	return map(h, &(struct map_request){ count, domids, 1, refs, prot, NONE, NONE });
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *h, uint32_t count, uint32_t domid,
				      uint32_t *refs, int prot)
{
	return map(h, &(struct map_request){ count, &domid, 0, refs, prot, NONE, NONE });
}

void *xengnttab_map_grant_ref(xengnttab_handle *h, uint32_t domid, uint32_t ref, int prot)
{
	return map(h, &(struct map_request){ 1, &domid, 0, &ref, prot, NONE, NONE });
}

/* The notification is made when the mapping ends by xengnttab_unmap() or xengnttab_close(); when the
 * process is killed, paravaned takes back the grant but does not know of the byte. */
void *xengnttab_map_grant_ref_notify(xengnttab_handle *h, uint32_t domid, uint32_t ref, int prot,
				     uint32_t notify_offset, evtchn_port_t notify_port)
{
	return map(h, &(struct map_request){ 1, &domid, 0, &ref, prot, notify_offset, notify_port });
}

void mapping_end(struct xengntdev_handle *h, struct mapping *m)
{
	mapping_remove(h, m);
	if (m->notify_offset != NONE)
		__atomic_store_n(m->addr + m->notify_offset, 0, __ATOMIC_RELEASE);
	if (m->notify_port != NONE)
		notify_send(h->client, m->notify_port);
	if (m->own_va)
		munmap(m->addr, (size_t)m->count << PVN_PAGE_SHIFT);
	grants_put(h, m);
	free(m);
}

int xengnttab_unmap(xengnttab_handle *h, void *start_address, uint32_t count)
{
	struct mapping *m;
	int rc = -EINVAL;

	pthread_mutex_lock(&h->client->lock);
	m = mapping_find(h, start_address);
	if (m && m->count == count) {
		mapping_end(h, m);
		rc = 0;
	}
	pthread_mutex_unlock(&h->client->lock);
	return pvn_errno(rc);
}

static struct window **window_slot(struct xengntdev_handle *h, uint32_t domid)
{
	return &h->windows[domid % WINDOW_BUCKETS];
}

/* The handle's windows of that domid, of this bearer of the number and of earlier ones. */
static void windows_release(struct xengntdev_handle *h, uint32_t domid)
{
	struct window **p = window_slot(h, domid), *w;

	while ((w = *p)) {
		if (w->d->m.domid != domid) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		pvn_domain_put(w->d);
		free(w);
	}
}

static int window_keep(struct xengntdev_handle *h, struct pvn_domain *d)
{
	struct window *w;

	for (w = *window_slot(h, d->m.domid); w; w = w->next) {
		if (w->d == d) {
			pvn_domain_put(d);
			return 0;
		}
	}
	w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->d = d;
	w->next = *window_slot(h, d->m.domid);
	*window_slot(h, d->m.domid) = w;
	return 0;
}

int xengnttab_window(xengnttab_handle *h, uint32_t domid, void **base, size_t *bytes)
{
	struct pvn_domain *d;
	int rc;

	pthread_mutex_lock(&h->client->lock);
	if (!base) {
		windows_release(h, domid);
		pthread_mutex_unlock(&h->client->lock);
		return 0;
	}
	rc = pvn_client_domain(h->client, domid, &d);
	if (!rc) {
		rc = pvn_domain_map_mem(d);
		if (!rc) {
			*base = d->mem;
			*bytes = d->m.mem_bytes;
			rc = window_keep(h, d);
		}
		if (rc)
			pvn_domain_put(d);
	}
	pthread_mutex_unlock(&h->client->lock);
	return pvn_errno(rc);
}

int xengnttab_window_generation(xengnttab_handle *h, uint32_t domid, uint64_t *generation)
{
	const struct pvn_header *header;
	struct pvn_domain *d;
	int rc;

	pthread_mutex_lock(&h->client->lock);
	rc = pvn_client_domain(h->client, domid, &d);
	if (!rc) {
		header = (const void *)(d->shared + PVN_HEADER_OFFSET);
		*generation = __atomic_load_n(&header->mem_generation, __ATOMIC_ACQUIRE);
		pvn_domain_put(d);
	}
	pthread_mutex_unlock(&h->client->lock);
	return pvn_errno(rc);
}

void windows_free(struct xengntdev_handle *h)
{
	struct window *w;
	int i;

	for (i = 0; i < WINDOW_BUCKETS; i++) {
		while ((w = h->windows[i])) {
			h->windows[i] = w->next;
			pvn_domain_put(w->d);
			free(w);
		}
	}
}
