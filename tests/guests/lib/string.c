/* SPDX-License-Identifier: MIT */
/* The few functions of libc that the guests (and the compiler) need, and a small printf. */
#include "tests/guests/lib/guest.h"

#include <stdarg.h>

void *memset(void *p, int c, size_t n)
{
	void *at = p;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(c) : "memory");
	return p;
}

void *memcpy(void *d, const void *s, size_t n)
{
	void *at = d;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(s), "+c"(n) : : "memory");
	return d;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

static void put(char *buf, size_t size, size_t *at, char c)
{
	if (*at + 1 < size)
		buf[*at] = c;
	(*at)++;
}

static void put_number(char *buf, size_t size, size_t *at, uint64_t v, unsigned base)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		put(buf, size, at, digits[--n]);
}

static void put_string(char *buf, size_t size, size_t *at, const char *s)
{
	for (s = s ? s : "(null)"; *s; s++)
		put(buf, size, at, *s);
}

/* %d %u %x %p %s %c with l, and # for 0x.  Returns the length, like vsnprintf. */
int format(char *buf, size_t size, const char *fmt, va_list ap)
{
	size_t at = 0;

	for (; *fmt; fmt++) {
		bool alt = false, wide = false;

		if (*fmt != '%') {
			put(buf, size, &at, *fmt);
			continue;
		}
		for (fmt++; *fmt == '#' || *fmt == 'l'; fmt++) {
			alt |= *fmt == '#';
			wide |= *fmt == 'l';
		}
		switch (*fmt) {
		case 'd': {
			long v = wide ? va_arg(ap, long) : va_arg(ap, int);

			if (v < 0)
				put(buf, size, &at, '-');
			put_number(buf, size, &at, v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
			break;
		}
		case 'u':
		case 'x':
		case 'p': {
			uint64_t v = wide || *fmt == 'p' ? va_arg(ap, uint64_t) : va_arg(ap, unsigned);

			if (alt || *fmt == 'p')
				put_string(buf, size, &at, "0x");
			put_number(buf, size, &at, v, *fmt == 'u' ? 10 : 16);
			break;
		}
		case 's':
			put_string(buf, size, &at, va_arg(ap, const char *));
			break;
		case 'c':
			put(buf, size, &at, (char)va_arg(ap, int));
			break;
		default:
			put(buf, size, &at, *fmt);
			break;
		}
	}
	if (size)
		buf[at < size ? at : size - 1] = 0;
	return (int)at;
}
