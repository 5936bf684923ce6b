/* SPDX-License-Identifier: MIT */
/* Paths of clients.  Called by every operation with a path; arg is hostile but NUL-terminated. */
#include "xenstored/path.h"

#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/quota.h"
#include "xenstored/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool char_valid(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '/' || c == '_' || c == '@';
}

static bool chars_valid(const char *p)
{
	for (; *p; p++)
		if (!char_valid(*p) || (p[0] == '/' && p[1] == '/'))
			return false;
	return true;
}

/* Of the quota's length the domain's own prefix does not count: its number is not its choice. */
static size_t counted_len(const char *path)
{
	unsigned domid;
	int off = 0;

	if (sscanf(path, "/local/domain/%5u/%n", &domid, &off) != 1)
		off = 0;
	return strlen(path) - (size_t)off;
}

int path_canonical(const struct conn *c, const char *arg, bool special, path_buf out)
{
	size_t len = strlen(arg), prefix = 0;

	if (!len)
		return -EINVAL;
	if (arg[0] != '/' && (!special || arg[0] != '@')) {
		if (len > XENSTORE_REL_PATH_MAX)
			return -EINVAL;
		prefix = (size_t)snprintf(out, sizeof(path_buf), "/local/domain/%u/", c->domain->domid);
	}
	if (prefix + len > XENSTORE_ABS_PATH_MAX)
		return -EINVAL;
	memcpy(out + prefix, arg, len + 1);
	if (!chars_valid(out) || (prefix + len > 1 && out[prefix + len - 1] == '/'))
		return -EINVAL;
	/* A relative "@..." is a name that only looks like a special one. */
	if (prefix && arg[0] == '@')
		return -EINVAL;
	if (!c->privileged && quota_exceeded(c->store, QUOTA_PATH, counted_len(out)))
		return -EINVAL;
	return 0;
}

size_t path_parent_len(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}
