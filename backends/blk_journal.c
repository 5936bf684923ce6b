/* SPDX-License-Identifier: MIT */
/* Journals of disks: making one, and what a new backend makes of one it finds.  See blk_journal.h. */
#include "config.h"
#include "backends/blk_journal_file.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct blk_journal {
	struct blk_journals *js;	/* NULL: in memory only */
	int area;			/* -1: none */
	char *map;
	size_t bytes, queue_bytes;
};

_Static_assert(sizeof(struct blk_journal_entry) == 128, "two cache lines");

static uint32_t ring_entries(uint32_t pages)
{
	unsigned long bytes = pages * 4096ul - offsetof(blkif_sring_t, ring);

	return __RD32(bytes / sizeof(union blkif_sring_entry));
}

static struct journal_head expected(unsigned int domid, unsigned int devid,
				    const struct blk_transport *t, unsigned int nr_queues)
{
	return (struct journal_head){
		.magic = JOURNAL_MAGIC, .domid = domid, .devid = devid, .nr_queues = nr_queues,
		.nr_entries = ring_entries(t->nr_refs),
		.entry_bytes = sizeof(struct blk_journal_entry),
	};
}

static struct blk_journal *journal_new(struct blk_journals *js, const struct journal_head *h)
{
	struct blk_journal *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->js = js;
	j->area = -1;
	j->queue_bytes = journal_queue_bytes(h->nr_entries);
	j->bytes = JOURNAL_HEAD_BYTES + h->nr_queues * j->queue_bytes;
	return j;
}

static int journal_map(struct blk_journal *j)
{
	int flags = j->js ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;

	j->map = mmap(NULL, j->bytes, PROT_READ | PROT_WRITE, flags, j->js ? journal_file_fd(j->js) : -1,
		      j->js ? journal_area_at((unsigned int)j->area) : 0);
	if (j->map != MAP_FAILED)
		return 0;
	j->map = NULL;
	return -errno;
}

struct blk_journal_queue *blk_journal_queue(struct blk_journal *j, unsigned int queue)
{
	return (struct blk_journal_queue *)(void *)(j->map + JOURNAL_HEAD_BYTES + queue * j->queue_bytes);
}

/* Nothing in flight in any queue.  What the area held before may have been anything. */
static void queues_fill(struct blk_journal *j, const struct journal_head *h, const struct blk_transport *t)
{
	struct journal_head *head = (struct journal_head *)(void *)j->map, unfinished = *h;
	unsigned int i;

	unfinished.magic = 0;
	memset(j->map, 0, j->bytes);
	for (i = 0; i < h->nr_queues; i++) {
		struct blk_journal_queue *jq = blk_journal_queue(j, i);

		jq->nr_entries = h->nr_entries;
		jq->nr_refs = t[i].nr_refs;
		jq->port = t[i].port;
		memcpy(jq->refs, t[i].refs, sizeof(jq->refs));
	}
	*head = unfinished;
	__atomic_store_n(&head->magic, h->magic, __ATOMIC_RELEASE);
}

int blk_journal_create(struct blk_journal **out, struct blk_journals *js, unsigned int domid,
		       unsigned int devid, const struct blk_transport *t, unsigned int nr_queues)
{
	struct journal_head h = expected(domid, devid, t, nr_queues);
	struct blk_journal *j = journal_new(js, &h);
	int rc = 0;

	if (!j)
		return -ENOMEM;
	if (js) {
		blk_journal_forget(js, domid, devid);
		j->area = journal_area_take(js, domid, devid, j->bytes);
		rc = j->area < 0 ? j->area : 0;
	}
	if (!rc)
		rc = journal_map(j);
	if (rc) {
		blk_journal_close(j, false);
		return rc;
	}
	queues_fill(j, &h, t);
	*out = j;
	return 0;
}

static bool queues_match(struct blk_journal *j, const struct journal_head *h, const struct blk_transport *t)
{
	unsigned int i;

	if (memcmp(j->map, h, sizeof(*h)))
		return false;
	for (i = 0; i < h->nr_queues; i++) {
		const struct blk_journal_queue *jq = blk_journal_queue(j, i);

		if (jq->nr_entries != h->nr_entries || jq->nr_refs != t[i].nr_refs || jq->port != t[i].port ||
		    memcmp(jq->refs, t[i].refs, t[i].nr_refs * sizeof(jq->refs[0])))
			return false;
	}
	return true;
}

/* Is all of it in the file?  A page that is not would end us when it is touched. */
static bool is_there(const struct blk_journal *j)
{
	struct stat st;

	return !fstat(journal_file_fd(j->js), &st) &&
	       st.st_size >= journal_area_at((unsigned int)j->area) + (off_t)j->bytes;
}

int blk_journal_adopt(struct blk_journal **out, struct blk_journals *js, unsigned int domid,
		      unsigned int devid, const struct blk_transport *t, unsigned int nr_queues)
{
	struct journal_head h = expected(domid, devid, t, nr_queues);
	struct blk_journal *j = journal_new(js, &h);
	int rc;

	if (!j)
		return -ENOMEM;
	if (js)
		j->area = journal_area_find(js, domid, devid);
	rc = j->area < 0 || !is_there(j) ? -ESTALE : journal_map(j);
	if (!rc && !queues_match(j, &h, t))
		rc = -ESTALE;
	if (rc) {
		j->area = -1;
		blk_journal_close(j, true);
		return rc;
	}
	if (j->area >= 0)
		journal_area_hold(js, (unsigned int)j->area);
	*out = j;
	return 0;
}

void blk_journal_close(struct blk_journal *j, bool keep)
{
	if (!j)
		return;
	if (j->map)
		munmap(j->map, j->bytes);
	if (j->area >= 0)
		journal_area_let_go(j->js, (unsigned int)j->area, keep);
	free(j);
}

void blk_journal_forget(struct blk_journals *js, unsigned int domid, unsigned int devid)
{
	int area = js ? journal_area_find(js, domid, devid) : -1;

	if (area >= 0 && !journal_area_held(js, (unsigned int)area))
		journal_area_let_go(js, (unsigned int)area, false);
}

int blk_journal_check(struct blk_journal_queue *jq, uint32_t req_prod, uint32_t rsp_prod)
{
	uint32_t nr = jq->nr_entries, owed = jq->req_cons - rsp_prod, found = 0, i;

	if (owed > nr || req_prod - jq->req_cons > nr - owed)
		return -EPROTO;
	for (i = 0; i < nr; i++) {
		struct blk_journal_entry *e = &jq->entries[i];

		if (e->state == BLK_J_FREE)
			continue;
		/* A slow one may be any number of laps behind; only one can be ahead. */
		if (e->index == jq->req_cons)		/* not taken: it is still on the ring */
			e->state = BLK_J_FREE;
		else if (e->state == BLK_J_ANSWERED && e->rsp - rsp_prod >= nr)		/* shown */
			e->state = BLK_J_FREE;
		else
			found++;
	}
	return found == owed ? (int)owed : -EPROTO;
}
