/* SPDX-License-Identifier: MIT */
/* Inside of libxencall. */
#ifndef XENCALL_PRIVATE_H
#define XENCALL_PRIVATE_H

#include "libs/client/conn.h"

#include <pthread.h>
#include <stddef.h>

/*
 * A piece of memory that paravaned has mapped, too.  Allocated by pages; used[i] is the length of
 * the allocation that begins at page i, or PAGE_INNER, or PAGE_FREE.
 */
struct arena {
	struct arena *next;
	unsigned char *base;
	size_t pages;
	size_t free_pages;
	unsigned *used;
};

struct xencall_handle {
	pthread_mutex_t lock;
	struct pvn_conn conn;
	struct arena *arenas;
};

/* arena.c; the handle's lock is held by the caller. */
void *arena_alloc(struct xencall_handle *h, size_t pages);	/* NULL: errno */
int arena_release(struct xencall_handle *h, void *p);		/* 0 or -EINVAL */
void arena_free_all(struct xencall_handle *h);

#endif
