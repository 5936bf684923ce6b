/* SPDX-License-Identifier: MIT */
/* Inside of transactions: shared by transaction.c and commit.c. */
#ifndef XENSTORED_TRANSACTION_PRIVATE_H
#define XENSTORED_TRANSACTION_PRIVATE_H

#include "xenstored/transaction.h"

#include "xenstored/tree.h"

#include <stdbool.h>
#include <stddef.h>

enum tx_kind { TX_WRITE, TX_MKDIR, TX_RM, TX_SET_PERMS };

struct tx_op {
	enum tx_kind kind;
	struct access *access;	/* whose path it is */
	struct value *value;	/* TX_WRITE; NULL: empty */
	struct perms *perms;	/* TX_SET_PERMS */
};

/* A path the transaction had to do with. */
struct access {
	struct strmap_entry entry;
	unsigned read;		/* READ_* */
	bool written;		/* by us: what we read of it then is our own */
	uint32_t last_write;	/* index + 1 of its last TX_WRITE */
	char path[];
};

static inline struct access *access_of(struct strmap_entry *e)
{
	return (struct access *)((char *)e - offsetof(struct access, entry));
}

/* Make the changes real; the snapshot is gone then.  0, -EAGAIN, -ENOSPC, -ENOMEM. */
int transaction_commit(struct transaction *tx);

#endif
