/* SPDX-License-Identifier: MIT */
/* Store nodes written in one transaction; see batch.h. */
#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>
#include "toolstack/lib/batch.h"
#include "toolstack/lib/wire.h"

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

/* The payload of SET_PERMS after the path: "n0\0r1\0".  Its length. */
static size_t perms_payload(const struct node *n, uint32_t guest, char *buf, size_t size)
{
	switch (n->perms) {
	case PERMS_CONTROL:
		return snprintf(buf, size, "n0") + 1;
	case PERMS_READABLE:
		return snprintf(buf, size, "n0%cr%u", 0, guest) + 1;
	case PERMS_GUEST:
		return snprintf(buf, size, "n%u", guest) + 1;
	case PERMS_FRONTEND:
		return snprintf(buf, size, "n%u%cr0", guest, 0) + 1;
	case PERMS_INHERIT:
		break;
	}
	return 0;
}

static void add_requests(struct wire *w, uint32_t tx, const struct batch *b)
{
	char perms[32];
	const struct node *n;
	size_t i, len;

	for (i = 0; i < b->nr; i++) {
		n = &b->nodes[i];
		if (!n->value) {
			wire_add(w, XS_RM, tx, n->path, strlen(n->path) + 1, NULL, 0);
			continue;
		}
		wire_add(w, XS_WRITE, tx, n->path, strlen(n->path) + 1, n->value, strlen(n->value));
		len = perms_payload(n, b->guest, perms, sizeof(perms));
		if (len)
			wire_add(w, XS_SET_PERMS, tx, n->path, strlen(n->path) + 1, perms, len);
	}
}

static int take_id(void *arg, unsigned int nr, int err, const char *value)
{
	*(uint32_t *)arg = strtoul(value, NULL, 10);
	return err;
}

/* To remove what is not there is fine. */
static int missing_is_fine(void *arg, unsigned int nr, int err, const char *value)
{
	return err == -ENOENT ? 0 : err;
}

/* One attempt: -EAGAIN if others interfered. */
static int try_commit(int fd, const struct batch *b)
{
	struct wire w = {0};
	uint32_t tx = 0;
	int ret, err;

	wire_add(&w, XS_TRANSACTION_START, 0, "", 1, NULL, 0);
	ret = wire_exchange(fd, &w, take_id, &tx);
	if (ret)
		return ret;
	add_requests(&w, tx, b);
	ret = wire_exchange(fd, &w, missing_is_fine, NULL);
	wire_add(&w, XS_TRANSACTION_END, tx, ret ? "F" : "T", 2, NULL, 0);
	err = wire_exchange(fd, &w, NULL, NULL);
	return ret ? ret : err;
}

int batch_commit(struct toolstack *t, struct batch *b)
{
	int fd, i, ret = -EAGAIN;

	if (b->failed)
		return ts_fail(t, -ENOMEM, "xl: out of memory");
	fd = wire_connect();
	if (fd < 0)
		return ts_fail(t, fd, "xenstored: cannot be reached: %s", strerror(-fd));
	for (i = 0; ret == -EAGAIN && i < COMMIT_TRIES; i++)
		ret = try_commit(fd, b);
	close(fd);
	if (ret)
		return ts_fail(t, ret, "xenstored: a transaction of %zu nodes failed: %s", b->nr,
			       strerror(-ret));
	return 0;
}
