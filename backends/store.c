/* SPDX-License-Identifier: MIT */
/*
 * The libxenstore connection of a backend program.
 *
 * xenstored is trusted; the values it hands out may come from a domain and are not: they are
 * bounded by the protocol (4096 bytes) and judged by who asked.
 */
#include "config.h"
#include "backends/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstore.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"

#define RETRY_NS	500000000ull
#define EVENTS_PER_TURN	256	/* so that a storm of events leaves the rings their turn */

struct store_watch {
	struct store *store;
	TAILQ_ENTRY(store_watch) entry;
	uint64_t token;		/* never used twice, so an event in flight finds its owner or nobody */
	char *path;
	store_watch_cb *cb;
	void *arg;
};

TAILQ_HEAD(store_watches, store_watch);
#define TOKEN_BUCKETS	256

struct store {
	struct pvn_loop *loop;
	struct xs_handle *xs;		/* NULL while the connection is away */
	struct pvn_watch *fd_watch;
	int sentinel;			/* -1: none */
	struct pvn_watch *sentinel_watch;
	unsigned int epoch;
	struct pvn_timer *retry;
	xs_transaction_t txn;		/* XBT_NULL outside of store_begin..store_end */
	bool more;			/* store_more is due */
	uint64_t next_token;
	struct store_watches watches[TOKEN_BUCKETS];	/* by token */
};

static void store_event(void *arg, uint32_t revents);

static struct store_watches *bucket(struct store *s, uint64_t token)
{
	return &s->watches[token % TOKEN_BUCKETS];
}

static bool watch_set(struct store_watch *w)
{
	char token[24];

	snprintf(token, sizeof(token), "%llx", (unsigned long long)w->token);
	return xs_watch(w->store->xs, w->path, token);
}

static void store_lost(struct store *s);

static void sentinel_event(void *arg, uint32_t revents)
{
	store_lost(arg);
}

/*
 * libxenstore does not say when its connection ends: its descriptor stays quiet.  So we have
 * another connection to the same socket, on which nothing is ever said, and which hangs up.
 */
static void sentinel_open(struct store *s)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("XENSTORED_PATH");

	s->sentinel = -1;
	if (!path || strlen(path) >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, strlen(path));
	s->sentinel = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->sentinel < 0)
		return;
	if (connect(s->sentinel, (struct sockaddr *)&addr, sizeof(addr)) ||
	    pvn_loop_add_fd(s->loop, s->sentinel, POLLIN, sentinel_event, s, &s->sentinel_watch)) {
		close(s->sentinel);
		s->sentinel = -1;
	}
}

static void sentinel_close(struct store *s)
{
	pvn_loop_del_fd(s->sentinel_watch);
	s->sentinel_watch = NULL;
	if (s->sentinel >= 0)
		close(s->sentinel);
	s->sentinel = -1;
}

static int store_connect(struct store *s)
{
	struct store_watch *w;
	unsigned int i;
	int rc;

	s->xs = xs_open(0);
	if (!s->xs)
		return errno ? -errno : -ENOTCONN;
	rc = pvn_loop_add_fd(s->loop, xs_fileno(s->xs), POLLIN, store_event, s, &s->fd_watch);
	if (rc) {
		xs_close(s->xs);
		s->xs = NULL;
		return rc;
	}
	s->epoch++;
	sentinel_open(s);
	for (i = 0; i < TOKEN_BUCKETS; i++)
		TAILQ_FOREACH(w, &s->watches[i], entry)
			watch_set(w);
	return 0;
}

static void store_disconnect(struct store *s)
{
	pvn_loop_del_fd(s->fd_watch);
	s->fd_watch = NULL;
	sentinel_close(s);
	xs_close(s->xs);
	s->xs = NULL;
}

static void store_retry(void *arg)
{
	struct store *s = arg;

	s->retry = NULL;
	if (!store_connect(s))
		pvn_log(LOG_NOTICE, "connected to xenstored again");
	else
		pvn_loop_add_timer(s->loop, RETRY_NS, store_retry, s, &s->retry);
}

static void store_lost(struct store *s)
{
	if (!s->xs)
		return;
	pvn_log(LOG_WARNING, "lost the connection to xenstored, trying again");
	store_disconnect(s);
	pvn_loop_add_timer(s->loop, RETRY_NS, store_retry, s, &s->retry);
}

static void store_dispatch(struct store *s, const char *path, const char *text)
{
	uint64_t token = strtoull(text, NULL, 16);
	struct store_watch *w;

	TAILQ_FOREACH(w, bucket(s, token), entry) {
		if (w->token == token) {
			w->cb(w->arg, path);
			return;
		}
	}
}

static void store_more(void *arg)
{
	struct store *s = arg;

	s->more = false;
	store_event(s, 0);
}

static void store_event(void *arg, uint32_t revents)
{
	struct store *s = arg;
	char **event;
	int n;

	for (n = 0; n < EVENTS_PER_TURN && s->xs; n++) {
		errno = 0;
		event = xs_check_watch(s->xs);
		if (!event) {
			/* The reader thread of libxenstore hangs up when its socket ends. */
			if (errno != EAGAIN || (revents & (POLLHUP | POLLERR | POLLNVAL)))
				store_lost(s);
			return;
		}
		store_dispatch(s, event[XS_WATCH_PATH], event[XS_WATCH_TOKEN]);
		free(event);
	}
	/* The descriptor need not stay readable for what is left (xenstore.h). */
	if (s->xs && !s->more)
		s->more = pvn_loop_add_deferred(s->loop, store_more, s) == 0;
}

