/* SPDX-License-Identifier: MIT */
/* A line from the console, edited as it is typed. */
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/string.h>

#define CTRL(c)	((c) & 31)

static void erase(size_t n)
{
	while (n-- > 0)
		console_write("\b \b", 3);
}

/* How many characters ^W takes away. */
static size_t word_length(const char *buf, size_t n)
{
	size_t i = n;

	while (i > 0 && buf[i - 1] == ' ')
		i--;
	while (i > 0 && buf[i - 1] != ' ')
		i--;
	return n - i;
}

/* An escape sequence (arrow keys and the like) is swallowed whole. */
static void skip_escape(void)
{
	int c = console_getc();

	if (c != '[' && c != 'O')
		return;
	do {
		c = console_getc();
	} while (c < 0x40 || c > 0x7e);
}

static size_t take_back(size_t n, size_t by)
{
	erase(by);
	return n - by;
}

int console_readline(const char *prompt, char *buf, size_t size)
{
	size_t n = 0;

	console_write(prompt, strlen(prompt));
	for (;;) {
		int c = console_getc();

		if (c == '\r' || c == '\n') {
			console_putc('\n');
			buf[n] = 0;
			return (int)n;
		}
		if (c == CTRL('C')) {
			console_write("^C\n", 3);
			return -EINTR;
		}
		if (c == CTRL('D') && n == 0) {
			console_putc('\n');
			return -ENODATA;
		}
		if ((c == '\b' || c == 0x7f) && n > 0) {
			n = take_back(n, 1);
		} else if (c == CTRL('U')) {
			n = take_back(n, n);
		} else if (c == CTRL('W')) {
			n = take_back(n, word_length(buf, n));
		} else if (c == 0x1b) {
			skip_escape();
		} else if (c >= ' ' && c != 0x7f && n + 1 < size) {
			buf[n++] = c;
			console_putc(c);
		}
	}
}
