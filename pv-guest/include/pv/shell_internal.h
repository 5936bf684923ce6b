/* SPDX-License-Identifier: MIT */
/* Between the files of shell/. */
#ifndef PV_SHELL_INTERNAL_H
#define PV_SHELL_INTERNAL_H

#include <pv/shell.h>

#define SHELL_ARGS_MAX	32
#define SHELL_LINE_MAX	1024

enum shell_join {
	JOIN_END,	/* nothing follows */
	JOIN_ALWAYS,	/* ; */
	JOIN_AND,	/* && */
	JOIN_OR,	/* || */
};

/* One simple command, words unquoted. The strings lie in text. */
struct shell_simple {
	int argc;
	char *argv[SHELL_ARGS_MAX + 1];
	char *redirect;		/* file, or NULL */
	bool append;
	enum shell_join join;	/* what stands behind it */
	char text[SHELL_LINE_MAX];
};

/* Takes the next simple command from *line and advances it. $? becomes status. 0 or -EINVAL
 * with *error naming what is wrong. */
int shell_parse(const char **line, struct shell_simple *cmd, int status, const char **error);

struct shell_out {
	void *file;
	int error;	/* first failure, kept for the exit status */
};

#endif
