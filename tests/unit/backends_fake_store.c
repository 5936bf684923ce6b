/* SPDX-License-Identifier: MIT */
/* A store that is an array of nodes.  See backends_fake.h. */
#include "config.h"
#include "tests/unit/backends_fake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <xenstore.h>

#define NODES	256
#define WATCHES	64
#define EVENTS	1024

struct node {
	char path[128];
	char value[256];
};
struct pair {
	char path[128];
	char token[32];
};

static struct node nodes[NODES], saved[NODES];
static int nr_nodes, nr_saved;
static struct pair watches[WATCHES], events[EVENTS];
static int nr_watches, nr_events;
static int event_fd = -1;

bool fake_introduced = true;
int fake_conflicts;
void (*fake_before_commit)(void);

void fake_store_init(void);
void fake_store_init(void)
{
	event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static void event_add(const char *path, const char *token)
{
	uint64_t one = 1;

	if (nr_events == EVENTS || write(event_fd, &one, sizeof(one)) < 0)
		abort();
	snprintf(events[nr_events].path, sizeof(events[0].path), "%s", path);
	snprintf(events[nr_events++].token, sizeof(events[0].token), "%s", token);
}

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

static void fire(const char *path, bool removed)
{
	int i;

	for (i = 0; i < nr_watches; i++) {
		if (below(path, watches[i].path))
			event_add(path, watches[i].token);
		else if (removed && below(watches[i].path, path))
			event_add(watches[i].path, watches[i].token);
	}
}

static struct node *find(const char *path)
{
	int i;

	for (i = 0; i < nr_nodes; i++)
		if (!strcmp(nodes[i].path, path))
			return &nodes[i];
	return NULL;
}

void fake_set(const char *path, const char *fmt, ...)
{
	struct node *n = find(path);
	va_list ap;

	if (!n) {
		if (nr_nodes == NODES)
			abort();
		n = &nodes[nr_nodes++];
		snprintf(n->path, sizeof(n->path), "%s", path);
	}
	va_start(ap, fmt);
	vsnprintf(n->value, sizeof(n->value), fmt, ap);
	va_end(ap);
	fire(path, false);
}

const char *fake_get(const char *path)
{
	struct node *n = find(path);

	return n ? n->value : NULL;
}

void fake_remove(const char *path)
{
	int i, kept = 0;

	for (i = 0; i < nr_nodes; i++)
		if (!below(nodes[i].path, path))
			nodes[kept++] = nodes[i];
	nr_nodes = kept;
	fire(path, true);
}

int fake_count_below(const char *path)
{
	int i, n = 0;

	for (i = 0; i < nr_nodes; i++)
		n += below(nodes[i].path, path);
	return n;
}

static bool broken;

void fake_store_restart(void)
{
	uint64_t one = 1;

	nr_nodes = nr_events = 0;
	broken = true;
	if (write(event_fd, &one, sizeof(one)) < 0)
		abort();
}

void fake_special(const char *name)
{
	fire(name, false);
}

struct xs_handle *xs_open(unsigned long flags)
{
	return (struct xs_handle *)nodes;
}

void xs_close(struct xs_handle *h)
{
	nr_watches = 0;
}

int xs_fileno(struct xs_handle *h)
{
	return event_fd;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	const char *value = fake_get(path);

	if (!value) {
		errno = ENOENT;
		return NULL;
	}
	*len = (unsigned int)strlen(value);
	return strdup(value);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	fake_set(path, "%.*s", (int)len, (const char *)data);
	return true;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	fake_remove(path);
	return true;
}

/* Names directly below path, once each. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	char **list = calloc(1, NODES * (sizeof(char *) + 64)), *at = (char *)(list + NODES);
	size_t skip = strlen(path) + 1;
	unsigned int n = 0, i;
	bool any = false;
	int j;

	for (j = 0; j < nr_nodes; j++) {
		any |= below(nodes[j].path, path);
		if (!below(nodes[j].path, path) || strlen(nodes[j].path) < skip)
			continue;
		snprintf(at, 64, "%.*s", (int)strcspn(nodes[j].path + skip, "/"), nodes[j].path + skip);
		for (i = 0; i < n && strcmp(list[i], at); i++)
			;
		if (i == n) {
			list[n++] = at;
			at += 64;
		}
	}
	if (!any) {
		free(list);
		errno = ENOENT;
		return NULL;
	}
	*num = n;
	return list;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num)
{
	return true;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	if (nr_watches == WATCHES)
		abort();
	snprintf(watches[nr_watches].path, sizeof(watches[0].path), "%s", path);
	snprintf(watches[nr_watches++].token, sizeof(watches[0].token), "%s", token);
	event_add(path, token);
	return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	int i;

	for (i = 0; i < nr_watches; i++) {
		if (strcmp(watches[i].token, token))
			continue;
		watches[i] = watches[--nr_watches];
		return true;
	}
	errno = ENOENT;
	return false;
}

char **xs_check_watch(struct xs_handle *h)
{
	uint64_t count;
	char **ev;

	if (broken) {
		broken = false;
		errno = EBADF;
		return NULL;
	}
	if (!nr_events) {
		if (read(event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
			abort();
		errno = EAGAIN;
		return NULL;
	}
	ev = malloc(2 * sizeof(*ev) + sizeof(struct pair));
	memcpy(ev + 2, &events[0], sizeof(struct pair));
	ev[XS_WATCH_PATH] = ((struct pair *)(void *)(ev + 2))->path;
	ev[XS_WATCH_TOKEN] = ((struct pair *)(void *)(ev + 2))->token;
	memmove(&events[0], &events[1], (size_t)--nr_events * sizeof(events[0]));
	return ev;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	memcpy(saved, nodes, sizeof(saved));
	nr_saved = nr_nodes;
	return 1;
}

static void roll_back(void)
{
	memcpy(nodes, saved, sizeof(saved));
	nr_nodes = nr_saved;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abandon)
{
	void (*hook)(void) = fake_before_commit;

	if (abandon) {
		roll_back();
		return true;
	}
	if (hook) {		/* somebody else was faster */
		fake_before_commit = NULL;
		roll_back();
		hook();
		errno = EAGAIN;
		return false;
	}
	if (fake_conflicts) {
		fake_conflicts--;
		roll_back();
		errno = EAGAIN;
		return false;
	}
	return true;
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	return fake_introduced && domid == FAKE_DOMID;
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
					  unsigned int *num)
{
	*num = 1;
	return calloc(1, sizeof(struct xs_permissions));
}
