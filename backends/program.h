/* SPDX-License-Identifier: MIT */
/* What the main() of every backend daemon has in common. */
#ifndef PVN_BACKENDS_PROGRAM_H
#define PVN_BACKENDS_PROGRAM_H

#include <stdbool.h>

#include <xengnttab.h>

struct option;
struct pvn_loop;

struct program {
	const char *name;
	const char *what;		/* one line for --help */
	const char *more_help;		/* lines for options of its own, or NULL */
	const struct option *options;	/* of its own, ended by zeros, or NULL; val > 255 */
	int (*option)(int val, const char *arg);	/* 0, or -1: a bad value */
	/* Open everything, pvn_daemon_ready(), run the loop, free it: exit status. */
	int (*run)(const struct program *prog, struct pvn_loop *loop);
};

/* Options, store path, daemon, signals (SIGTERM and SIGINT stop the loop), run.  Exit status. */
int program_main(const struct program *prog, int argc, char **argv);

/* Does paravaned know domid?  true where its libxengnttab cannot tell. */
bool domain_alive(xengnttab_handle *xgt, unsigned int domid);

/* Log "what: strerror" as an error.  Returns rc. */
int program_error(int rc, const char *what);

#endif
