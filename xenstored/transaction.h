/* SPDX-License-Identifier: MIT */
/*
 * Transactions: a snapshot of the tree, the paths that were read in it, and the log of changes.
 *
 * Commit compares what was read with the store's tree and then does the logged changes on that
 * tree, as if they had all been asked for in that moment: so permissions, quotas and inheritance
 * hold at commit, and changes of other paths by others do not matter.
 */
#ifndef XENSTORED_TRANSACTION_H
#define XENSTORED_TRANSACTION_H

#include "xenstored/account.h"
#include "xenstored/hash.h"
#include "xenstored/view.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;
struct node;
struct perms;
struct store;

/* What of a node a client was told. */
#define READ_NODE	1U	/* value, permissions, whether it exists */
#define READ_KIDS	2U	/* list of children */

struct tx_op;

struct transaction {
	TAILQ_ENTRY(transaction) entry;
	struct conn *conn;
	uint32_t id;
	uint64_t start_gen;
	bool ageing;		/* on the store's list */
	TAILQ_ENTRY(transaction) of_store;
	struct node *base;	/* the tree at the start; NULL: given up, only to be ended */
	struct node *root;	/* with our changes */
	struct view view;
	struct tally tally;
	struct strmap access;
	struct tx_op *ops;
	uint32_t nr_ops, size_ops;
	uint32_t barrier;	/* writes logged before this one may not be replaced */
	int64_t bytes;
};

/* 0; -ENOSPC: quota; -ENOMEM */
int transaction_start(struct conn *c, struct transaction **tx);
struct transaction *transaction_find(struct conn *c, uint32_t id);	/* NULL: unknown */
/* Ends it either way.  0; -EAGAIN: something read has changed; -ENOSPC; -ENOMEM. */
int transaction_end(struct transaction *tx, bool commit);
void transaction_end_all(struct conn *c);

/* The tree has changed: transactions of guests that keep too old a tree alive are given up.  They
 * will end with -EAGAIN. */
void transactions_age(struct store *s);

/* The client is told something of path: what = READ_*; -ENOSPC, -ENOMEM. */
int transaction_note_read(struct transaction *tx, const char *path, unsigned what);

/* Changes, as in view.h, remembered for the commit. */
int transaction_write(struct transaction *tx, const char *path, const char *data, uint32_t len);
int transaction_mkdir(struct transaction *tx, const char *path);
int transaction_rm(struct transaction *tx, const char *path);
int transaction_set_perms(struct transaction *tx, const char *path, struct perms *p);

#endif
