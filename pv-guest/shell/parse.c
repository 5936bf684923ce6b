/* SPDX-License-Identifier: MIT */
/*
 * The shell's grammar: words, '...' (as it is), "..." (with $? \" \\ \$), \c outside quotes, $?,
 * # to the end of the line, the operators ; && || > >>. One simple command at a time, so that $?
 * has the status of the one before. Host-tested (tests/unit/guest_shell.c).
 */
#include <pv/errno.h>
#include <pv/shell_internal.h>
#include <pv/string.h>

struct parser {
	const char *p;
	char *out, *end;	/* room in text */
	int status;
	const char *error;
};

static void put(struct parser *ps, char c)
{
	if (ps->out < ps->end)
		*ps->out++ = c;
	else
		ps->error = "line too long";
}

static void put_status(struct parser *ps)
{
	char text[12];
	int n = pv_snprintf(text, sizeof(text), "%d", ps->status);

	for (int i = 0; i < n; i++)
		put(ps, text[i]);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_word(char c)
{
	return c == 0 || is_blank(c) || c == ';' || c == '&' || c == '|' || c == '>';
}

static void single_quoted(struct parser *ps)
{
	for (ps->p++; *ps->p != '\''; ps->p++) {
		if (*ps->p == 0) {
			ps->error = "' without its partner";
			return;
		}
		put(ps, *ps->p);
	}
	ps->p++;
}

static void double_quoted(struct parser *ps)
{
	for (ps->p++; *ps->p != '"'; ps->p++) {
		if (*ps->p == 0) {
			ps->error = "\" without its partner";
			return;
		}
		if (*ps->p == '\\' && ps->p[1] != 0 && strchr("\"\\$", ps->p[1]) != NULL) {
			put(ps, *++ps->p);
		} else if (ps->p[0] == '$' && ps->p[1] == '?') {
			put_status(ps);
			ps->p++;
		} else {
			put(ps, *ps->p);
		}
	}
	ps->p++;
}

static char *take_word(struct parser *ps)
{
	char *word = ps->out;

	while (ps->error == NULL && !ends_word(*ps->p)) {
		if (*ps->p == '\'') {
			single_quoted(ps);
		} else if (*ps->p == '"') {
			double_quoted(ps);
		} else if (ps->p[0] == '$' && ps->p[1] == '?') {
			put_status(ps);
			ps->p += 2;
		} else {
			if (*ps->p == '\\' && ps->p[1] != 0)
				ps->p++;
			put(ps, *ps->p++);
		}
	}
	put(ps, 0);
	return word;
}

static void skip_blanks(struct parser *ps)
{
	while (is_blank(*ps->p))
		ps->p++;
	if (*ps->p == '#')
		ps->p += strlen(ps->p);
}

static void take_redirect(struct parser *ps, struct shell_simple *cmd)
{
	cmd->append = ps->p[1] == '>';
	ps->p += cmd->append ? 2 : 1;
	skip_blanks(ps);
	if (ends_word(*ps->p))
		ps->error = "no file name after >";
	else
		cmd->redirect = take_word(ps);
}

/* True if an operator that ends the command stood here. */
static bool take_join(struct parser *ps, struct shell_simple *cmd)
{
	char c = *ps->p;

	if (c == 0) {
		cmd->join = JOIN_END;
		return true;
	}
	if (c == ';') {
		cmd->join = JOIN_ALWAYS;
		ps->p++;
		return true;
	}
	if (c != '&' && c != '|')
		return false;
	if (ps->p[1] != c) {
		ps->error = c == '&' ? "no background jobs" : "no pipes";
		return true;
	}
	cmd->join = c == '&' ? JOIN_AND : JOIN_OR;
	ps->p += 2;
	if (cmd->argc == 0)
		ps->error = "a command is missing";
	return true;
}

int shell_parse(const char **line, struct shell_simple *cmd, int status, const char **error)
{
	struct parser ps = { .p = *line, .out = cmd->text, .end = cmd->text + sizeof(cmd->text),
			     .status = status };

	cmd->argc = 0;
	cmd->redirect = NULL;
	cmd->append = false;
	for (;;) {
		skip_blanks(&ps);
		if (ps.error != NULL || take_join(&ps, cmd))
			break;
		if (*ps.p == '>')
			take_redirect(&ps, cmd);
		else if (cmd->argc == SHELL_ARGS_MAX)
			ps.error = "too many words";
		else
			cmd->argv[cmd->argc++] = take_word(&ps);
	}
	cmd->argv[cmd->argc] = NULL;
	*line = ps.p;
	*error = ps.error;
	return ps.error == NULL ? 0 : -EINVAL;
}
