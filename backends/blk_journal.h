/* SPDX-License-Identifier: MIT */
/*
 * The journal of a disk: what was taken off its rings and is not answered yet, in an area of a file that
 * outlives the backend (blk_journal_file.c).
 *
 * The ring cannot tell: answers are put over the slots of requests, in another order than these came.
 * So each request is copied here before it counts as taken, and stays until its answer
 * has been shown.  Each step ends with the store of one word, and whatever comes between two of them, a
 * backend that is started anew finds out what is owed:
 *
 *   taken      slot and index, then state TAKEN, then req_cons.  An entry at or above req_cons was
 *              not taken: its request is still on the ring.
 *   answered   the answer into the ring, rsp and status, then state ANSWERED.
 *   shown      rsp_prod of the ring, then state FREE.  An answered entry below rsp_prod was shown.
 *
 * The frontend can write rsp_prod, so what is owed is counted: unless it is exactly the
 * difference of the indexes, the journal is not believed (blk_journal_check()).
 */
#ifndef PVN_BACKENDS_BLK_JOURNAL_H
#define PVN_BACKENDS_BLK_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/blk_request.h"

#define BLK_MAX_RING_ORDER	4
#define BLK_MAX_RING_PAGES	(1u << BLK_MAX_RING_ORDER)
#define BLK_MAX_QUEUES		16

enum blk_journal_state { BLK_J_FREE, BLK_J_TAKEN, BLK_J_ANSWERED };

struct blk_journal_entry {
	uint32_t state;
	uint32_t index;		/* of the request, as the ring counts */
	uint32_t rsp;		/* of the answer */
	int32_t status;
	union blk_slot slot;
};

/* A queue's part of the area: what it is of, then one entry for each slot of its ring. */
struct blk_journal_queue {
	uint32_t req_cons;
	uint32_t nr_entries;
	uint32_t nr_refs;
	uint32_t port;		/* of the frontend */
	uint32_t refs[BLK_MAX_RING_PAGES];
	struct blk_journal_entry entries[];
};

/* What a queue is connected to. */
struct blk_transport {
	uint32_t nr_refs;
	uint32_t port;
	uint32_t refs[BLK_MAX_RING_PAGES];
};

struct blk_journal;
struct blk_journals;

/* The directory for what outlives a backend, made if need be: a descriptor, or -errno. */
int blk_journal_dir(void);

/* The file of all journals, opened before the sandbox is entered; in there the rest is possible. */
int blk_journals_open(struct blk_journals **out, int dir);
void blk_journals_close(struct blk_journals *js);	/* and leave the journals for who comes next */

/*
 * A new journal of a device, in place of what there was.  js NULL: in memory only.  All queues have
 * rings of t[0].nr_refs pages.  0 or -errno.
 */
int blk_journal_create(struct blk_journal **out, struct blk_journals *js, unsigned int domid,
		       unsigned int devid, const struct blk_transport *t, unsigned int nr_queues);

/* That of an earlier backend.  0; -ESTALE: it is of another connection, or none at all; or -errno. */
int blk_journal_adopt(struct blk_journal **out, struct blk_journals *js, unsigned int domid,
		      unsigned int devid, const struct blk_transport *t, unsigned int nr_queues);

/* keep: the device lives on, another backend will want it. */
void blk_journal_close(struct blk_journal *j, bool keep);

/* Remove the one of a device that is not there any more; not one that is in use. */
void blk_journal_forget(struct blk_journals *js, unsigned int domid, unsigned int devid);

/* For each device that has one and does not use it. */
typedef void blk_journal_cb(void *arg, unsigned int domid, unsigned int devid);
void blk_journals_for_each(struct blk_journals *js, blk_journal_cb *cb, void *arg);

struct blk_journal_queue *blk_journal_queue(struct blk_journal *j, unsigned int queue);

/*
 * What is owed, given the ring's indexes.  The number of requests taken and not shown answered, each
 * entry of which is left as TAKEN or ANSWERED, all others FREE; or -EPROTO: the frontend has
 * changed its indexes.
 */
int blk_journal_check(struct blk_journal_queue *jq, uint32_t req_prod, uint32_t rsp_prod);

static inline void blk_journal_taken(struct blk_journal_queue *jq, struct blk_journal_entry *e,
				     uint32_t index)
{
	e->index = index;
	__atomic_store_n(&e->state, BLK_J_TAKEN, __ATOMIC_RELEASE);
	__atomic_store_n(&jq->req_cons, index + 1, __ATOMIC_RELEASE);
}

static inline void blk_journal_answered(struct blk_journal_entry *e, uint32_t rsp, int status)
{
	e->rsp = rsp;
	e->status = status;
	__atomic_store_n(&e->state, BLK_J_ANSWERED, __ATOMIC_RELEASE);
}

static inline void blk_journal_shown(struct blk_journal_entry *e)
{
	__atomic_store_n(&e->state, BLK_J_FREE, __ATOMIC_RELEASE);
}

#endif
