/* SPDX-License-Identifier: MIT */
/*
 * The process's side of the table of grant mappings (struct pvn_maptrack).  Made at the first
 * mapping, one per connection.
 */
#include "config.h"
#include "libs/client/maptrack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define TABLE_BYTES	(PVN_MAPTRACK_SLOTS * sizeof(struct pvn_maptrack))
#define NONE		UINT32_MAX

static int table_register(struct pvn_client *c, int fd)
{
	struct pvn_request_args a = { .op = PVN_MSG_MAPTRACK, .send_fd = fd };
	int rc = pvn_conn_request(&c->conn, &a);

	return rc < 0 ? rc : 0;
}

static int table_make(struct pvn_client *c, struct pvn_tracks *t)
{
	int fd = memfd_create("paravane-maptrack", MFD_CLOEXEC | MFD_ALLOW_SEALING), rc = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)TABLE_BYTES) != 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		rc = -errno;
	if (!rc) {
		t->table = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (t->table == MAP_FAILED) {
			t->table = NULL;
			rc = -errno;
		} else {
			madvise(t->table, TABLE_BYTES, MADV_DONTFORK);
			rc = table_register(c, fd);
		}
	}
	close(fd);
	return rc;
}

static int tracks_make(struct pvn_client *c)
{
	struct pvn_tracks *t = calloc(1, sizeof(*t));
	int rc = -ENOMEM;

	if (!t)
		return rc;
	t->first_free = NONE;
	t->next_free = calloc(PVN_MAPTRACK_SLOTS, sizeof(*t->next_free));
	if (t->next_free)
		rc = table_make(c, t);
	if (rc) {
		if (t->table)
			munmap(t->table, TABLE_BYTES);
		free(t->next_free);
		free(t);
		return rc;
	}
	c->tracks = t;
	return 0;
}

int pvn_maptrack_take(struct pvn_client *c, uint32_t *slot)
{
	struct pvn_tracks *t;
	int rc = c->tracks ? 0 : tracks_make(c);

	if (rc)
		return rc;
	t = c->tracks;
	if (t->first_free != NONE) {
		*slot = t->first_free;
		t->first_free = t->next_free[*slot];
		return 0;
	}
	if (t->used == PVN_MAPTRACK_SLOTS)
		return -ENOSPC;
	*slot = t->used++;
	return 0;
}

void pvn_maptrack_give(struct pvn_client *c, uint32_t slot)
{
	c->tracks->next_free[slot] = c->tracks->first_free;
	c->tracks->first_free = slot;
}

void pvn_maptrack_set(struct pvn_client *c, uint32_t slot, const struct pvn_domain *d, uint32_t gref,
		      bool writable)
{
	struct pvn_maptrack *m = &c->tracks->table[slot];

	m->gref = gref;
	m->domid = d->m.domid;
	m->generation = d->m.generation;
	__atomic_store_n(&m->state, writable ? 2 : 1, __ATOMIC_RELEASE);
}

void pvn_maptrack_clear(struct pvn_client *c, uint32_t slot)
{
	__atomic_store_n(&c->tracks->table[slot].state, 0, __ATOMIC_SEQ_CST);
}

void pvn_maptrack_free(struct pvn_client *c)
{
	if (!c->tracks)
		return;
	if (c->pid == getpid())
		munmap(c->tracks->table, TABLE_BYTES);
	free(c->tracks->next_free);
	free(c->tracks);
	c->tracks = NULL;
}
