/* SPDX-License-Identifier: MIT */
/*
 * The log file of one console.  The contents come from the domain and are written as they are;
 * the name comes from the toolstack, but xl rename takes anything, so it is cleaned.
 *
 * The file is made at the first byte: a domain that is never started leaves none.
 */
#include "config.h"
#include "backends/console_log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libs/util/log.h"

static void log_reopen(struct console_log *l)
{
	struct stat st;

	l->fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
		     0600);
	l->size = l->fd >= 0 && fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

int console_log_open(struct console_log *l, const char *dir, const char *name,
		     uint64_t rotate_size, unsigned int keep)
{
	char *c;

	*l = (struct console_log){ .fd = -1, .rotate_size = rotate_size, .keep = keep };
	if (asprintf(&l->path, "%s/guest-%s.log", dir, name) < 0) {
		l->path = NULL;
		return -ENOMEM;
	}
	for (c = l->path + strlen(dir) + 1; *c; c++)
		if (*c == '/' || iscntrl((unsigned char)*c))
			*c = '_';
	return 0;
}

void console_log_close(struct console_log *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	free(l->path);
	l->path = NULL;
}

static void log_rotate(struct console_log *l)
{
	char from[4096], to[4096];
	unsigned int i;

	close(l->fd);
	for (i = l->keep; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", l->path, i);
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%u", l->path, i - 1);
		else
			snprintf(from, sizeof(from), "%s", l->path);
		rename(from, to);
	}
	if (!l->keep)
		unlink(l->path);
	log_reopen(l);
}

static void log_failed(struct console_log *l)
{
	if (!l->said)
		pvn_log(LOG_WARNING, "%s: %s; console output is lost there", l->path, strerror(errno));
	l->said = true;
}

void console_log_write(struct console_log *l, const void *data, size_t n)
{
	ssize_t done;

	if (!l->path)
		return;
	if (l->fd < 0)
		log_reopen(l);
	if (l->fd >= 0 && l->rotate_size && l->size && l->size + n > l->rotate_size)
		log_rotate(l);
	if (l->fd < 0) {
		log_failed(l);
		return;
	}
	done = write(l->fd, data, n);
	if (done < 0) {
		log_failed(l);
		return;
	}
	l->size += (uint64_t)done;
	l->said = (size_t)done < n && l->said;
}
