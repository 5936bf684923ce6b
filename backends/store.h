/* SPDX-License-Identifier: MIT */
/*
 * The store as the backends see it: one libxenstore connection in the event loop, watches with
 * callbacks, and typed reads and writes.
 *
 * A connection that breaks is made again, and every watch is set again on it: its first event
 * makes the owner look at everything anew, so an owner needs no code for that case.  While the
 * connection is away every call answers -ENOTCONN, which is not "there is no such node" (-ENOENT).
 */
#ifndef PVN_BACKENDS_STORE_H
#define PVN_BACKENDS_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct pvn_loop;
struct store;
struct store_watch;

/* path is what changed, as the store names it: the watched path or one below it. */
typedef void store_watch_cb(void *arg, const char *path);

/* Longest path and value we handle; longer ones are -ENAMETOOLONG / -E2BIG. */
#define STORE_PATH_MAX	1024

int store_open(struct pvn_loop *loop, struct store **out);	/* 0 or -errno */
void store_close(struct store *s);

/* Which connection this is: 1, 2, ...  A xenstored that was restarted has forgotten everything, so
 * that a node seen on an earlier one is not there says nothing. */
unsigned int store_epoch(const struct store *s);

/* 0 or -errno.  cb runs from the loop, first soon after this.  *out may not be NULL. */
int store_watch(struct store *s, const char *path, store_watch_cb *cb, void *arg,
		struct store_watch **out);
void store_unwatch(struct store_watch *w);	/* no callback after it; NULL is fine */

/* The value of dir/node in a new string; node may be NULL.  0, -ENOENT, or -errno. */
int store_read(struct store *s, const char *dir, const char *node, char **value);

/* The same as a decimal number of at most max: digits only.  -EINVAL, -ERANGE besides. */
int store_read_uint(struct store *s, const char *dir, const char *node, uint64_t max,
		    uint64_t *value);

/* The names below path: *names is to be free()d in one go.  Count or -errno. */
int store_list(struct store *s, const char *path, char ***names);

int store_write(struct store *s, const char *dir, const char *node, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int store_rm(struct store *s, const char *dir, const char *node);

/* Give dir/node to domain 0, readable by domid alone.  0 or -errno. */
int store_readable_by(struct store *s, const char *dir, const char *node, unsigned int domid);

/*
 * Everything between begin and end is one transaction.  end answers -EAGAIN if something that
 * was read in it has changed meanwhile: nothing has happened, do it again.  Who writes into a
 * directory that somebody else may be removing reads a node of it first, or it comes back.
 */
int store_begin(struct store *s);
int store_end(struct store *s, bool commit);

/* Does the store know domid?  1, 0, or -ENOTCONN. */
int store_introduced(struct store *s, unsigned int domid);

/* Decimal digits only, at most max: 0, -EINVAL, -ERANGE.  For every number a domain writes. */
int parse_uint(const char *text, uint64_t max, uint64_t *value);

#endif
