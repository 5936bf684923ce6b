/* SPDX-License-Identifier: MIT */
/* A log file that never grows beyond a size: FILE, FILE.1 (older), FILE.2 ... */
#ifndef PVN_BACKENDS_CONSOLE_LOG_H
#define PVN_BACKENDS_CONSOLE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console_log {
	char *path;
	int fd;			/* -1: not made yet, or cannot be written just now */
	uint64_t size;
	uint64_t rotate_size;	/* bytes; 0: never rotate */
	unsigned int keep;	/* old files kept */
	bool said;		/* the failure has been logged */
};

/* DIR/guest-NAME.log, made 0600 at the first write.  NAME is made a harmless file name.  0 or
 * -ENOMEM. */
int console_log_open(struct console_log *l, const char *dir, const char *name,
		     uint64_t rotate_size, unsigned int keep);
void console_log_close(struct console_log *l);

/* Append.  What cannot be written (disk full) is lost, said once, and tried again next time. */
void console_log_write(struct console_log *l, const void *data, size_t n);

#endif
