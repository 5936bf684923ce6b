/* SPDX-License-Identifier: MIT */
/*
 * From a message to the operation.  Called by connection.c.  Everything in a message is the
 * client's word; its length was checked.
 *
 * Tour: 60. Where a store request arrives.
 */
#include <errno.h>	/* before xs_wire.h: it has the table of error names only then */

#include "xenstored/request.h"

#include "libs/util/log.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/store.h"
#include "xenstored/transaction.h"

#include <string.h>

#define PRIVILEGED	1U	/* guests get EACCES */
#define NO_TX		2U	/* tx_id is ignored */

static const struct {
	const char *name;
	request_fn *fn;
	unsigned flags;
} ops[XS_TYPE_COUNT] = {
	[XS_CONTROL] = { "CONTROL", do_control, PRIVILEGED },
	[XS_DIRECTORY] = { "DIRECTORY", do_directory, 0 },
	[XS_READ] = { "READ", do_read, 0 },
	[XS_GET_PERMS] = { "GET_PERMS", do_get_perms, 0 },
	[XS_WATCH] = { "WATCH", do_watch, NO_TX },
	[XS_UNWATCH] = { "UNWATCH", do_unwatch, NO_TX },
	[XS_TRANSACTION_START] = { "TRANSACTION_START", do_transaction_start, 0 },
	[XS_TRANSACTION_END] = { "TRANSACTION_END", do_transaction_end, 0 },
	[XS_INTRODUCE] = { "INTRODUCE", do_introduce, PRIVILEGED },
	[XS_RELEASE] = { "RELEASE", do_release, PRIVILEGED },
	[XS_GET_DOMAIN_PATH] = { "GET_DOMAIN_PATH", do_get_domain_path, 0 },
	[XS_WRITE] = { "WRITE", do_write, 0 },
	[XS_MKDIR] = { "MKDIR", do_mkdir, 0 },
	[XS_RM] = { "RM", do_rm, 0 },
	[XS_SET_PERMS] = { "SET_PERMS", do_set_perms, 0 },
	[XS_IS_DOMAIN_INTRODUCED] = { "IS_DOMAIN_INTRODUCED", do_is_domain_introduced, PRIVILEGED },
	[XS_RESUME] = { "RESUME", do_resume, PRIVILEGED },
	[XS_SET_TARGET] = { "SET_TARGET", do_set_target, PRIVILEGED },
	[XS_RESET_WATCHES] = { "RESET_WATCHES", do_reset_watches, NO_TX },
	[XS_DIRECTORY_PART] = { "DIRECTORY_PART", do_directory_part, 0 },
};

const char *error_name(int err)
{
	size_t i;

	for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (xsd_errors[i].errnum == err)
			return xsd_errors[i].errstring;
	return "EINVAL";
}

int reply_data(struct request *r, const void *data, size_t len)
{
	conn_reply(r->conn, &r->msg, r->msg.type, data, len);
	return 0;
}

int reply_string(struct request *r, const char *s)
{
	return reply_data(r, s, strlen(s) + 1);
}

int reply_ok(struct request *r)
{
	return reply_string(r, "OK");
}

static int request_run(struct request *r)
{
	if (r->msg.type >= XS_TYPE_COUNT || !ops[r->msg.type].fn)
		return -ENOSYS;
	if ((ops[r->msg.type].flags & PRIVILEGED) && !r->conn->privileged)
		return -EACCES;
	if (r->msg.tx_id && !(ops[r->msg.type].flags & NO_TX)) {
		r->tx = transaction_find(r->conn, r->msg.tx_id);
		if (!r->tx)
			return -ENOENT;
		if (!r->tx->base && r->msg.type != XS_TRANSACTION_END)
			return -EAGAIN;	/* given up: transactions_age() */
	}
	return ops[r->msg.type].fn(r);
}

static const char *op_name(uint32_t type)
{
	return type < XS_TYPE_COUNT && ops[type].name ? ops[type].name : "?";
}

void request_handle(struct conn *c, const struct xsd_sockmsg *msg, const char *body)
{
	struct request r = { .conn = c, .store = c->store, .msg = *msg, .body = body };
	bool trace = c->store->trace;
	const char *name;
	int rc;

	if (trace)
		pvn_log(LOG_INFO, "domain %u, connection %llu: %s tx %u %.*s", c->domain->domid,
			(unsigned long long)c->id, op_name(msg->type), msg->tx_id,
			(int)strnlen(body, msg->len), body);
	rc = request_run(&r);
	if (rc >= 0)
		return;
	name = error_name(-rc);
	if (trace)
		pvn_log(LOG_INFO, "domain %u, connection %llu: %s: %s", c->domain->domid,
			(unsigned long long)c->id, op_name(msg->type), name);
	conn_reply(c, msg, XS_ERROR, name, strlen(name) + 1);
}

int request_strings(const struct request *r, const char **args, unsigned max)
{
	uint32_t at = 0;
	unsigned n;

	if (!r->msg.len || r->body[r->msg.len - 1])
		return -EINVAL;
	for (n = 0; at < r->msg.len; n++) {
		if (n == max)
			return -EINVAL;
		args[n] = r->body + at;
		at += (uint32_t)strlen(r->body + at) + 1;
	}
	return n == max ? (int)n : -EINVAL;
}

const char *request_first(const struct request *r, size_t *rest)
{
	const char *nul = r->msg.len ? memchr(r->body, 0, r->msg.len) : NULL;

	if (!nul)
		return NULL;
	*rest = r->msg.len - (size_t)(nul - r->body) - 1;
	return r->body;
}

int parse_number(const char *s, uint64_t max, uint64_t *v)
{
	uint64_t n = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || n > (max - (unsigned)(*s - '0')) / 10)
			return -EINVAL;
		n = n * 10 + (unsigned)(*s - '0');
	}
	*v = n;
	return 0;
}

int request_path(const struct request *r, path_buf path)
{
	const char *arg;

	if (request_strings(r, &arg, 1) < 0)
		return -EINVAL;
	return path_canonical(r->conn, arg, false, path);
}

void request_view(struct request *r, struct view *v)
{
	if (r->tx)
		*v = r->tx->view;
	else
		*v = (struct view){ .s = r->store, .root = &r->store->root };
}

int request_node(struct request *r, const char *path, unsigned what, const struct node **n)
{
	struct view v;
	int rc = r->tx ? transaction_note_read(r->tx, path, what) : 0;

	request_view(r, &v);
	return rc ? rc : view_find(&v, r->conn, path, PERM_READ, n);
}
