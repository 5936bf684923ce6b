/* SPDX-License-Identifier: MIT */
/* The operations that look: READ, DIRECTORY, DIRECTORY_PART, GET_PERMS. Called by request.c. */
#include "xenstored/request.h"

#include "xenstored/conn.h"
#include "xenstored/store.h"
#include "xenstored/transaction.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* READ path| -> value, without a NUL */
int do_read(struct request *r)
{
	const struct node *n;
	path_buf path;
	int rc = request_path(r, path);

	if (!rc)
		rc = request_node(r, path, READ_NODE, &n);
	if (rc)
		return rc;
	/* It fits: it came in one message together with its path. */
	return reply_data(r, n->value ? n->value->data : "", node_len(n));
}

/* DIRECTORY path| -> name|*; -E2BIG: ask in parts */
int do_directory(struct request *r)
{
	char names[XENSTORE_PAYLOAD_MAX];
	const struct node *n;
	path_buf path;
	int rc = request_path(r, path);

	if (!rc)
		rc = request_node(r, path, READ_KIDS, &n);
	if (rc)
		return rc;
	if (kids_bytes(n->kids) > sizeof(names))
		return -E2BIG;
	return reply_data(r, names, kids_names(n->kids, 0, names, sizeof(names)));
}

/* DIRECTORY_PART path|offset| -> generation|name|*, ended by an empty name behind the last */
int do_directory_part(struct request *r)
{
	char buf[XENSTORE_PAYLOAD_MAX];
	const struct node *n;
	const char *args[2];
	path_buf path;
	uint64_t offset;
	size_t gen_len, len;
	int rc = request_strings(r, args, 2);

	if (rc >= 0)
		rc = path_canonical(r->conn, args[0], false, path);
	if (!rc)
		rc = parse_number(args[1], UINT32_MAX, &offset);
	if (!rc)
		rc = request_node(r, path, READ_KIDS, &n);
	if (rc)
		return rc;
	gen_len = (size_t)snprintf(buf, sizeof(buf), "%" PRIu64, n->kids_gen) + 1;
	len = kids_names(n->kids, (uint32_t)offset, buf + gen_len, sizeof(buf) - gen_len - 1);
	if (offset + len >= kids_bytes(n->kids))
		buf[gen_len + len++] = 0;
	return reply_data(r, buf, gen_len + len);
}

/* GET_PERMS path| -> perm|+; also of the special nodes */
int do_get_perms(struct request *r)
{
	char buf[XENSTORE_PAYLOAD_MAX];
	const struct node *n;
	const struct perms *p;
	const char *arg;
	path_buf path;
	int rc = request_strings(r, &arg, 1);

	if (rc < 0)
		return rc;
	if (*arg == '@') {
		rc = special_by_name(arg);
		if (rc < 0)
			return rc;
		p = r->store->special[rc];
		if (!(perms_for(r->conn, p) & PERM_READ))
			return -EACCES;
	} else {
		rc = path_canonical(r->conn, arg, false, path);
		if (!rc)
			rc = request_node(r, path, READ_NODE, &n);
		if (rc)
			return rc;
		p = n->perms;
	}
	rc = perms_format(r->store, p, buf, sizeof(buf));
	return rc < 0 ? rc : reply_data(r, buf, (size_t)rc);
}
