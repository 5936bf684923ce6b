/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line: words separated by blanks, each KEY or KEY=VALUE. '...' keeps
 * everything, "..." keeps everything but \" and \\; quotes may begin anywhere in a word.
 * The last occurrence of a key wins. Host-tested (tests/unit/guest_cmdline.c).
 */
#include <pv/boot.h>
#include <pv/init.h>
#include <pv/string.h>

#define CMDLINE_MAX	1024
#define WORDS_MAX	64

static char cmdline_text[CMDLINE_MAX + 1];
static char *words[WORDS_MAX];
static unsigned int nr_words;

/* Copies one word, quotes removed, from *in to *out; advances both. */
static void take_word(const char **in, char **out)
{
	const char *p = *in;
	char *o = *out;
	char quote = 0;

	for (; *p != 0; p++) {
		if (quote == 0 && (*p == ' ' || *p == '\t' || *p == '\n'))
			break;
		if (quote == 0 && (*p == '"' || *p == '\'')) {
			quote = *p;
		} else if (quote != 0 && *p == quote) {
			quote = 0;
		} else {
			if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
				p++;
			*o++ = *p;
		}
	}
	*o++ = 0;
	*in = p;
	*out = o;
}

/* Called once, before anything else looks. Text beyond the limits is dropped. */
void cmdline_init(const char *text)
{
	static char copy[CMDLINE_MAX];
	const char *in = copy;
	char *out = cmdline_text;

	str_copy(copy, text, sizeof(copy));
	nr_words = 0;
	while (nr_words < WORDS_MAX) {
		while (*in == ' ' || *in == '\t' || *in == '\n')
			in++;
		if (*in == 0)
			break;
		words[nr_words++] = out;
		take_word(&in, &out);
	}
}

const char *cmdline_get(const char *key)
{
	size_t n = strlen(key);

	for (unsigned int i = nr_words; i-- > 0;) {
		if (strncmp(words[i], key, n) != 0)
			continue;
		if (words[i][n] == '=')
			return words[i] + n + 1;
		if (words[i][n] == 0)
			return words[i] + n;
	}
	return NULL;
}

bool cmdline_has(const char *key)
{
	return cmdline_get(key) != NULL;
}
