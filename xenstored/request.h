/* SPDX-License-Identifier: MIT */
/* Requests: from a message to the operation that serves it, and its reply. */
#ifndef XENSTORED_REQUEST_H
#define XENSTORED_REQUEST_H

#include "xenstored/path.h"
#include "xenstored/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

struct conn;
struct store;
struct transaction;

struct request {
	struct conn *conn;
	struct store *store;
	struct transaction *tx;		/* NULL: none */
	struct xsd_sockmsg msg;
	const char *body;		/* msg.len bytes, the client's */
};

/* An operation replies itself and returns 0, or returns -errno, which becomes the ERROR reply. */
typedef int request_fn(struct request *r);

/* Serve one message; body has msg->len <= XENSTORE_PAYLOAD_MAX bytes. */
void request_handle(struct conn *c, const struct xsd_sockmsg *msg, const char *body);

int reply_data(struct request *r, const void *data, size_t len);	/* 0 */
int reply_ok(struct request *r);
int reply_string(struct request *r, const char *s);	/* with its NUL */

/* The name of an error on the wire; EINVAL for those the protocol has no name for. */
const char *error_name(int err);

/*
 * Arguments are strings ended by NULs.  Exactly max of them, nothing behind: their number into
 * args[]; -EINVAL otherwise.
 */
int request_strings(const struct request *r, const char **args, unsigned max);
/* The string the body begins with, and how long the rest behind its NUL is.  NULL: none. */
const char *request_first(const struct request *r, size_t *rest);
/* Decimal number up to max.  0 or -EINVAL. */
int parse_number(const char *s, uint64_t max, uint64_t *v);
/* The only argument is a path. 0 or -EINVAL. */
int request_path(const struct request *r, path_buf path);

/* The tree the request works on. */
void request_view(struct request *r, struct view *v);
/* A node the client is to be told about: noted in the transaction, permission checked. */
int request_node(struct request *r, const char *path, unsigned what, const struct node **n);

/* The operations, by file. */
request_fn do_directory, do_directory_part, do_read, do_get_perms;		/* ops-read.c */
request_fn do_write, do_mkdir, do_rm, do_set_perms;				/* ops-write.c */
request_fn do_watch, do_unwatch, do_reset_watches;				/* ops-watch.c */
request_fn do_transaction_start, do_transaction_end;				/* ops-transaction.c */
request_fn do_introduce, do_release, do_get_domain_path, do_is_domain_introduced;	/* ops-domain.c */
request_fn do_resume, do_set_target;
request_fn do_control;								/* control.c */

#endif
