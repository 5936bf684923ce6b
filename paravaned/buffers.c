/* SPDX-License-Identifier: MIT */
/*
 * Hypercall buffers of a client, our "guest handles".
 *
 * A client registers memory files with the address it has them at; an argument is valid when it
 * lies inside one.  The file must be an ordinary memfd that nobody can shrink, or reading it
 * could kill us.  The client may write while we read: every argument is copied once.
 */
#include "config.h"
#include "paravaned/buffers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <paravane/shared.h>
#include "paravaned/client.h"

#define MAX_BUFFERS	4096U
#define MAX_BYTES	(1UL << 30)
#define MAX_ADDR	(1UL << 47)

/* The index of the first buffer that ends above va. */
static uint32_t position(const struct buffers *b, uint64_t va)
{
	uint32_t lo = 0, hi = b->nr;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (b->v[mid].addr + b->v[mid].bytes <= va)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A file we may touch up to `bytes` without fear, now and later. */
int memfd_check(int fd, uint64_t bytes)
{
	struct statfs fs;
	struct stat st;
	int seals;

	if (fstatfs(fd, &fs) != 0 || fstat(fd, &st) != 0)
		return -errno;
	seals = fcntl(fd, F_GET_SEALS);
	if (fs.f_type != TMPFS_MAGIC || !S_ISREG(st.st_mode) || seals < 0 || !(seals & F_SEAL_SHRINK))
		return -EINVAL;
	return (uint64_t)st.st_size < bytes ? -EINVAL : 0;
}

static bool range_ok(uint64_t addr, uint64_t bytes)
{
	return bytes && !((addr | bytes) % PVN_PAGE_SIZE) && addr < MAX_ADDR && bytes <= MAX_ADDR - addr;
}

int buffers_add(struct buffers *b, uint64_t addr, uint64_t bytes, int fd)
{
	uint32_t i;
	void *p;
	int rc;

	if (!range_ok(addr, bytes))
		return -EINVAL;
	if (b->nr >= MAX_BUFFERS || bytes > MAX_BYTES - b->bytes)
		return -ENOSPC;
	i = position(b, addr);
	if (i < b->nr && b->v[i].addr < addr + bytes)
		return -EINVAL;
	rc = memfd_check(fd, bytes);
	if (rc)
		return rc;
	if (b->nr == b->size) {
		uint32_t size = b->size ? b->size * 2 : 8;
		struct buffer *v = reallocarray(b->v, size, sizeof(*v));

		if (!v)
			return -ENOMEM;
		b->v = v;
		b->size = size;
	}
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	memmove(&b->v[i + 1], &b->v[i], (b->nr - i) * sizeof(*b->v));
	b->v[i] = (struct buffer){ addr, bytes, p };
	b->nr++;
	b->bytes += bytes;
	return 0;
}

int buffers_del(struct buffers *b, uint64_t addr)
{
	uint32_t i = position(b, addr);

	if (i == b->nr || b->v[i].addr != addr)
		return -ENOENT;
	munmap(b->v[i].map, b->v[i].bytes);
	b->bytes -= b->v[i].bytes;
	b->nr--;
	memmove(&b->v[i], &b->v[i + 1], (b->nr - i) * sizeof(*b->v));
	return 0;
}

void buffers_free(struct buffers *b)
{
	uint32_t i;

	for (i = 0; i < b->nr; i++)
		munmap(b->v[i].map, b->v[i].bytes);
	free(b->v);
	*b = (struct buffers){ 0 };
}

static void *buffer_at(const struct buffers *b, uint64_t va, size_t len)
{
	uint32_t i = position(b, va);

	if (i == b->nr || va < b->v[i].addr || len > b->v[i].bytes - (va - b->v[i].addr))
		return NULL;
	return b->v[i].map + (va - b->v[i].addr);
}

int copy_from_client(struct client *c, void *dst, uint64_t va, size_t len)
{
	const void *p = buffer_at(&c->buffers, va, len);

	if (!p)
		return -EFAULT;
	memcpy(dst, p, len);
	return 0;
}

int copy_to_client(struct client *c, uint64_t va, const void *src, size_t len)
{
	void *p = buffer_at(&c->buffers, va, len);

	if (!p)
		return -EFAULT;
	memcpy(p, src, len);
	return 0;
}
