/* SPDX-License-Identifier: MIT */
/* TRANSACTION_START, TRANSACTION_END.  Called by request.c; the work is in transaction.c. */
#include "xenstored/request.h"

#include "xenstored/conn.h"
#include "xenstored/limit.h"
#include "xenstored/transaction.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* TRANSACTION_START | -> id|; in a transaction: -EBUSY */
int do_transaction_start(struct request *r)
{
	struct transaction *tx;
	char id[16];
	int rc;

	if (r->tx)
		return -EBUSY;
	rc = transaction_start(r->conn, &tx);
	if (rc)
		return rc;
	snprintf(id, sizeof(id), "%u", tx->id);
	return reply_string(r, id);
}

/* TRANSACTION_END T| or F| */
int do_transaction_end(struct request *r)
{
	bool changes, commit;
	const char *arg;
	int rc;

	if (request_strings(r, &arg, 1) < 0 || (strcmp(arg, "T") && strcmp(arg, "F")))
		return -EINVAL;
	if (!r->tx)
		return -ENOENT;
	commit = *arg == 'T';
	changes = r->tx->nr_ops > 0;
	rc = transaction_end(r->tx, commit);
	r->tx = NULL;
	if (rc)
		return rc;
	if (commit && changes)
		limit_note_write(r->conn);
	return reply_ok(r);
}
