/* SPDX-License-Identifier: MIT */
/* Guest-handle access of the control domain: memory a client shares for hypercall arguments. */
#ifndef PARAVANED_BUFFERS_H
#define PARAVANED_BUFFERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct client;

struct buffer {
	uint64_t addr, bytes;	/* where the client has it */
	uint8_t *map;		/* where we have it */
};

struct buffers {
	struct buffer *v;	/* in order of addr, no overlaps */
	uint32_t nr, size;
	uint64_t bytes;
};

/* fd stays the caller's.  0; -EINVAL: misaligned, overlaps, not a sealed memfd or too short;
 * -ENOSPC: too many or too much; else -errno. */
int buffers_add(struct buffers *b, uint64_t addr, uint64_t bytes, int fd);
int buffers_del(struct buffers *b, uint64_t addr);	/* 0 or -ENOENT */
void buffers_free(struct buffers *b);

/* 0, or -EFAULT when [va, va + len) is not inside one buffer. */
int copy_from_client(struct client *c, void *dst, uint64_t va, size_t len);
int copy_to_client(struct client *c, uint64_t va, const void *src, size_t len);

#endif
