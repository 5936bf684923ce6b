/* SPDX-License-Identifier: MIT */
/* The last so many bytes of a stream: what somebody who attaches later is shown. */
#ifndef PVN_BACKENDS_CONSOLE_BUFFER_H
#define PVN_BACKENDS_CONSOLE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct console_buffer {
	char *data;		/* a ring of size bytes; grows on demand up to limit */
	size_t size, limit;
	size_t start, used;
	uint64_t dropped;	/* bytes that nobody has seen */
};

void console_buffer_init(struct console_buffer *b, size_t limit);
void console_buffer_free(struct console_buffer *b);

/* Add n bytes; the oldest go when they do not fit the limit (or memory is short). */
void console_buffer_add(struct console_buffer *b, const void *data, size_t n);

/* The longest run of the oldest bytes: its length, 0: empty. */
size_t console_buffer_peek(const struct console_buffer *b, const char **data);
void console_buffer_skip(struct console_buffer *b, size_t n);	/* n <= used */

#endif
