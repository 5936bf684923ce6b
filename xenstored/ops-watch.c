/* SPDX-License-Identifier: MIT */
/* WATCH, UNWATCH, RESET_WATCHES.  Called by request.c; the work is in watch.c. */
#include "xenstored/request.h"

#include "xenstored/conn.h"
#include "xenstored/transaction.h"

#include <errno.h>
#include <string.h>

/* Any "@name" may be watched, though only two of them ever happen. */
static int watch_path(const struct request *r, const char **args, path_buf path)
{
	int rc = request_strings(r, args, 2);

	if (rc < 0)
		return rc;
	if (args[0][0] == '@' && strlen(args[0]) > XENSTORE_REL_PATH_MAX)
		return -EINVAL;
	return path_canonical(r->conn, args[0], true, path);
}

/* WATCH path|token|: the reply, then the first event */
int do_watch(struct request *r)
{
	const char *args[2];
	struct watch *w;
	path_buf path;
	int rc = watch_path(r, args, path);

	if (!rc)
		rc = watch_add(r->conn, path, args[0][0] != '/' && args[0][0] != '@', args[1], &w);
	if (rc)
		return rc;
	reply_ok(r);
	watch_fire_first(w);
	return 0;
}

/* UNWATCH path|token| */
int do_unwatch(struct request *r)
{
	const char *args[2];
	path_buf path;
	int rc = watch_path(r, args, path);

	if (!rc)
		rc = watch_del(r->conn, path, args[1]);
	return rc ? rc : reply_ok(r);
}

/* RESET_WATCHES: the caller's watches and transactions go */
int do_reset_watches(struct request *r)
{
	watch_del_all(r->conn);
	transaction_end_all(r->conn);
	return reply_ok(r);
}
