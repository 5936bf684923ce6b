/* SPDX-License-Identifier: MIT */
/*
 * Transactions.  Called by the operations.  The paths come from clients, checked by path.c; how
 * many there may be is a quota.
 *
 * Tour: 63. Snapshot, log, commit.
 */
#include "xenstored/transaction-private.h"

#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Changes one transaction of a guest may log: bounds the time of its commit. */
#define MAX_GUEST_OPS	4096
/* Changes of the store that a guest may keep the old state of: bounds the memory it can pin. */
#define MAX_AGE		65536

int transaction_start(struct conn *c, struct transaction **out)
{
	struct store *s = c->store;
	struct transaction *tx;

	if (!c->privileged && quota_exceeded(s, QUOTA_TRANSACTIONS, c->domain->transactions + 1U))
		return -ENOSPC;
	tx = calloc(1, sizeof(*tx));
	if (!tx)
		return -ENOMEM;
	do
		tx->id = ++s->next_tx_id;
	while (!tx->id || transaction_find(c, tx->id));
	tx->conn = c;
	tx->start_gen = s->gen;
	tx->ageing = true;
	TAILQ_INSERT_TAIL(&s->transactions, tx, of_store);
	tx->base = node_get(s->root);
	tx->root = node_get(s->root);
	tx->view = (struct view){ .s = s, .root = &tx->root, .tally = &tx->tally };
	tx->bytes = sizeof(*tx);
	c->domain->other_bytes += tx->bytes;
	c->domain->transactions++;
	s->nr_transactions++;
	TAILQ_INSERT_TAIL(&c->transactions, tx, entry);
	*out = tx;
	return 0;
}

struct transaction *transaction_find(struct conn *c, uint32_t id)
{
	struct transaction *tx;

	TAILQ_FOREACH(tx, &c->transactions, entry)
		if (tx->id == id)
			return tx;
	return NULL;
}

static void tx_charge(struct transaction *tx, int64_t bytes)
{
	tx->bytes += bytes;
	tx->conn->domain->other_bytes += bytes;
}

static int access_get(struct transaction *tx, const char *path, struct access **out)
{
	size_t len = strlen(path);
	struct strmap_entry *e = strmap_find(&tx->access, path, len);
	struct conn *c = tx->conn;
	struct access *a;

	if (e) {
		*out = access_of(e);
		return 0;
	}
	if (!c->privileged &&
	    (quota_exceeded(c->store, QUOTA_TRANS_NODES, tx->access.nr + 1ULL) ||
	     quota_exceeded(c->store, QUOTA_MEMORY_HARD, (uint64_t)domain_memory(c->domain) + len)))
		return -ENOSPC;
	a = calloc(1, sizeof(*a) + len + 1);
	if (!a)
		return -ENOMEM;
	memcpy(a->path, path, len + 1);
	if (strmap_add(&tx->access, &a->entry, a->path, len)) {
		free(a);
		return -ENOMEM;
	}
	tx_charge(tx, (int64_t)(sizeof(*a) + len));
	*out = a;
	return 0;
}

int transaction_note_read(struct transaction *tx, const char *path, unsigned what)
{
	struct access *a;
	int rc = access_get(tx, path, &a);

	if (rc)
		return rc;
	if (a->written)
		what &= ~READ_NODE;
	a->read |= what;
	return 0;
}

/* --- the log --- */

static int op_reserve(struct transaction *tx)
{
	uint32_t size = tx->size_ops ? tx->size_ops * 2 : 8;
	struct tx_op *ops;

	if (!tx->conn->privileged && tx->nr_ops >= MAX_GUEST_OPS)
		return -ENOSPC;
	if (tx->nr_ops < tx->size_ops)
		return 0;
	ops = reallocarray(tx->ops, size, sizeof(*ops));
	if (!ops)
		return -ENOMEM;
	tx_charge(tx, (int64_t)((size - tx->size_ops) * sizeof(*ops)));
	tx->ops = ops;
	tx->size_ops = size;
	return 0;
}

static void op_log(struct transaction *tx, struct access *a, struct tx_op op)
{
	op.access = a;
	/* After these the node says what we said, whatever others do meanwhile. */
	if (op.kind == TX_WRITE || op.kind == TX_RM)
		a->written = true;
	tx->ops[tx->nr_ops++] = op;
	if (op.kind == TX_WRITE)
		a->last_write = tx->nr_ops;
	else
		tx->barrier = tx->nr_ops;
}

