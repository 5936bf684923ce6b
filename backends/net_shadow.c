/* SPDX-License-Identifier: MIT */
/* The file of shadow pages.  It is open and mapped before the sandbox is entered, and grows page by page. */
#include "config.h"
#include "backends/net_shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <paravane/rundir.h>

#define PAGE	4096u
#define MAX	8192u		/* queues of all domains; those beyond cannot be taken over */

_Static_assert(sizeof(struct net_shadow) <= PAGE, "a shadow is a page");

struct net_shadows {
	int fd;
	unsigned int nr;	/* pages of the file */
	uint8_t *map;		/* of MAX pages, whatever the file has */
	bool held[MAX];
};

static struct net_shadow *page(const struct net_shadows *all, unsigned int i)
{
	return (struct net_shadow *)(void *)(all->map + (size_t)i * PAGE);
}

static int file_open(void)
{
	char path[PATH_MAX];
	int dir, fd, rc = pvn_runpath(path, sizeof(path), "net");

	if (rc)
		return rc;
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	fd = openat(dir, "queues", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	rc = fd < 0 ? -errno : fd;
	close(dir);
	return rc;
}

int net_shadows_open(struct net_shadows **out)
{
	struct net_shadows *all = calloc(1, sizeof(*all));
	struct stat st;
	int rc = 0;

	if (!all)
		return -ENOMEM;
	all->map = MAP_FAILED;
	all->fd = file_open();
	if (all->fd < 0)
		rc = all->fd;
	else if (fstat(all->fd, &st))
		rc = -errno;
	if (!rc) {
		all->nr = st.st_size / PAGE < MAX ? (unsigned int)(st.st_size / PAGE) : MAX;
		all->map = mmap(NULL, (size_t)MAX * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, all->fd, 0);
		if (all->map == MAP_FAILED)
			rc = -errno;
	}
	if (rc)
		net_shadows_close(all);
	else
		*out = all;
	return rc;
}

void net_shadows_close(struct net_shadows *all)
{
	if (!all)
		return;
	if (all->map != MAP_FAILED)
		munmap(all->map, (size_t)MAX * PAGE);
	if (all->fd >= 0)
		close(all->fd);
	free(all);
}

void net_shadows_sweep(struct net_shadows *all, bool (*alive)(void *arg, unsigned int domid), void *arg)
{
	unsigned int i;

	for (i = 0; i < all->nr; i++)
		if (!all->held[i] && page(all, i)->key.magic && !alive(arg, page(all, i)->key.domid))
			page(all, i)->key.magic = 0;
}

static bool same_queue(const struct net_shadow_key *a, const struct net_shadow_key *b)
{
	return a->domid == b->domid && a->devid == b->devid && a->queue == b->queue;
}

/* The queue's own page, else a free one, else -1. */
static int find(const struct net_shadows *all, const struct net_shadow_key *key)
{
	int free_one = -1;
	unsigned int i;

	for (i = 0; i < all->nr; i++) {
		if (all->held[i])
			continue;
		if (page(all, i)->key.magic == NET_SHADOW_MAGIC && same_queue(&page(all, i)->key, key))
			return (int)i;
		if (!page(all, i)->key.magic && free_one < 0)
			free_one = (int)i;
	}
	return free_one;
}

/* One more.  Its blocks are taken now: a full file system must not end us at a store. */
static int grow(struct net_shadows *all)
{
	static const char zero[PAGE];

	if (all->nr == MAX || pwrite(all->fd, zero, PAGE, (off_t)all->nr * PAGE) != PAGE)
		return -1;
	return (int)all->nr++;
}

int net_shadow_take(struct net_shadows *all, const struct net_shadow_key *key, bool adopt, struct net_shadow **out)
{
	struct net_shadow_key want = *key;
	struct net_shadow *s;
	int i = all ? find(all, key) : -1;

	if (all && i < 0)
		i = grow(all);
	s = i < 0 ? calloc(1, sizeof(*s)) : page(all, (unsigned int)i);
	if (!s)
		return -ENOMEM;
	*out = s;
	if (i >= 0)
		all->held[i] = true;
	want.magic = NET_SHADOW_MAGIC;
	if (adopt && !memcmp(&s->key, &want, sizeof(want)))
		return 1;
	s->key.magic = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	s->key.domid = key->domid;
	s->key.devid = key->devid;
	s->key.queue = key->queue;
	s->key.tx_ref = key->tx_ref;
	s->key.rx_ref = key->rx_ref;
	s->key.tx_port = key->tx_port;
	s->key.rx_port = key->rx_port;
	s->nr_mcast = 0;
	return 0;
}

void net_shadow_release(struct net_shadows *all, struct net_shadow *s, bool keep)
{
	uintptr_t at = (uintptr_t)s, map = all ? (uintptr_t)all->map : 0;

	if (!all || at < map || at >= map + (size_t)MAX * PAGE) {
		free(s);
		return;
	}
	if (!keep)
		s->key.magic = 0;
	all->held[(at - map) / PAGE] = false;
}
