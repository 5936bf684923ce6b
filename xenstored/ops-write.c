/* SPDX-License-Identifier: MIT */
/*
 * The operations that change nodes: WRITE, MKDIR, RM, SET_PERMS.  Called by request.c; the rules
 * are in view.c, in a transaction by way of transaction.c.
 */
#include "xenstored/request.h"

#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/limit.h"
#include "xenstored/store.h"
#include "xenstored/transaction.h"

#include <errno.h>
#include <string.h>

/* A direct change is done or failed: account, fire, reply. */
static int direct_end(struct request *r, struct view *v, int rc)
{
	if (rc) {
		view_abort(v);
		return rc;
	}
	view_commit(v);
	limit_note_write(r->conn);
	return reply_ok(r);
}

/* The same in a transaction, where the change waits for its end. */
static int tx_end(struct request *r, int rc)
{
	return rc ? rc : reply_ok(r);
}

/* WRITE path|value */
int do_write(struct request *r)
{
	size_t len;
	const char *arg = request_first(r, &len);
	const char *value;
	path_buf path;
	struct view v;
	int rc;

	if (!arg)
		return -EINVAL;
	value = arg + strlen(arg) + 1;
	rc = path_canonical(r->conn, arg, false, path);
	if (rc)
		return rc;
	if (r->tx)
		return tx_end(r, transaction_write(r->tx, path, value, (uint32_t)len));
	view_direct(&v, r->store);
	return direct_end(r, &v, view_write(&v, r->conn, path, value, (uint32_t)len));
}

/* MKDIR path| */
int do_mkdir(struct request *r)
{
	path_buf path;
	struct view v;
	int rc = request_path(r, path);

	if (rc)
		return rc;
	if (r->tx)
		return tx_end(r, transaction_mkdir(r->tx, path));
	view_direct(&v, r->store);
	return direct_end(r, &v, view_mkdir(&v, r->conn, path, NULL));
}

/* RM path| */
int do_rm(struct request *r)
{
	path_buf path;
	struct view v;
	int rc = request_path(r, path);

	if (rc)
		return rc;
	if (r->tx)
		return tx_end(r, transaction_rm(r->tx, path));
	view_direct(&v, r->store);
	return direct_end(r, &v, view_rm(&v, r->conn, path));
}

/* Who hears of @introduceDomain or @releaseDomain: dom0 decides. */
static int set_special(struct request *r, const char *name, struct perms *p)
{
	int sp = special_by_name(name);

	if (sp < 0)
		return sp;
	if (!r->conn->privileged)
		return -EACCES;
	perms_put(r->store->special[sp]);
	r->store->special[sp] = perms_get(p);
	return reply_ok(r);
}

static int set_perms(struct request *r, const char *arg, struct perms *p)
{
	path_buf path;
	struct view v;
	int rc;

	if (*arg == '@')
		return set_special(r, arg, p);
	rc = path_canonical(r->conn, arg, false, path);
	if (rc)
		return rc;
	if (r->tx)
		return tx_end(r, transaction_set_perms(r->tx, path, p));
	view_direct(&v, r->store);
	return direct_end(r, &v, view_set_perms(&v, r->conn, path, p));
}

/* SET_PERMS path|perm|+ */
int do_set_perms(struct request *r)
{
	size_t len;
	const char *arg = request_first(r, &len);
	struct perms *p;
	int rc;

	if (!arg || !len)
		return -EINVAL;
	rc = perms_parse(r->store, arg + strlen(arg) + 1, len, &p);
	if (rc)
		return rc;
	rc = set_perms(r, arg, p);
	perms_put(p);
	return rc;
}