/* A change failed: that the node is missing is something the client was told, too. */
static int op_failed(struct access *a, int rc)
{
	if (rc == -ENOENT && !a->written)
		a->read |= READ_NODE;
	return rc;
}

int transaction_write(struct transaction *tx, const char *path, const char *data, uint32_t len)
{
	struct value *value = NULL;
	struct access *a;
	int rc = access_get(tx, path, &a);

	if (!rc)
		rc = op_reserve(tx);
	if (!rc && len && !(value = value_new(data, len)))
		rc = -ENOMEM;
	if (!rc)
		rc = op_failed(a, view_write(&tx->view, tx->conn, path, data, len));
	if (rc) {
		value_put(value);
		return rc;
	}
	/* Only the last of several writes counts, unless something else came between. */
	if (a->last_write > tx->barrier) {
		struct tx_op *op = &tx->ops[a->last_write - 1];

		tx_charge(tx, (int64_t)len - (op->value ? op->value->len : 0));
		value_put(op->value);
		op->value = value;
		return 0;
	}
	tx_charge(tx, len);
	op_log(tx, a, (struct tx_op){ .kind = TX_WRITE, .value = value });
	return 0;
}

int transaction_mkdir(struct transaction *tx, const char *path)
{
	struct access *a;
	bool created;
	int rc = access_get(tx, path, &a);

	if (!rc)
		rc = op_reserve(tx);
	if (!rc)
		rc = op_failed(a, view_mkdir(&tx->view, tx->conn, path, &created));
	if (rc)
		return rc;
	if (created)
		op_log(tx, a, (struct tx_op){ .kind = TX_MKDIR });
	else if (!a->written)
		a->read |= READ_NODE;
	return 0;
}

int transaction_rm(struct transaction *tx, const char *path)
{
	struct access *a;
	int rc = access_get(tx, path, &a);

	if (!rc)
		rc = op_reserve(tx);
	if (!rc)
		rc = op_failed(a, view_rm(&tx->view, tx->conn, path));
	if (!rc)
		op_log(tx, a, (struct tx_op){ .kind = TX_RM });
	return rc;
}

int transaction_set_perms(struct transaction *tx, const char *path, struct perms *p)
{
	struct access *a;
	int rc = access_get(tx, path, &a);

	if (!rc)
		rc = op_reserve(tx);
	if (!rc)
		rc = op_failed(a, view_set_perms(&tx->view, tx->conn, path, p));
	if (rc)
		return rc;
	tx_charge(tx, (int64_t)(p->nr * sizeof(p->p[0])));
	op_log(tx, a, (struct tx_op){ .kind = TX_SET_PERMS, .perms = perms_get(p) });
	return 0;
}

static void access_free(struct strmap_entry *e, void *arg)
{
	free(access_of(e));
}

int transaction_end(struct transaction *tx, bool commit)
{
	struct conn *c = tx->conn;
	int rc = commit ? transaction_commit(tx) : 0;
	uint32_t i;

	for (i = 0; i < tx->nr_ops; i++) {
		value_put(tx->ops[i].value);
		perms_put(tx->ops[i].perms);
	}
	free(tx->ops);
	strmap_each(&tx->access, access_free, NULL);
	strmap_free(&tx->access);
	tally_free(&tx->tally);
	node_put(tx->base);
	node_put(tx->root);
	c->domain->other_bytes -= tx->bytes;
	c->domain->transactions--;
	c->store->nr_transactions--;
	if (tx->ageing)
		TAILQ_REMOVE(&c->store->transactions, tx, of_store);
	TAILQ_REMOVE(&c->transactions, tx, entry);
	free(tx);
	return rc;
}

void transactions_age(struct store *s)
{
	struct transaction *tx;

	while ((tx = TAILQ_FIRST(&s->transactions)) && s->gen - tx->start_gen > MAX_AGE) {
		TAILQ_REMOVE(&s->transactions, tx, of_store);
		tx->ageing = false;
		if (tx->conn->privileged)
			continue;
		node_put(tx->base);
		node_put(tx->root);
		tx->base = tx->root = NULL;
	}
}

void transaction_end_all(struct conn *c)
{
	struct transaction *tx;

	while ((tx = TAILQ_FIRST(&c->transactions)))
		transaction_end(tx, false);
}
