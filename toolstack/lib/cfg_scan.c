/* SPDX-License-Identifier: MIT */
/*
 * Which keys a configuration sets, and on which lines.  libxlutil parses configurations but does
 * not list what it found, so a misspelt key would pass in silence; this finds the statements.
 * Called only on text that libxlutil has accepted, so that quotes and brackets are known to
 * match; on any other text it still stays inside its bounds and ends.
 */
#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/cfg_parser.h"

static bool ident_char(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '.';
}

static int add_statement(struct cfg_statement **out, size_t *nr, const char *name, size_t len,
			 int line)
{
	struct cfg_statement *s;

	if ((*nr & (*nr - 1)) == 0) {
		s = realloc(*out, (*nr ? *nr * 2 : 1) * sizeof(*s));
		if (!s)
			return -ENOMEM;
		*out = s;
	}
	s = &(*out)[(*nr)++];
	if (len >= sizeof(s->name))
		len = sizeof(s->name) - 1;
	memcpy(s->name, name, len);
	s->name[len] = 0;
	s->line = line;
	return 0;
}

/* The position after the string that starts at i. */
static size_t skip_string(const char *text, size_t len, size_t i)
{
	char quote = text[i++];

	while (i < len && text[i] != quote && text[i] != '\n')
		i += text[i] == '\\' && i + 1 < len ? 2 : 1;
	return i < len && text[i] == quote ? i + 1 : i;
}

int cfg_scan(const char *text, size_t len, struct cfg_statement **out, size_t *nr)
{
	size_t i = 0, start;
	int line = 1, depth = 0;
	bool at_start = true;

	*out = NULL;
	*nr = 0;
	while (i < len) {
		char ch = text[i];

		if (ch == '\n') {
			line++;
			i++;
			at_start = at_start || depth == 0;
		} else if (ch == ';' && depth == 0) {
			i++;
			at_start = true;
		} else if (ch == '#') {
			while (i < len && text[i] != '\n')
				i++;
		} else if (ch == '"' || ch == '\'') {
			i = skip_string(text, len, i);
			at_start = false;
		} else if (at_start && ch >= 'a' && ch <= 'z') {
			for (start = i; i < len && ident_char(text[i]);)
				i++;
			if (add_statement(out, nr, text + start, i - start, line))
				return -ENOMEM;
			at_start = false;
		} else {
			depth += ch == '[' ? 1 : ch == ']' && depth > 0 ? -1 : 0;
			i++;
		}
	}
	return 0;
}

int cfg_line(const struct cfg_parser *p, const char *key)
{
	size_t i;

	for (i = p->nr_statements; i-- > 0;)
		if (!strcmp(p->statements[i].name, key))
			return p->statements[i].line;
	return 0;
}
