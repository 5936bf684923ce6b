/* SPDX-License-Identifier: MIT */
/* The store's operations, one function each, as <pv/xenbus.h> has them. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/xenstore_internal.h>

#define PATH_MAX_LEN	512

/* "dir/node" with its NUL. 0 or -ENAMETOOLONG. */
static int path_make(char *buf, const char *dir, const char *node, struct xs_part *part)
{
	bool bare = node == NULL || *node == 0;
	int n = pv_snprintf(buf, PATH_MAX_LEN, "%s%s%s", dir, bare ? "" : "/", bare ? "" : node);

	if (n >= PATH_MAX_LEN)
		return -ENAMETOOLONG;
	part->data = buf;
	part->len = n + 1;
	return 0;
}

static int path_op(xs_tx_t tx, enum xsd_sockmsg_type type, const char *dir, const char *node,
		   char **reply, size_t *len)
{
	char path[PATH_MAX_LEN];
	struct xs_part part;
	int rc = path_make(path, dir, node, &part);

	return rc != 0 ? rc : xs_talk(tx, type, &part, 1, reply, len);
}

int xenbus_read(xs_tx_t tx, const char *dir, const char *node, char **value, size_t *len)
{
	return path_op(tx, XS_READ, dir, node, value, len);
}

int xenbus_read_u64(xs_tx_t tx, const char *dir, const char *node, uint64_t *value)
{
	char *text;
	int rc = xenbus_read(tx, dir, node, &text, NULL);

	if (rc != 0)
		return rc;
	rc = parse_u64(text, value);
	kfree(text);
	return rc;
}

int xenbus_write(xs_tx_t tx, const char *dir, const char *node, const char *value)
{
	char path[PATH_MAX_LEN];
	struct xs_part parts[2] = { { 0 }, { value, strlen(value) } };
	int rc = path_make(path, dir, node, &parts[0]);

	return rc != 0 ? rc : xs_talk(tx, XS_WRITE, parts, 2, NULL, NULL);
}

int xenbus_printf(xs_tx_t tx, const char *dir, const char *node, const char *fmt, ...)
{
	char value[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = pv_vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	return n >= (int)sizeof(value) ? -E2BIG : xenbus_write(tx, dir, node, value);
}

int xenbus_mkdir(xs_tx_t tx, const char *dir, const char *node)
{
	return path_op(tx, XS_MKDIR, dir, node, NULL, NULL);
}

int xenbus_rm(xs_tx_t tx, const char *dir, const char *node)
{
	return path_op(tx, XS_RM, dir, node, NULL, NULL);
}

/* The reply is name\0name\0...: one block is made of the pointers and a copy of that. */
int xenbus_directory(xs_tx_t tx, const char *dir, const char *node, char ***names,
		     unsigned int *count)
{
	char *reply, *text;
	size_t len, at;
	unsigned int n = 0;
	int rc = path_op(tx, XS_DIRECTORY, dir, node, &reply, &len);

	if (rc != 0)
		return rc;
	for (at = 0; at < len; at += strlen(reply + at) + 1)
		n++;
	*names = kmalloc((n + 1) * sizeof(char *) + len + 1);
	if (*names == NULL) {
		kfree(reply);
		return -ENOMEM;
	}
	text = (char *)(*names + n + 1);
	memcpy(text, reply, len + 1);
	kfree(reply);
	n = 0;
	for (at = 0; at < len; at += strlen(text + at) + 1)
		(*names)[n++] = text + at;
	(*names)[n] = NULL;
	*count = n;
	return 0;
}

int xenbus_transaction_start(xs_tx_t *tx)
{
	struct xs_part empty = { "", 1 };
	uint64_t id = 0;
	char *reply;
	int rc = xs_talk(XS_NO_TX, XS_TRANSACTION_START, &empty, 1, &reply, NULL);

	if (rc != 0)
		return rc;
	rc = parse_u64(reply, &id);
	kfree(reply);
	*tx = id;
	return rc;
}

int xenbus_transaction_end(xs_tx_t tx, bool abort)
{
	struct xs_part part = { abort ? "F" : "T", 2 };

	return xs_talk(tx, XS_TRANSACTION_END, &part, 1, NULL, NULL);
}
