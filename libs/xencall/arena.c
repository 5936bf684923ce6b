/* SPDX-License-Identifier: MIT */
/*
 * Memory for hypercall arguments: memfds that the process and paravaned both map, sealed against
 * shrinking so that paravaned cannot be made to fault on them.
 *
 * One arena serves the usual call for ever, so that a hypercall with a buffer costs its one round
 * trip; larger wishes get arenas of their own, given back when empty.
 */
#include "config.h"
#include <xencall.h>

#include "libs/client/handle.h"
#include "libs/xencall/private.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE		4096UL
#define ARENA_PAGES	64UL
#define ARENA_PAGES_MAX	(1UL << 18)	/* 1 GiB: no hypercall wants more */

#define PAGE_FREE	0U
#define PAGE_INNER	UINT32_MAX

static int memfd_make(size_t bytes)
{
	int fd = memfd_create("paravane-hypercall", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int rc;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)bytes) != 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static int arena_register(struct xencall_handle *h, const struct arena *a, int fd)
{
	struct pvn_msg_buffer body = { (uintptr_t)a->base, a->pages * PAGE };
	struct pvn_request_args args = {
		.op = PVN_MSG_BUFFER_ADD, .body = &body, .len = sizeof(body), .send_fd = fd,
	};
	int rc = pvn_conn_request(&h->conn, &args);

	return rc < 0 ? rc : 0;
}

static int arena_map(struct xencall_handle *h, struct arena *a)
{
	size_t bytes = a->pages * PAGE;
	int fd = memfd_make(bytes), rc;

	if (fd < 0)
		return fd;
	a->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	rc = a->base == MAP_FAILED ? -errno : 0;
	if (!rc) {
		madvise(a->base, bytes, MADV_DONTFORK);
		rc = arena_register(h, a, fd);
		if (rc)
			munmap(a->base, bytes);
	}
	close(fd);
	return rc;
}

static int arena_new(struct xencall_handle *h, size_t pages, struct arena **out)
{
	struct arena *a;
	int rc = -ENOMEM;

	if (pages > ARENA_PAGES_MAX)
		return -ENOMEM;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->pages = a->free_pages = pages > ARENA_PAGES ? pages : ARENA_PAGES;
	a->used = calloc(a->pages, sizeof(*a->used));
	if (a->used)
		rc = arena_map(h, a);
	if (rc) {
		free(a->used);
		free(a);
		return rc;
	}
	a->next = h->arenas;
	h->arenas = a;
	*out = a;
	return 0;
}

static void arena_drop(struct arena *a)
{
	munmap(a->base, a->pages * PAGE);
	free(a->used);
	free(a);
}

/* First fit.  The index of the first page, or a->pages. */
static size_t arena_find(const struct arena *a, size_t pages)
{
	size_t i = 0, run = 0;

	if (a->free_pages < pages)
		return a->pages;
	while (i < a->pages && run < pages) {
		run = a->used[i] == PAGE_FREE ? run + 1 : 0;
		i++;
	}
	return run == pages ? i - pages : a->pages;
}

void *arena_alloc(struct xencall_handle *h, size_t pages)
{
	struct arena *a;
	size_t at = 0, i;
	int rc;

	if (!pages)
		pages = 1;
	for (a = h->arenas; a; a = a->next) {
		at = arena_find(a, pages);
		if (at < a->pages)
			break;
	}
	if (!a) {
		rc = arena_new(h, pages, &a);
		if (rc)
			return pvn_errno_null(rc);
		at = 0;
	}
	a->used[at] = (unsigned)pages;
	for (i = 1; i < pages; i++)
		a->used[at + i] = PAGE_INNER;
	a->free_pages -= pages;
	return a->base + at * PAGE;
}

static void arena_retire(struct xencall_handle *h, struct arena **link)
{
	struct arena *a = *link;
	struct pvn_msg_buffer body = { (uintptr_t)a->base, a->pages * PAGE };

	*link = a->next;
	pvn_conn_call(&h->conn, PVN_MSG_BUFFER_DEL, &body, sizeof(body), NULL, 0);
	arena_drop(a);
}

int arena_release(struct xencall_handle *h, void *p)
{
	unsigned char *c = p;
	struct arena **link;
	size_t at, n, i;

	for (link = &h->arenas; *link; link = &(*link)->next)
		if (c >= (*link)->base && c < (*link)->base + (*link)->pages * PAGE)
			break;
	if (!*link)
		return -EINVAL;
	at = (size_t)(c - (*link)->base) / PAGE;
	n = (*link)->used[at];
	if ((uintptr_t)c % PAGE || n == PAGE_FREE || n == PAGE_INNER)
		return -EINVAL;
	for (i = 0; i < n; i++)
		(*link)->used[at + i] = PAGE_FREE;
	(*link)->free_pages += n;
	/* The last in the list is the first made: it stays. */
	if ((*link)->free_pages == (*link)->pages && (*link)->next)
		arena_retire(h, link);
	return 0;
}

void arena_free_all(struct xencall_handle *h)
{
	struct arena *a;

	while ((a = h->arenas)) {
		h->arenas = a->next;
		arena_drop(a);
	}
}

void *xencall_alloc_buffer_pages(xencall_handle *h, size_t nr_pages)
{
	void *p;

	pthread_mutex_lock(&h->lock);
	p = arena_alloc(h, nr_pages);
	pthread_mutex_unlock(&h->lock);
	/* What the last user left is nobody's business. */
	if (p)
		memset(p, 0, (nr_pages ? nr_pages : 1) * PAGE);
	return p;
}

void xencall_free_buffer_pages(xencall_handle *h, void *p, size_t nr_pages)
{
	int saved = errno;

	if (!p)
		return;
	pthread_mutex_lock(&h->lock);
	arena_release(h, p);
	pthread_mutex_unlock(&h->lock);
	errno = saved;
}

void *xencall_alloc_buffer(xencall_handle *h, size_t size)
{
	if (size > ARENA_PAGES_MAX * PAGE)
		return pvn_errno_null(-ENOMEM);
	return xencall_alloc_buffer_pages(h, (size + PAGE - 1) / PAGE);
}

void xencall_free_buffer(xencall_handle *h, void *p)
{
	xencall_free_buffer_pages(h, p, 0);
}

/* paravaned has the memory mapped and it cannot shrink. */
int xencall_buffers_never_fault(xencall_handle *h)
{
	return 1;
}
