/* SPDX-License-Identifier: MIT */
/*
 * The table of mapped domains of a library.  A mapping lives as long as somebody holds a
 * reference, even when its domain is gone: then it shows what was left of it, and the frames
 * themselves have been given back by paravaned.
 */
#include "config.h"
#include "libs/client/domain.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pvn_domain **bucket_of(struct pvn_domains *t, uint32_t domid)
{
	return &t->bucket[domid % PVN_DOMAIN_BUCKETS];
}

static void domain_free(struct pvn_domain *d)
{
	if (d->shared)
		munmap(d->shared, d->m.shared_bytes);
	if (d->mem)
		munmap(d->mem, d->m.mem_bytes);
	if (d->mem_fd >= 0)
		close(d->mem_fd);
	if (d->shared_fd >= 0)
		close(d->shared_fd);
	free(d);
}

/* The object must be as large as paravaned says, or touching it would be SIGBUS. */
static int object_check(int fd, uint64_t bytes)
{
	struct stat st;

	if (fd < 0 || !bytes || bytes % PVN_PAGE_SIZE)
		return -EPROTO;
	if (fstat(fd, &st) != 0)
		return -errno;
	return (uint64_t)st.st_size >= bytes ? 0 : -EPROTO;
}

/* A child of fork has no business with it: it gets no copy. */
static int object_map(int fd, uint64_t bytes, uint8_t **out)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	madvise(p, bytes, MADV_DONTFORK);
	*out = p;
	return 0;
}

static int domain_check(const struct pvn_domain *d)
{
	const struct pvn_msg_domain_map *m = &d->m;
	int rc = object_check(d->shared_fd, m->shared_bytes);

	if (!rc)
		rc = object_check(d->mem_fd, m->mem_bytes);
	if (!rc && (m->shared_bytes < PVN_FIXED_SIZE || m->range_frames < PVN_HEAP_FRAMES ||
		    m->max_grant_frames > PVN_MAX_GRANT_FRAMES))
		rc = -EPROTO;
	return rc;
}

static int domain_fetch(struct pvn_domains *t, uint32_t domid, struct pvn_domain **out)
{
	struct pvn_msg_domain body = { .domid = (uint16_t)domid };
	struct pvn_domain *d = calloc(1, sizeof(*d));
	struct pvn_request_args a = {
		.op = PVN_MSG_DOMAIN_MAP, .body = &body, .len = sizeof(body), .send_fd = -1,
		.reply_len = sizeof(d->m),
	};
	int rc;

	if (!d)
		return -ENOMEM;
	a.reply = &d->m;
	rc = pvn_conn_request(t->conn, &a);
	d->mem_fd = a.fds[0];
	d->shared_fd = a.fds[1];
	if (rc >= 0)
		rc = domain_check(d);
	if (!rc)
		rc = object_map(d->shared_fd, d->m.shared_bytes, &d->shared);
	if (rc) {
		domain_free(d);
		return rc;
	}
	if (t->drop_fds) {
		close(d->mem_fd);
		close(d->shared_fd);
		d->mem_fd = d->shared_fd = -1;
	}
	*out = d;
	return 0;
}

static bool domain_stale(const struct pvn_domain *d)
{
	const struct pvn_header *h = (const void *)(d->shared + PVN_HEADER_OFFSET);

	return __atomic_load_n(&h->magic, __ATOMIC_RELAXED) != PVN_SHARED_MAGIC;
}

static void domain_unlink(struct pvn_domain **p)
{
	struct pvn_domain *d = *p;

	*p = d->next;
	d->gone = true;
	if (!d->refs)
		domain_free(d);
}

int pvn_domain_get(struct pvn_domains *t, uint32_t domid, struct pvn_domain **out)
{
	struct pvn_domain **p = bucket_of(t, domid), *d;
	int rc;

	if (domid > UINT16_MAX)
		return -ESRCH;
	while (*p && (*p)->m.domid != domid)
		p = &(*p)->next;
	if (*p && !domain_stale(*p)) {
		(*p)->refs++;
		*out = *p;
		return 0;
	}
	rc = domain_fetch(t, domid, &d);
	if (rc) {
		if (rc == -ESRCH && *p)
			domain_unlink(p);
		return rc;
	}
	/* Still the same one, which scribbled over its header: keep what we have. */
	if (*p && (*p)->m.generation == d->m.generation) {
		domain_free(d);
		(*p)->refs++;
		*out = *p;
		return 0;
	}
	if (*p)
		domain_unlink(p);
	d->m.domid = (uint16_t)domid;
	d->refs = 1;
	p = bucket_of(t, domid);
	d->next = *p;
	*p = d;
	*out = d;
	return 0;
}

void pvn_domain_put(struct pvn_domain *d)
{
	if (d && --d->refs == 0 && d->gone)
		domain_free(d);
}

int pvn_domain_map_mem(struct pvn_domain *d)
{
	return d->mem ? 0 : object_map(d->mem_fd, d->m.mem_bytes, &d->mem);
}

void pvn_domain_gone(struct pvn_domains *t, const struct pvn_msg_domain *m)
{
	struct pvn_domain **p = bucket_of(t, m->domid);

	while (*p && (*p)->m.domid != m->domid)
		p = &(*p)->next;
	/* Old news may be of an earlier bearer of the number. */
	if (*p && (*p)->m.generation == m->arg)
		domain_unlink(p);
}

void pvn_domains_clear(struct pvn_domains *t)
{
	int i;

	for (i = 0; i < PVN_DOMAIN_BUCKETS; i++)
		while (t->bucket[i])
			domain_unlink(&t->bucket[i]);
}

uint64_t pvn_domain_ram_offset(const struct pvn_domain *d, uint64_t mfn)
{
	uint64_t i = mfn - d->m.mfn_base;

	/* An mfn below mfn_base wraps to a huge index. */
	if (i < PVN_HEAP_FRAMES || i >= d->m.range_frames)
		return UINT64_MAX;
	i -= PVN_HEAP_FRAMES;
	return i < d->m.mem_bytes >> PVN_PAGE_SHIFT ? i << PVN_PAGE_SHIFT : UINT64_MAX;
}

bool pvn_domain_frame(const struct pvn_domain *d, uint64_t mfn, bool heap_ok, int *fd,
		      uint64_t *offset)
{
	uint64_t i = mfn - d->m.mfn_base;

	if (i < PVN_HEAP_FRAMES) {
		*fd = d->shared_fd;
		*offset = PVN_HEAP_OFFSET + (i << PVN_PAGE_SHIFT);
		return heap_ok;
	}
	*fd = d->mem_fd;
	*offset = pvn_domain_ram_offset(d, mfn);
	return *offset != UINT64_MAX;
}
