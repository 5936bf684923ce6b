/* SPDX-License-Identifier: MIT */
/*
 * How the builder says what is wrong: one sentence that begins with the file at fault.
 * Every check that fails returns report_fail(...), so the first reason is the one reported.
 */
#ifndef PVN_BUILDER_REPORT_H
#define PVN_BUILDER_REPORT_H

#include <stddef.h>

struct report {
	char *text;		/* text[size], always terminated */
	size_t size;
	const char *path;	/* the file being looked at; NULL: none */
};

/* Write "PATH: message" and return err (a negative errno), for `return report_fail(...)`. */
int report_fail(struct report *r, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
