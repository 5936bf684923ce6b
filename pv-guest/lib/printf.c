/* SPDX-License-Identifier: MIT */
/*
 * The formatter behind printk, printf and snprintf. Integers, strings, characters and pointers;
 * no floating point. Host-tested against libc (tests/unit/guest_printf.c).
 */
#include <pv/string.h>

enum { LEFT = 1, ZERO = 2, PLUS = 4, SPACE = 8, ALT = 16, UPPER = 32, SIGNED = 64 };

struct out {
	char *buf;
	size_t size;
	size_t n;	/* wanted so far, may exceed size */
};

struct spec {
	unsigned int flags;
	int width, precision;	/* precision < 0: none */
	int length;		/* -2 hh, -1 h, 0, 1 l, 2 ll */
};

static void put(struct out *o, char c)
{
	if (o->n + 1 < o->size)
		o->buf[o->n] = c;
	o->n++;
}

static void pad(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_padded(struct out *o, const struct spec *s, const char *text, int n)
{
	if (!(s->flags & LEFT))
		pad(o, ' ', s->width - n);
	for (int i = 0; i < n; i++)
		put(o, text[i]);
	if (s->flags & LEFT)
		pad(o, ' ', s->width - n);
}

/* Digits, least significant first; none for 0. Returns how many. */
static int digits(char *to, uint64_t v, unsigned int base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int n = 0;

	for (; v != 0; v /= base)
		to[n++] = set[v % base];
	return n;
}

/* Sign or base prefix of a number, into to. */
static int prefix(char *to, const struct spec *s, bool negative, unsigned int base, bool zero)
{
	if (negative)
		to[0] = '-';
	else if ((s->flags & SIGNED) && (s->flags & PLUS))
		to[0] = '+';
	else if ((s->flags & SIGNED) && (s->flags & SPACE))
		to[0] = ' ';
	else if ((s->flags & ALT) && base == 16 && !zero) {
		to[0] = '0';
		to[1] = s->flags & UPPER ? 'X' : 'x';
		return 2;
	} else
		return 0;
	return 1;
}

static void put_number(struct out *o, const struct spec *s, uint64_t v, bool negative,
		       unsigned int base)
{
	char text[24], pre[2];
	int n = digits(text, v, base, s->flags & UPPER);
	int np = prefix(pre, s, negative, base, v == 0);
	int zeros = (s->precision < 0 ? 1 : s->precision) - n;
	int total;

	if (zeros < 0)
		zeros = 0;
	if ((s->flags & ALT) && base == 8 && zeros == 0)
		zeros = 1;
	total = np + zeros + n;
	if ((s->flags & ZERO) && !(s->flags & LEFT) && s->precision < 0 && s->width > total) {
		zeros += s->width - total;
		total = s->width;
	}
	if (!(s->flags & LEFT))
		pad(o, ' ', s->width - total);
	for (int i = 0; i < np; i++)
		put(o, pre[i]);
	pad(o, '0', zeros);
	while (n > 0)
		put(o, text[--n]);
	if (s->flags & LEFT)
		pad(o, ' ', s->width - total);
}

static const char *parse_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		switch (*f) {
		case '-': s->flags |= LEFT; break;
		case '0': s->flags |= ZERO; break;
		case '+': s->flags |= PLUS; break;
		case ' ': s->flags |= SPACE; break;
		case '#': s->flags |= ALT; break;
		default: return f;
		}
	}
}

static const char *parse_int(const char *f, int *value, va_list *ap)
{
	if (*f == '*') {
		*value = va_arg(*ap, int);
		return f + 1;
	}
	for (*value = 0; *f >= '0' && *f <= '9'; f++)
		*value = *value * 10 + *f - '0';
	return f;
}

static const char *parse_length(const char *f, struct spec *s)
{
	for (;; f++) {
		if (*f == 'l')
			s->length++;
		else if (*f == 'h')
			s->length--;
		else if (*f == 'z' || *f == 'j' || *f == 't')
			s->length = 1;
		else
			return f;
	}
}

static const char *parse_spec(const char *f, struct spec *s, va_list *ap)
{
	*s = (struct spec){ .precision = -1 };
	f = parse_flags(f, s);
	f = parse_int(f, &s->width, ap);
	if (s->width < 0) {
		s->flags |= LEFT;
		s->width = -s->width;
	}
	if (*f == '.')
		f = parse_int(f + 1, &s->precision, ap);
	return parse_length(f, s);
}

static uint64_t take_unsigned(const struct spec *s, va_list *ap)
{
	if (s->length >= 1)
		return va_arg(*ap, unsigned long);
	if (s->length == -1)
		return (unsigned short)va_arg(*ap, unsigned int);
	if (s->length <= -2)
		return (unsigned char)va_arg(*ap, unsigned int);
	return va_arg(*ap, unsigned int);
}

static void put_signed(struct out *o, struct spec *s, va_list *ap)
{
	int64_t v;

	if (s->length >= 1)
		v = va_arg(*ap, long);
	else
		v = va_arg(*ap, int);
	if (s->length == -1)
		v = (short)v;
	else if (s->length <= -2)
		v = (signed char)v;
	s->flags |= SIGNED;
	put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, 10);
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
	size_t max = s->precision < 0 ? (size_t)INT32_MAX : (size_t)s->precision;

	if (text == NULL)
		text = "(null)";
	put_padded(o, s, text, strnlen(text, max));
}

static void convert(struct out *o, char c, struct spec *s, va_list *ap)
{
	switch (c) {
	case 'd':
	case 'i':
		put_signed(o, s, ap);
		break;
	case 'u':
		put_number(o, s, take_unsigned(s, ap), false, 10);
		break;
	case 'X':
		s->flags |= UPPER;
		put_number(o, s, take_unsigned(s, ap), false, 16);
		break;
	case 'x':
		put_number(o, s, take_unsigned(s, ap), false, 16);
		break;
	case 'o':
		put_number(o, s, take_unsigned(s, ap), false, 8);
		break;
	case 'p':
		s->flags |= ALT;
		put_number(o, s, (uintptr_t)va_arg(*ap, void *), false, 16);
		break;
	case 'c': {
		char ch = va_arg(*ap, int);

		put_padded(o, s, &ch, 1);
		break;
	}
	case 's':
		put_string(o, s, va_arg(*ap, const char *));
		break;
	default:
		put(o, '%');
		put(o, c);
	}
}

int pv_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { buf, size, 0 };
	struct spec s;
	va_list ap;

	va_copy(ap, args);
	for (; *fmt != 0; fmt++) {
		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		if (fmt[1] == '%') {
			put(&o, *++fmt);
			continue;
		}
		fmt = parse_spec(fmt + 1, &s, &ap);
		if (*fmt == 0)
			break;
		convert(&o, *fmt, &s, &ap);
	}
	va_end(ap);
	if (size > 0)
		buf[o.n < size ? o.n : size - 1] = 0;
	return o.n;
}

int pv_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = pv_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

#if !__STDC_HOSTED__
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	return pv_vsnprintf(buf, size, fmt, ap);
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = pv_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
#endif
