/* SPDX-License-Identifier: MIT */
/* The builder's error sentences; see report.h. */
#include "toolstack/builder/report.h"

#include <stdarg.h>
#include <stdio.h>

int report_fail(struct report *r, int err, const char *fmt, ...)
{
	va_list ap;
	int used = 0;

	if (r->size == 0)
		return err;
	if (r->path)
		used = snprintf(r->text, r->size, "%s: ", r->path);
	if (used < 0 || (size_t)used >= r->size)
		return err;
	va_start(ap, fmt);
	vsnprintf(r->text + used, r->size - (size_t)used, fmt, ap);
	va_end(ap);
	return err;
}
