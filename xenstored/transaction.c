/* SPDX-License-Identifier: MIT */
/*
 * Transactions.  Called by the operations.  The paths come from clients, checked by path.c; how
 * many there may be is a quota.
 *
 * Tour: 63. Snapshot, log, commit.
 */
#include "xenstored/transaction.h"

#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Changes one transaction of a guest may log: bounds the time of its commit. */
#define MAX_GUEST_OPS	4096

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

static struct access *access_of(struct strmap_entry *e)
{
	return (struct access *)((char *)e - offsetof(struct access, entry));
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

/* --- commit --- */

struct compare {
	const struct node *base, *now;
	bool differ;
};

static void access_compare(struct strmap_entry *e, void *arg)
{
	const struct access *a = access_of(e);
	struct compare *cmp = arg;
	const struct node *was, *is;

	if (!a->read || cmp->differ)
		return;
	was = tree_find(cmp->base, a->path);
	is = tree_find(cmp->now, a->path);
	if (was == is)
		return;
	cmp->differ = !was || !is || ((a->read & READ_NODE) && was->gen != is->gen) ||
		      ((a->read & READ_KIDS) && was->kids_gen != is->kids_gen);
}

static bool reads_hold(struct transaction *tx)
{
	struct compare cmp = { .base = tx->base, .now = tx->view.s->root };

	if (cmp.base != cmp.now)
		strmap_each(&tx->access, access_compare, &cmp);
	return !cmp.differ;
}

static int op_redo(struct view *v, const struct conn *c, const struct tx_op *op)
{
	const char *path = op->access->path;

	switch (op->kind) {
	case TX_WRITE:
		return view_write(v, c, path, op->value ? op->value->data : NULL,
				  op->value ? op->value->len : 0);
	case TX_MKDIR:
		return view_mkdir(v, c, path, NULL);
	case TX_RM:
		return view_rm(v, c, path);
	case TX_SET_PERMS:
		return view_set_perms(v, c, path, op->perms);
	}
	return -EINVAL;
}

static int transaction_commit(struct transaction *tx)
{
	struct store *s = tx->view.s;
	struct node *root;
	struct view v;
	uint32_t i;
	int rc = 0;

	if (!reads_hold(tx))
		return -EAGAIN;
	if (!tx->nr_ops)
		return 0;
	/* Less shared is less to copy. */
	node_put(tx->base);
	node_put(tx->root);
	tx->base = tx->root = NULL;

	view_direct(&v, s);
	root = node_get(s->root);
	v.root = &root;
	for (i = 0; i < tx->nr_ops && !rc; i++)
		rc = op_redo(&v, tx->conn, &tx->ops[i]);
	if (rc) {
		view_abort(&v);
		node_put(root);
		/* What worked in the snapshot fails now: others changed what it stands on. */
		return rc == -ENOSPC || rc == -ENOMEM ? rc : -EAGAIN;
	}
	node_put(s->root);
	s->root = root;
	view_commit(&v);
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
	TAILQ_REMOVE(&c->transactions, tx, entry);
	free(tx);
	return rc;
}

void transaction_end_all(struct conn *c)
{
	struct transaction *tx;

	while ((tx = TAILQ_FIRST(&c->transactions)))
		transaction_end(tx, false);
}
