/* SPDX-License-Identifier: MIT */
/* Store nodes written in one transaction; see batch.h. */
#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/batch.h"

#define COMMIT_TRIES	50	/* a transaction that conflicts this often has a deeper cause */

struct node {
	char *path;
	char *value;		/* NULL: remove the path */
	enum node_perms perms;
};

struct batch {
	uint32_t guest;
	bool failed;		/* out of memory while gathering */
	size_t nr, room;
	struct node *nodes;
};

struct batch *batch_new(uint32_t guest)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b)
		b->guest = guest;
	return b;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->nr; i++) {
		free(b->nodes[i].path);
		free(b->nodes[i].value);
	}
	free(b->nodes);
	free(b);
}

static void add(struct batch *b, enum node_perms perms, const char *value, const char *fmt,
		va_list ap)
{
	struct node *n;

	if (b->nr == b->room) {
		n = realloc(b->nodes, (b->room ? b->room * 2 : 64) * sizeof(*n));
		if (!n) {
			b->failed = true;
			return;
		}
		b->nodes = n;
		b->room = b->room ? b->room * 2 : 64;
	}
	n = &b->nodes[b->nr];
	n->perms = perms;
	n->value = value ? strdup(value) : NULL;
	if (vasprintf(&n->path, fmt, ap) < 0)
		n->path = NULL;
	b->failed |= !n->path || (value && !n->value);
	b->nr++;
}

void batch_remove(struct batch *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(b, PERMS_INHERIT, NULL, fmt, ap);
	va_end(ap);
}

void batch_write(struct batch *b, enum node_perms perms, const char *value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(b, perms, value, fmt, ap);
	va_end(ap);
}

void batch_write_number(struct batch *b, enum node_perms perms, uint64_t value, const char *fmt,
			...)
{
	char text[24];
	va_list ap;

	snprintf(text, sizeof(text), "%" PRIu64, value);
	va_start(ap, fmt);
	add(b, perms, text, fmt, ap);
	va_end(ap);
}

static bool set_perms(struct toolstack *t, xs_transaction_t tx, const struct node *n,
		      uint32_t guest)
{
	struct xs_permissions p[2] = {{0, XS_PERM_NONE}, {0, XS_PERM_READ}};
	unsigned int nr = 1;

	switch (n->perms) {
	case PERMS_INHERIT:
		return true;
	case PERMS_CONTROL:
		break;
	case PERMS_READABLE:
		p[1].id = guest;
		nr = 2;
		break;
	case PERMS_FRONTEND:
		nr = 2;
		/* fallthrough */
	case PERMS_GUEST:
		p[0].id = guest;
		break;
	}
	return xs_set_permissions(t->xs, tx, n->path, p, nr);
}

/* 0, or the errno of the first node that failed, *at says which. */
static int write_nodes(struct toolstack *t, xs_transaction_t tx, struct batch *b, const char **at)
{
	const struct node *n;
	size_t i;

	for (i = 0; i < b->nr; i++) {
		n = &b->nodes[i];
		*at = n->path;
		if (!n->value) {
			if (!xs_rm(t->xs, tx, n->path) && errno != ENOENT)
				return errno;
			continue;
		}
		if (!xs_write(t->xs, tx, n->path, n->value, strlen(n->value)) ||
		    !set_perms(t, tx, n, b->guest))
			return errno;
	}
	return 0;
}

int batch_commit(struct toolstack *t, struct batch *b)
{
	const char *at = "/";
	xs_transaction_t tx;
	int i, err;

	if (b->failed)
		return ts_fail(t, -ENOMEM, "xl: out of memory");
	for (i = 0; i < COMMIT_TRIES; i++) {
		tx = xs_transaction_start(t->xs);
		if (tx == XBT_NULL)
			return ts_fail(t, -errno, "xenstored: no transaction: %s", strerror(errno));
		err = write_nodes(t, tx, b, &at);
		if (err) {
			xs_transaction_end(t->xs, tx, true);
			return ts_fail(t, -err, "xenstored: cannot write %s: %s", at, strerror(err));
		}
		if (xs_transaction_end(t->xs, tx, false))
			return 0;
		if (errno != EAGAIN)
			return ts_fail(t, -errno, "xenstored: transaction refused: %s",
				       strerror(errno));
	}
	return ts_fail(t, -EAGAIN, "xenstored: the transaction conflicted %d times; try again",
		       COMMIT_TRIES);
}
