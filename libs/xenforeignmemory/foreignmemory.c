/* SPDX-License-Identifier: MIT */
/*
 * libxenforeignmemory: frames of a domain in this process, by their mfns.
 * The interface is <xenforeignmemory.h>.
 *
 * Frame numbers are only looked up in what paravaned said of the domain, so nothing a domain
 * does can make a mapping reach outside its memory.
 */
#include "config.h"
#include <xenforeignmemory.h>

#include "libs/client/client.h"
#include "libs/client/handle.h"
#include "libs/xenforeignmemory/private.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger, unsigned open_flags)
{
	xenforeignmemory_handle *h;
	int rc;

	if (open_flags)
		return pvn_errno_null(-EINVAL);
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	rc = pvn_client_get(&h->client);
	if (rc) {
		pvn_handle_log(logger, rc, "xenforeignmemory", "cannot connect to paravaned");
		free(h);
		return pvn_errno_null(rc);
	}
	return h;
}

int xenforeignmemory_close(xenforeignmemory_handle *h)
{
	if (!h)
		return 0;
	pvn_client_put(h->client);
	free(h);
	return 0;
}

/* Frames arr[i..] that lie one behind the other in one object: how many. 0: arr[i] is none of the domain's. */
static size_t frame_run(const struct pvn_domain *d, size_t pages, const xen_pfn_t *arr, int *fd,
			uint64_t *offset)
{
	uint64_t off;
	size_t n;
	int f;

	if (!pvn_domain_frame(d, arr[0], true, fd, offset))
		return 0;
	for (n = 1; n < pages; n++)
		if (!pvn_domain_frame(d, arr[n], true, &f, &off) || f != *fd ||
		    off != *offset + (n << PVN_PAGE_SHIFT))
			break;
	return n;
}

/* Fill [va, ...) which is reserved; errs[i] = 0 or -errno.  The first error, or 0. */
static int map_frames(const struct pvn_domain *d, unsigned char *va, int prot, size_t pages,
		      const xen_pfn_t *arr, int *errs)
{
	size_t i = 0, n, k;
	int fd, err, first = 0;
	uint64_t offset;

	while (i < pages) {
		err = 0;
		n = frame_run(d, pages - i, arr + i, &fd, &offset);
		if (!n) {
			n = 1;
			err = -EINVAL;
		} else if (mmap(va + (i << PVN_PAGE_SHIFT), n << PVN_PAGE_SHIFT, prot,
				MAP_SHARED | MAP_FIXED, fd, (off_t)offset) == MAP_FAILED) {
			err = -errno;
		}
		for (k = 0; k < n && errs; k++)
			errs[i + k] = err;
		if (err && !first)
			first = err;
		i += n;
	}
	return first;
}

void *foreign_reserve(void *addr, size_t pages, int flags)
{
	/* Where it goes is the caller's business (a hint, MAP_FIXED...); what is there is ours. */
	flags &= ~(MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED);
	return mmap(addr, pages << PVN_PAGE_SHIFT, PROT_NONE,
		    flags | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

void *xenforeignmemory_map2(xenforeignmemory_handle *h, uint32_t dom, void *addr, int prot, int flags,
			    size_t pages, const xen_pfn_t arr[], int err[])
{
	struct pvn_domain *d;
	void *va;
	int rc;

	if (!pages || pages > SIZE_MAX >> (PVN_PAGE_SHIFT + 1))
		return pvn_errno_null(-EINVAL);
	pthread_mutex_lock(&h->client->lock);
	rc = pvn_client_domain(h->client, dom, &d);
	pthread_mutex_unlock(&h->client->lock);
	if (rc)
		return pvn_errno_null(rc);
	va = foreign_reserve(addr, pages, flags);
	if (va == MAP_FAILED) {
		rc = -errno;
		va = NULL;
	} else {
		rc = map_frames(d, va, prot, pages, arr, err);
		madvise(va, pages << PVN_PAGE_SHIFT, MADV_DONTFORK);
		/* Without err[] one bad page fails the whole. */
		if (rc && !err) {
			munmap(va, pages << PVN_PAGE_SHIFT);
			va = NULL;
		}
	}
	pthread_mutex_lock(&h->client->lock);
	pvn_domain_put(d);
	pthread_mutex_unlock(&h->client->lock);
	return va ? va : pvn_errno_null(rc);
}

void *xenforeignmemory_map(xenforeignmemory_handle *h, uint32_t dom, int prot, size_t pages,
			   const xen_pfn_t arr[], int err[])
{
	return xenforeignmemory_map2(h, dom, NULL, prot, 0, pages, arr, err);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *h, void *addr, size_t pages)
{
	return munmap(addr, pages << PVN_PAGE_SHIFT);
}

/* paravaned has no connection that is good for one domain only, and a promise that this process
 * alone keeps would be none. */
int xenforeignmemory_restrict(xenforeignmemory_handle *h, domid_t domid)
{
	return pvn_errno(-EOPNOTSUPP);
}