int store_open(struct pvn_loop *loop, struct store **out)
{
	struct store *s = calloc(1, sizeof(*s));
	unsigned int i;
	int rc;

	if (!s)
		return -ENOMEM;
	s->loop = loop;
	for (i = 0; i < TOKEN_BUCKETS; i++)
		TAILQ_INIT(&s->watches[i]);
	rc = store_connect(s);
	if (rc) {
		free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	unsigned int i;

	if (!s)
		return;
	for (i = 0; i < TOKEN_BUCKETS; i++)
		while (!TAILQ_EMPTY(&s->watches[i]))
			store_unwatch(TAILQ_FIRST(&s->watches[i]));
	pvn_loop_del_timer(s->retry);
	if (s->xs)
		store_disconnect(s);
	free(s);
}

unsigned int store_epoch(const struct store *s)
{
	return s->epoch;
}

int store_watch(struct store *s, const char *path, store_watch_cb *cb, void *arg,
		struct store_watch **out)
{
	struct store_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->store = s;
	w->token = ++s->next_token;
	w->path = strdup(path);
	w->cb = cb;
	w->arg = arg;
	if (!w->path) {
		free(w);
		return -ENOMEM;
	}
	TAILQ_INSERT_HEAD(bucket(s, w->token), w, entry);
	/* Without a connection it is set with the others when there is one again. */
	if (s->xs && !watch_set(w)) {
		int rc = errno ? -errno : -EIO;

		TAILQ_REMOVE(bucket(s, w->token), w, entry);
		free(w->path);
		free(w);
		return rc;
	}
	*out = w;
	return 0;
}

void store_unwatch(struct store_watch *w)
{
	char token[24];

	if (!w)
		return;
	snprintf(token, sizeof(token), "%llx", (unsigned long long)w->token);
	if (w->store->xs)
		xs_unwatch(w->store->xs, w->path, token);
	TAILQ_REMOVE(bucket(w->store, w->token), w, entry);
	free(w->path);
	free(w);
}

static int join(char *buf, const char *dir, const char *node)
{
	int n = snprintf(buf, STORE_PATH_MAX, node ? "%s/%s" : "%s", dir, node);

	return n >= STORE_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* libxenstore's errno; a broken connection counts as none. */
static int store_errno(void)
{
	switch (errno) {
	case ENOENT: case EACCES: case EINVAL: case ENOSPC: case EROFS: case E2BIG:
	case EAGAIN: case EEXIST: case ENOMEM: case EPERM: case EISDIR:
		return -errno;
	default:
		return -ENOTCONN;
	}
}

int store_read(struct store *s, const char *dir, const char *node, char **value)
{
	char path[STORE_PATH_MAX];
	unsigned int len;
	int rc = join(path, dir, node);

	if (rc)
		return rc;
	if (!s->xs)
		return -ENOTCONN;
	*value = xs_read(s->xs, s->txn, path, &len);
	return *value ? 0 : store_errno();
}

int parse_uint(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	const char *c;

	if (!*text)
		return -EINVAL;
	for (c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*c - '0'), &v))
			return -ERANGE;
	}
	if (v > max)
		return -ERANGE;
	*value = v;
	return 0;
}

int store_read_uint(struct store *s, const char *dir, const char *node, uint64_t max,
		    uint64_t *value)
{
	char *text;
	int rc = store_read(s, dir, node, &text);

	if (rc)
		return rc;
	rc = parse_uint(text, max, value);
	free(text);
	return rc;
}

int store_list(struct store *s, const char *path, char ***names)
{
	unsigned int n;

	if (!s->xs)
		return -ENOTCONN;
	*names = xs_directory(s->xs, s->txn, path, &n);
	return *names ? (int)n : store_errno();
}

int store_write(struct store *s, const char *dir, const char *node, const char *fmt, ...)
{
	char path[STORE_PATH_MAX], value[1024];
	va_list ap;
	int rc = join(path, dir, node), n;

	if (rc)
		return rc;
	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		return -E2BIG;
	if (!s->xs)
		return -ENOTCONN;
	return xs_write(s->xs, s->txn, path, value, (unsigned int)n) ? 0 : store_errno();
}

int store_rm(struct store *s, const char *dir, const char *node)
{
	char path[STORE_PATH_MAX];
	int rc = join(path, dir, node);

	if (rc)
		return rc;
	if (!s->xs)
		return -ENOTCONN;
	return xs_rm(s->xs, s->txn, path) ? 0 : store_errno();
}

int store_readable_by(struct store *s, const char *dir, const char *node, unsigned int domid)
{
	struct xs_permissions perms[2] = {
		{ .id = 0, .perms = XS_PERM_NONE },
		{ .id = domid, .perms = XS_PERM_READ },
	};
	char path[STORE_PATH_MAX];
	int rc = join(path, dir, node);

	if (rc)
		return rc;
	if (!s->xs)
		return -ENOTCONN;
	return xs_set_permissions(s->xs, s->txn, path, perms, 2) ? 0 : store_errno();
}

int store_begin(struct store *s)
{
	if (!s->xs)
		return -ENOTCONN;
	s->txn = xs_transaction_start(s->xs);
	return s->txn == XBT_NULL ? store_errno() : 0;
}

int store_end(struct store *s, bool commit)
{
	xs_transaction_t txn = s->txn;

	s->txn = XBT_NULL;
	if (!s->xs)
		return -ENOTCONN;
	return xs_transaction_end(s->xs, txn, !commit) ? 0 : store_errno();
}

int store_introduced(struct store *s, unsigned int domid)
{
	if (!s->xs)
		return -ENOTCONN;
	return xs_is_domain_introduced(s->xs, domid) ? 1 : 0;
}
