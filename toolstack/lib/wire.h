/* SPDX-License-Identifier: MIT */
/*
 * The store's wire protocol (<xen/io/xs_wire.h>) with many requests under way at once.
 * libxenstore waits for each answer; a new domain has a hundred nodes, and a hundred waits for
 * another process are most of the time that its creation would take.
 */
#ifndef PARAVANE_WIRE_H
#define PARAVANE_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* A connection of its own to the store.  A descriptor or -errno. */
int wire_connect(void);

/* Requests gathered to be sent together. */
struct wire {
	char *data;
	size_t len, room;
	unsigned int nr;	/* requests in it */
	int failed;		/* -ENOMEM, -E2BIG: nothing is sent */
};

/* Add a request: payload in two parts, either may be empty. */
void wire_add(struct wire *w, uint32_t type, uint32_t tx, const void *a, size_t a_len,
	      const void *b, size_t b_len);

/*
 * What becomes of the answer to request nr (0..): err is 0 or the negative errno it names, value the
 * payload with a NUL after it, good until the return.  A negative return counts as a failure.
 */
typedef int wire_answer(void *arg, unsigned int nr, int err, const char *value);

/*
 * Send all, wait for all answers, empty w.  0; -errno of the connection; or the first failure that
 * fn returned (fn NULL: the first error).
 */
int wire_exchange(int fd, struct wire *w, wire_answer *fn, void *arg);

#endif
