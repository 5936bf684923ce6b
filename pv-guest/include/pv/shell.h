/* SPDX-License-Identifier: MIT */
/*
 * Shell commands. A command is a function and a SHELL_COMMAND line beside it; it runs in the
 * shell's thread, prints with printf (redirectable) and eprintf, returns its exit status.
 */
#ifndef PV_SHELL_H
#define PV_SHELL_H

#include <pv/types.h>

struct shell_command {
	const char *name;
	int (*fn)(int argc, char **argv);	/* argv[argc] == NULL */
	const char *help;			/* "ARGS - what it does" */
};

#define SHELL_COMMAND(cmd_name, cmd_fn, cmd_help)                                          \
	static const struct shell_command shell_command_##cmd_fn                           \
		__attribute__((used, section("shell_commands"), aligned(8))) = {           \
			cmd_name, cmd_fn, cmd_help }

/* NULL if there is none. `bench NAME ARG...` runs the command "bench-NAME" of another part. */
const struct shell_command *shell_command_find(const char *name);

/* Runs a line: quoting, ; && || > >> $?. Returns the last status. */
int shell_run(const char *line);

/* How `>` opens files: set once by the file system. */
struct shell_file_ops {
	int (*open)(const char *path, bool append, void **file);	/* creates; truncates unless append */
	ssize_t (*write)(void *file, const void *buf, size_t n);
	int (*close)(void *file);
};
void shell_set_file_ops(const struct shell_file_ops *ops);

#endif
