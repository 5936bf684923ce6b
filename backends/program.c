/* SPDX-License-Identifier: MIT */
/* The frame of a backend daemon: command line, daemon, signals. */
#include "config.h"
#include "backends/program.h"

#include <getopt.h>
#include <paravane/rundir.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "libs/paravane-ext.h"
#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

#define MAX_OPTIONS	16

static const struct option common_options[] = {
	{ "foreground", no_argument, NULL, 'F' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
};
#define NR_COMMON	(sizeof(common_options) / sizeof(common_options[0]))

bool domain_alive(xengnttab_handle *xgt, unsigned int domid)
{
	uint64_t generation;

	return !xengnttab_window_generation || !xengnttab_window_generation(xgt, domid, &generation);
}

int program_error(int rc, const char *what)
{
	pvn_log(LOG_ERR, "%s: %s", what, strerror(-rc));
	return rc;
}

static void usage(const struct program *prog, FILE *f)
{
	fprintf(f,
		"Usage: %s [-F]\n"
		"%s.\n\n"
		"  -F, --foreground     stay in the foreground, log to stderr\n"
		"  -h, --help           say this\n"
		"  -V, --version        say the version\n"
		"%s",
		prog->name, prog->what, prog->more_help ? prog->more_help : "");
}

/* 0: go on; 1: done; 2: wrong. */
static int options(const struct program *prog, int argc, char **argv, bool *foreground)
{
	struct option all[MAX_OPTIONS + 1];
	const struct option *own;
	size_t n = NR_COMMON;
	int c;

	memset(all, 0, sizeof(all));
	memcpy(all, common_options, sizeof(common_options));
	for (own = prog->options; own && own->name && n < MAX_OPTIONS; own++)
		all[n++] = *own;
	while ((c = getopt_long(argc, argv, "FhV", all, NULL)) != -1) {
		if (c == 'F') {
			*foreground = true;
		} else if (c == 'h') {
			usage(prog, stdout);
			return 1;
		} else if (c == 'V') {
			printf("%s (Paravane) %s\n", prog->name, PACKAGE_VERSION);
			return 1;
		} else if (c < 256 || prog->option(c, optarg)) {
			if (c >= 256)
				fprintf(stderr, "%s: bad value: %s\n", prog->name, optarg);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument: %s\n", prog->name, argv[optind]);
		return 2;
	}
	return 0;
}

static void signal_event(void *arg, uint32_t revents)
{
	pvn_loop_stop(arg);
}

/* Signals as events.  Before any thread is made (libxenstore makes one), so that it inherits this. */
static int signals_open(struct pvn_loop *loop)
{
	struct pvn_watch *w;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -1 : pvn_loop_add_fd(loop, fd, POLLIN, signal_event, loop, &w);
}

int program_main(const struct program *prog, int argc, char **argv)
{
	bool foreground = false;
	struct pvn_loop *loop;
	int rc = options(prog, argc, argv, &foreground);

	if (rc)
		return rc == 1 ? 0 : 2;
	rc = pvn_store_setenv();
	if (rc) {
		program_error(rc, "run directory");
		return 1;
	}
	if (pvn_daemon_start(prog->name, foreground))
		return 1;
	rc = pvn_loop_new(&loop);
	if (!rc)
		rc = signals_open(loop);
	if (rc) {
		program_error(rc, "event loop");
		return 1;
	}
	return prog->run(prog, loop);
}
