/* SPDX-License-Identifier: MIT */
/* A byte ring that forgets its beginning.  Begins with no memory: most consoles stay quiet. */
#include "config.h"
#include "backends/console_buffer.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE	4096

void console_buffer_init(struct console_buffer *b, size_t limit)
{
	*b = (struct console_buffer){ .limit = limit };
}

void console_buffer_free(struct console_buffer *b)
{
	free(b->data);
	*b = (struct console_buffer){ .limit = b->limit };
}

size_t console_buffer_peek(const struct console_buffer *b, const char **data)
{
	size_t run = b->size - b->start;

	*data = b->data + b->start;
	return b->used < run ? b->used : run;
}

void console_buffer_skip(struct console_buffer *b, size_t n)
{
	b->used -= n;
	b->start = b->used ? (b->start + n) % b->size : 0;
}

static void grow(struct console_buffer *b, size_t need)
{
	size_t size = b->size ? b->size : FIRST_SIZE, run;
	const char *part;
	char *data;

	while (size < need && size < b->limit)
		size *= 2;
	if (size > b->limit)
		size = b->limit;
	if (size <= b->size)
		return;
	data = malloc(size);
	if (!data)
		return;
	run = console_buffer_peek(b, &part);
	if (run) {
		memcpy(data, part, run);
		memcpy(data + run, b->data, b->used - run);
	}
	free(b->data);
	b->data = data;
	b->size = size;
	b->start = 0;
}

void console_buffer_add(struct console_buffer *b, const void *data, size_t n)
{
	const char *from = data;
	size_t at, run;

	if (b->used + n > b->size)
		grow(b, b->used + n);
	if (n > b->size) {
		b->dropped += n - b->size;
		from += n - b->size;
		n = b->size;
	}
	if (!n)
		return;
	if (b->used + n > b->size) {
		b->dropped += b->used + n - b->size;
		console_buffer_skip(b, b->used + n - b->size);
	}
	at = (b->start + b->used) % b->size;
	run = b->size - at < n ? b->size - at : n;
	memcpy(b->data + at, from, run);
	memcpy(b->data, from + run, n - run);
	b->used += n;
}
