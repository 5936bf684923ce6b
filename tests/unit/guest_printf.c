/* SPDX-License-Identifier: MIT */
/*
 * The guest kernel's formatter against libc's: every flag, width and precision over numbers at
 * the edges, strings, truncation. What would break: every line the kernel prints.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <criterion/criterion.h>
#include <pv/string.h>

static unsigned int compared;

/* The formats are made at run time, which the compiler would rather not see. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat"

static void same(const char *fmt, ...)
{
	char ours[512], libcs[512];
	va_list ap, ap2;
	int n, m;

	va_start(ap, fmt);
	va_copy(ap2, ap);
	n = pv_vsnprintf(ours, sizeof(ours), fmt, ap);
	m = vsnprintf(libcs, sizeof(libcs), fmt, ap2);
	va_end(ap2);
	va_end(ap);
	cr_assert_eq(n, m, "%s: %d, libc %d", fmt, n, m);
	cr_assert_str_eq(ours, libcs, "%s", fmt);
	compared++;
}

static const char *const flags[] = { "", "-", "0", "+", " ", "#", "-+", "-0", "0#", "-#", "+0", "- " };
static const char *const widths[] = { "", "1", "7", "25" };
static const char *const precisions[] = { "", ".", ".0", ".1", ".5", ".12" };

static void each_spec(void (*fn)(const char *spec))
{
	char spec[64];

	for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
		for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
			for (size_t p = 0; p < sizeof(precisions) / sizeof(precisions[0]); p++) {
				snprintf(spec, sizeof(spec), "[%%%s%s%s", flags[f], widths[w],
					 precisions[p]);
				fn(spec);
			}
}

static void integers(const char *spec)
{
	static const long values[] = { 0, 1, -1, 9, 42, -12345, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN };
	char fmt[80];

	for (const char *c = "diuxXo"; *c != 0; c++) {
		if ((*c == 'd' || *c == 'i' || *c == 'u') && strchr(spec, '#') != NULL)
			continue;
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			snprintf(fmt, sizeof(fmt), "%s%c]", spec, *c);
			same(fmt, (int)values[v]);
			snprintf(fmt, sizeof(fmt), "%sl%c]", spec, *c);
			same(fmt, values[v]);
			snprintf(fmt, sizeof(fmt), "%shh%c]", spec, *c);
			same(fmt, (int)values[v]);
		}
	}
}

Test(guest_printf, integers)
{
	each_spec(integers);
	cr_assert_gt(compared, 5000);
}

static void strings(const char *spec)
{
	char fmt[80];

	if (strpbrk(spec, "0+# ") != NULL && strpbrk(spec + 2, "+# ") != NULL)
		return;
	snprintf(fmt, sizeof(fmt), "%ss]", spec);
	same(fmt, "");
	same(fmt, "hello, world");
}

Test(guest_printf, strings)
{
	each_spec(strings);
	same("%c%c%%", 'a', 'b');
	same("%*d|%-*d|%.*s", 5, 1, 5, 2, 3, "abcdef");
	same("%*d", -6, 3);
	same("%zu %zd %jd", (size_t)7, (ssize_t)-7, (intmax_t)-8);
	same("%hd %hu", -1, -1);
	same("plain");
	same("");
}

Test(guest_printf, pointers_and_null)
{
	const char *volatile null = NULL;
	char buf[64];

	same("%p", (void *)0x1234abcd);
	pv_snprintf(buf, sizeof(buf), "%s", null);
	cr_assert_str_eq(buf, "(null)");
}

/* Nothing behind size is written, the text is always ended, the length is what it wanted to be. */
Test(guest_printf, truncation)
{
	char buf[16];

	for (size_t size = 0; size < 12; size++) {
		memset(buf, 'Z', sizeof(buf));
		cr_assert_eq(pv_snprintf(buf, size, "%s%d", "abcdef", 1234), 10);
		for (size_t i = size; i < sizeof(buf); i++)
			cr_assert_eq(buf[i], 'Z');
		if (size > 0) {
			cr_assert_eq(strnlen(buf, size), size - 1 < 10 ? size - 1 : 10);
			cr_assert_eq(strncmp(buf, "abcdef1234", strlen(buf)), 0);
		}
	}
}
