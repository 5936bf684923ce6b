/* SPDX-License-Identifier: MIT */
/*
 * xenstored: options, start and end of the daemon.
 */
#include "config.h"

#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "xenstored/machine.h"
#include "xenstored/socket.h"
#include "xenstored/store.h"

#include <paravane/rundir.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"usage: xenstored [-F] [--no-machine]\n"
	"Serve the xenstore to the control domain and to the domains of the machine.\n"
	"  -F, --foreground  stay in the foreground, log to stderr\n"
	"      --no-machine  serve the socket only (for tests)\n"
	"  -h, --help        this text\n"
	"  -V, --version     the version\n";

struct options {
	bool foreground;
	bool no_machine;
};

static void options_parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "foreground", no_argument, NULL, 'F' }, { "no-machine", no_argument, NULL, 'M' },
		{ "help", no_argument, NULL, 'h' },       { "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "FhV", longs, NULL)) != -1)
		switch (c) {
		case 'F':
			o->foreground = true;
			break;
		case 'M':
			o->no_machine = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'V':
			puts("xenstored (paravane) " PACKAGE_VERSION);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	if (optind < argc) {
		fprintf(stderr, "xenstored: unexpected argument: %s\n", argv[optind]);
		exit(2);
	}
}

struct daemon_state {
	struct machine *machine;
	struct pvn_loop *loop;
	struct store *store;
	struct store_socket *socket;
	int signal_fd;
	struct pvn_watch *signal_watch;
};

static void signal_ready(void *arg, uint32_t revents)
{
	struct daemon_state *d = arg;
	struct signalfd_siginfo si;

	if (read(d->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		pvn_log(LOG_NOTICE, "ends by signal %u", si.ssi_signo);
		pvn_loop_stop(d->loop);
	}
}

static int signals_start(struct daemon_state *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signal_fd < 0)
		return -errno;
	return pvn_loop_add_fd(d->loop, d->signal_fd, POLLIN, signal_ready, d, &d->signal_watch);
}

/* Many clients and domains: as many descriptors as we may have. */
static void limits_raise(void)
{
	struct rlimit rl;

	if (!getrlimit(RLIMIT_NOFILE, &rl)) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static int fail(const char *what, int rc)
{
	pvn_log(LOG_ERR, "%s: %s", what, strerror(-rc));
	return rc;
}

static int socket_start(struct daemon_state *d)
{
	char path[4096], *slash;
	int rc = pvn_store_path(path, sizeof(path));

	if (rc)
		return fail("store socket", rc);
	slash = strrchr(path, '/');
	if (slash && slash != path) {
		*slash = 0;
		if (mkdir(path, 0700) && errno != EEXIST)
			return fail(path, -errno);
		*slash = '/';
	}
	rc = socket_listen(d->loop, d->store, path, &d->socket);
	return rc ? fail(path, rc) : 0;
}

static int store_start(struct daemon_state *d, bool no_machine)
{
	int rc;

	if (no_machine) {
		rc = store_new(&machine_none, NULL, &d->store);
		if (!rc)
			d->store->machine_arg = d->store;
		return rc ? fail("store", rc) : 0;
	}
	rc = machine_open(d->loop, &d->machine);
	if (rc == -ENOENT || rc == -ECONNREFUSED) {
		pvn_log(LOG_ERR, "paravaned does not run: start it first");
		return rc;
	}
	if (rc)
		return fail("paravaned", rc);
	rc = store_new(&machine_xen, d->machine, &d->store);
	if (rc)
		return fail("store", rc);
	machine_serve(d->machine, d->store);
	return 0;
}

static int start(struct daemon_state *d, const struct options *o)
{
	int rc;

	limits_raise();
	rc = pvn_loop_new(&d->loop);
	if (rc)
		return fail("event loop", rc);
	rc = signals_start(d);
	if (rc)
		return fail("signals", rc);
	rc = store_start(d, o->no_machine);
	return rc ? rc : socket_start(d);
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct daemon_state d = { .signal_fd = -1 };
	int rc;

	options_parse(argc, argv, &o);
	if (pvn_daemon_start("xenstored", o.foreground))
		return 1;
	rc = start(&d, &o);
	if (!rc) {
		pvn_daemon_ready();
		pvn_log(LOG_INFO, "ready");
		rc = pvn_loop_run(d.loop);
		if (d.machine && machine_lost(d.machine))
			rc = -ENOTCONN;
	}
	if (d.socket)
		socket_close(d.socket);
	if (d.store)
		store_free(d.store);
	machine_close(d.machine);
	pvn_loop_free(d.loop);
	return rc ? 1 : 0;
}
