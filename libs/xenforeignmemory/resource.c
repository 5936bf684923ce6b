/* SPDX-License-Identifier: MIT */
/*
 * Resources of a domain: its grant table and the status frames of it, which are heap frames in
 * the page set.  Other types (ioreq server, vmtrace) belong to kinds of domains we do not have.
 */
#include "config.h"
#include <xenforeignmemory.h>

#include "libs/client/handle.h"
#include "libs/xenforeignmemory/private.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/memory.h>

/* 16-byte entries of version 2, each with two bytes of status. */
#define GRANTS_PER_FRAME_V2	(PVN_PAGE_SIZE / 16)
#define STATUS_PER_FRAME	(PVN_PAGE_SIZE / 2)

/* First heap frame and number of frames of a resource.  0; -EOPNOTSUPP: no such type; -EINVAL: no such id. */
static int resource_find(const struct pvn_domain *d, unsigned type, unsigned id, unsigned long *first,
			 unsigned long *frames)
{
	unsigned long grant_frames = d->m.max_grant_frames;

	if (type != XENMEM_resource_grant_table)
		return -EOPNOTSUPP;
	switch (id) {
	case XENMEM_resource_grant_table_id_shared:
		*first = PVN_HEAP_GRANT;
		*frames = grant_frames;
		return 0;
	case XENMEM_resource_grant_table_id_status:
		*first = PVN_HEAP_STATUS;
		*frames = (grant_frames * GRANTS_PER_FRAME_V2 + STATUS_PER_FRAME - 1) / STATUS_PER_FRAME;
		return 0;
	default:
		return -EINVAL;
	}
}

/* As in Xen, asking for a frame of the grant table makes the table reach there. */
static void grant_table_grow(struct pvn_domain *d, unsigned id, unsigned long frames)
{
	struct pvn_header *h = (void *)(d->shared + PVN_HEADER_OFFSET);
	uint32_t old = __atomic_load_n(&h->nr_grant_frames, __ATOMIC_RELAXED);

	if (id != XENMEM_resource_grant_table_id_shared)
		return;
	/* The domain may fight over its own number: it hurts itself. */
	if (old < frames)
		__atomic_compare_exchange_n(&h->nr_grant_frames, &old, (uint32_t)frames, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static int resource_map(struct pvn_domain *d, unsigned long heap_frame, unsigned long nr, void **paddr,
			int prot, int flags)
{
	size_t bytes = nr << PVN_PAGE_SHIFT;
	off_t offset = (off_t)(PVN_HEAP_OFFSET + (heap_frame << PVN_PAGE_SHIFT));
	void *va = foreign_reserve(*paddr, nr, flags);

	if (va == MAP_FAILED)
		return -errno;
	if (mmap(va, bytes, prot, MAP_SHARED | MAP_FIXED, d->shared_fd, offset) == MAP_FAILED) {
		int rc = -errno;

		munmap(va, bytes);
		return rc;
	}
	madvise(va, bytes, MADV_DONTFORK);
	*paddr = va;
	return 0;
}

xenforeignmemory_resource_handle *
xenforeignmemory_map_resource(xenforeignmemory_handle *h, domid_t domid, unsigned int type,
			      unsigned int id, unsigned long frame, unsigned long nr_frames, void **paddr,
			      int prot, int flags)
{
	xenforeignmemory_resource_handle *r;
	unsigned long first, frames;
	struct pvn_domain *d;
	int rc;

	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	pthread_mutex_lock(&h->client->lock);
	rc = pvn_client_domain(h->client, domid, &d);
	if (!rc) {
		rc = resource_find(d, type, id, &first, &frames);
		if (!rc && (!nr_frames || frame >= frames || nr_frames > frames - frame))
			rc = -EINVAL;
		if (!rc)
			rc = resource_map(d, first + frame, nr_frames, paddr, prot, flags);
		if (!rc)
			grant_table_grow(d, id, frame + nr_frames);
		pvn_domain_put(d);
	}
	pthread_mutex_unlock(&h->client->lock);
	if (rc) {
		free(r);
		return pvn_errno_null(rc);
	}
	r->addr = *paddr;
	r->bytes = nr_frames << PVN_PAGE_SHIFT;
	return r;
}

int xenforeignmemory_unmap_resource(xenforeignmemory_handle *h, xenforeignmemory_resource_handle *r)
{
	int rc = 0;

	if (!r)
		return 0;
	rc = munmap(r->addr, r->bytes);
	free(r);
	return rc;
}

int xenforeignmemory_resource_size(xenforeignmemory_handle *h, domid_t domid, unsigned int type,
				   unsigned int id, size_t *size)
{
	unsigned long first, frames = 0;
	struct pvn_domain *d;
	int rc;

	pthread_mutex_lock(&h->client->lock);
	rc = pvn_client_domain(h->client, domid, &d);
	if (!rc) {
		rc = resource_find(d, type, id, &first, &frames);
		pvn_domain_put(d);
	}
	pthread_mutex_unlock(&h->client->lock);
	if (!rc)
		*size = frames << PVN_PAGE_SHIFT;
	return pvn_errno(rc);
}
