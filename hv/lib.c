/* SPDX-License-Identifier: MIT */
/* The few library functions a freestanding image needs. */
#include <stdarg.h>
#include <hv/hv.h>

int hv_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);

/* Most copies are a frame or an argument: a string instruction takes longer to start. */
void *memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;

	for (; n >= 8 && n < 256; n -= 8) {
		uint64_t word;

		__builtin_memcpy(&word, src, 8);
		__builtin_memcpy(d, &word, 8);
		src = (const char *)src + 8;
		d = (char *)d + 8;
	}
	if (!n)
		return dst;
	__asm__ volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(n) : : "memory");
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;

	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static size_t put_number(char *out, uint64_t v, unsigned int base)
{
	char digits[24];
	size_t n = 0, i;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	for (i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	return n;
}

struct text {
	char *buf;
	size_t size, len;
};

static void put(struct text *t, const char *s, size_t n)
{
	for (; n; n--, s++)
		if (t->len + 1 < t->size)
			t->buf[t->len++] = *s;
}

static void put_integer(struct text *t, va_list *ap, char conv, int is_long, int alt)
{
	char num[32];
	size_t n = 0;
	uint64_t v = is_long ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned int);

	if (conv == 'd') {
		int64_t s = is_long ? (int64_t)v : (int)v;

		if (s < 0) {
			num[n++] = '-';
			v = -(uint64_t)s;
		}
	} else if (alt) {
		num[n++] = '0';
		num[n++] = 'x';
	}
	n += put_number(num + n, v, conv == 'x' ? 16 : 10);
	put(t, num, n);
}

/* %s %c %d %u %x, with l and #.  Always terminates buf; returns the length written. */
int hv_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct text t = { buf, size, 0 };
	va_list ap;

	va_copy(ap, args);
	for (; *fmt; fmt++) {
		int is_long = 0, alt = 0;

		if (*fmt != '%') {
			put(&t, fmt, 1);
			continue;
		}
		for (fmt++; *fmt == 'l' || *fmt == '#'; fmt++)
			*fmt == 'l' ? (is_long = 1) : (alt = 1);
		if (*fmt == 's') {
			const char *s = va_arg(ap, const char *);

			put(&t, s, strlen(s));
		} else if (*fmt == 'c') {
			char c = (char)va_arg(ap, int);

			put(&t, &c, 1);
		} else if (*fmt == 'd' || *fmt == 'u' || *fmt == 'x') {
			put_integer(&t, &ap, *fmt, is_long, alt);
		} else if (*fmt == 0) {
			break;
		} else {
			put(&t, fmt, 1);
		}
	}
	va_end(ap);
	if (size)
		buf[t.len] = 0;
	return (int)t.len;
}
