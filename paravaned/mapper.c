/* SPDX-License-Identifier: MIT */
/*
 * Mapping frames of other domains into a domain's process.
 *
 * A descriptor of another domain's memory object is worth all of that object, so no domain gets
 * one.  What maps single pages is the mapper, a task that shares the domain's address space and
 * nothing else (hv/process/mapper_loop.S).  It takes orders from a page that only we can write, gets the
 * descriptor with the datagram that says that there is an order, closes it, and answers with
 * the length of a datagram.  The address space is hostile; the order's result is the kernel's.
 *
 * We wait for the answer: it takes some 20 us.  A domain that makes it take long is made to wait
 * itself (request.c), and one whose mapper does not answer at all is killed.
 */
#include "config.h"
#include "paravaned/mapper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <paravane/shared.h>
#include "paravaned/console_ring.h"
#include "paravaned/domain.h"
#include "paravaned/process.h"

#define NONE		UINT32_MAX
#define BUCKETS		256
#define MAX_PLACES	32768U
#define ANSWER_MS	2000

struct mapper {
	int fd;
	struct pvn_mapper_order *order;
	struct place *places;		/* where something may be mapped */
	uint32_t nr, size, first_free;
	uint32_t bucket[BUCKETS];	/* by mfn */
};

static void places_reset(struct mapper *m)
{
	m->nr = 0;
	m->first_free = NONE;
	memset(m->bucket, 0xff, sizeof(m->bucket));
}

static int page_new(struct mapper *m, int *fd)
{
	void *p;

	*fd = memfd_create("paravane-mapper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0)
		return -errno;
	if (ftruncate(*fd, PVN_PAGE_SIZE) != 0)
		return -errno;
	p = mmap(NULL, PVN_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	m->order = p;
	/* Our mapping stays writable; no other will be. */
	if (fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0)
		return -errno;
	return 0;
}

int mapper_new(struct mapper **out, int *socket_fd, int *page_fd)
{
	struct mapper *m = calloc(1, sizeof(*m));
	int sv[2], rc;

	*page_fd = -1;
	if (!m)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0) {
		free(m);
		return -errno;
	}
	m->fd = sv[0];
	places_reset(m);
	rc = page_new(m, page_fd);
	if (rc) {
		close(sv[1]);
		if (*page_fd >= 0)
			close(*page_fd);
		mapper_close(m);
		return rc;
	}
	*socket_fd = sv[1];
	*out = m;
	return 0;
}

void mapper_close(struct mapper *m)
{
	if (!m)
		return;
	close(m->fd);
	if (m->order)
		munmap(m->order, PVN_PAGE_SIZE);
	free(m->places);
	free(m);
}

static int order_send(struct mapper *m, int fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (fd >= 0) {
		mh.msg_control = control.room;
		mh.msg_controllen = sizeof(control.room);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(int));
	}
	return sendmsg(m->fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* 0: done; -ENOMEM: the kernel refused; -EIO: there is no mapper (any more). */
static int order_run(struct mapper *m, int fd)
{
	struct pollfd p = { .fd = m->fd, .events = POLLIN };
	char answer[16];
	ssize_t n;

	if (order_send(m, fd) || poll(&p, 1, ANSWER_MS) != 1)
		return -EIO;
	n = recv(m->fd, answer, sizeof(answer), MSG_DONTWAIT);
	if (n == PVN_MAPPER_DONE)
		return 0;
	return n == PVN_MAPPER_REFUSED ? -ENOMEM : -EIO;
}

static int order_unmap(struct mapper *m, uint64_t va, uint64_t bytes)
{
	*m->order = (struct pvn_mapper_order){ .op = PVN_MAPPER_UNMAP, .va = va, .bytes = bytes };
	return order_run(m, -1);
}

static void give_up(struct domain *d, const char *why)
{
	machine_log("d%u: %s: it is killed, what it has mapped of other domains ends with it", d->domid, why);
	process_signal_kill(&d->vcpu[0]);
}

static int forget_everything(struct domain *d, struct mapper *m)
{
	int rc = order_unmap(m, 0, PVN_GUEST_END);

	if (rc)
		give_up(d, "its mapper cannot unmap");
	else
		places_reset(m);
	return rc;
}

static struct place *place_add(struct mapper *m, const struct place *p)
{
	uint32_t *b = &m->bucket[p->mfn % BUCKETS], i, size;
	struct place *v;

	for (i = *b; i != NONE; i = m->places[i].next)
		if (m->places[i].mfn == p->mfn && m->places[i].va == p->va)
			return &m->places[i];
	if (m->first_free != NONE) {
		i = m->first_free;
		m->first_free = m->places[i].next;
	} else {
		if (m->nr == m->size) {
			size = m->size ? 2 * m->size : 64;
			v = size > MAX_PLACES ? NULL : realloc(m->places, size * sizeof(*v));
			if (!v)
				return NULL;
			m->places = v;
			m->size = size;
		}
		i = m->nr++;
	}
	m->places[i] = *p;
	m->places[i].next = *b;
	*b = i;
	return &m->places[i];
}

int mapper_map(struct domain *d, struct mapper *m, const struct place *p, int fd, uint64_t offset)
{
	int rc;

	if (!m)
		return -EIO;
	/* Noted first: whatever becomes of the order, this is where to look. */
	if (!place_add(m, p)) {
		rc = forget_everything(d, m);
		if (rc || !place_add(m, p))
			return -ENOMEM;
	}
	*m->order = (struct pvn_mapper_order){ .op = PVN_MAPPER_MAP, .va = p->va, .bytes = PVN_PAGE_SIZE,
					       .prot = p->prot | PROT_READ, .offset = offset };
	rc = order_run(m, fd);
	if (rc == -EIO)
		give_up(d, "its mapper does not answer");
	return rc;
}

int mapper_forget(struct domain *d, struct mapper *m, uint64_t mfn)
{
	uint32_t *p, i;

	if (!m)
		return 0;
	p = &m->bucket[mfn % BUCKETS];
	while ((i = *p) != NONE) {
		if (m->places[i].mfn != mfn) {
			p = &m->places[i].next;
			continue;
		}
		if (order_unmap(m, m->places[i].va, PVN_PAGE_SIZE))
			return forget_everything(d, m);
		*p = m->places[i].next;
		m->places[i].next = m->first_free;
		m->first_free = i;
	}
	return 0;
}
