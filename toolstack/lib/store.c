/* SPDX-License-Identifier: MIT */
/*
 * Single store nodes by printf-style paths, over libxenstore.  Called all over the toolstack.
 * Values that guests can write are bytes of unknown content: callers parse them as such.
 */
#include "config.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/toolstack.h"

#define FORMAT_PATH(path, fmt)                                                                     \
	do {                                                                                       \
		va_list ap_;                                                                       \
		va_start(ap_, fmt);                                                                \
		vsnprintf(path, sizeof(path), fmt, ap_);                                           \
		va_end(ap_);                                                                       \
	} while (0)

char *store_read(struct toolstack *t, const char *fmt, ...)
{
	char path[PATH_BYTES];
	unsigned int len;

	FORMAT_PATH(path, fmt);
	return xs_read(t->xs, XBT_NULL, path, &len);
}

long store_number(struct toolstack *t, long missing, const char *fmt, ...)
{
	char path[PATH_BYTES], *value, *end;
	unsigned int len;
	long n;

	FORMAT_PATH(path, fmt);
	value = xs_read(t->xs, XBT_NULL, path, &len);
	if (!value)
		return missing;
	errno = 0;
	n = strtol(value, &end, 10);
	if (errno || end == value || *end)
		n = missing;
	free(value);
	return n;
}

int store_write(struct toolstack *t, const char *value, const char *fmt, ...)
{
	char path[PATH_BYTES];

	FORMAT_PATH(path, fmt);
	if (xs_write(t->xs, XBT_NULL, path, value, strlen(value)))
		return 0;
	return ts_fail(t, -errno, "xenstored: cannot write %s: %s", path, strerror(errno));
}

void store_remove(struct toolstack *t, const char *fmt, ...)
{
	char path[PATH_BYTES];

	FORMAT_PATH(path, fmt);
	xs_rm(t->xs, XBT_NULL, path);
}

char **store_list(struct toolstack *t, unsigned int *nr, const char *fmt, ...)
{
	char path[PATH_BYTES];

	FORMAT_PATH(path, fmt);
	*nr = 0;
	return xs_directory(t->xs, XBT_NULL, path, nr);
}
