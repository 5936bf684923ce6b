/* SPDX-License-Identifier: MIT */
/*
 * The commit of a transaction: has what it read changed, and if not, do its log on the store's
 * tree, all or nothing.  Called by transaction_end().
 */
#include "xenstored/transaction-private.h"

#include "xenstored/conn.h"
#include "xenstored/store.h"

#include <errno.h>
#include <stdbool.h>

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

int transaction_commit(struct transaction *tx)
{
	struct store *s = tx->view.s;
	struct node *root;
	struct view v;
	uint32_t i;
	int rc = 0;

	if (!tx->base || !reads_hold(tx))
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
