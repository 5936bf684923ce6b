/* SPDX-License-Identifier: MIT */
/*
 * paravaned, the machine: one per host (or per user), trusted by all, trusting nobody.
 *
 * Tour: 3.  It owns domain ids, frames, ports, virqs, the console ring and the accounting, serves
 * the control domain's hypercalls (client.c, message.c, hypercall.c) and the requests of domains
 * (request.c), and makes their processes (process.c, spawn.c, sandbox.c, seccomp.c).
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <paravane/rundir.h>
#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/client.h"
#include "paravaned/console_ring.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"
#include "paravaned/orphans.h"
#include "paravaned/spawn.h"
#include "paravaned/stop.h"

static void usage(FILE *f)
{
	fputs("usage: paravaned [-F] [--trace]\n"
	      "       paravaned --stop [--force]\n"
	      "  -F, --foreground  stay in the foreground, log to standard error\n"
	      "      --trace       log each hypercall of the domains by its name\n"
	      "      --stop        end the daemons of Paravane; refused while domains run\n"
	      "      --force       with --stop: destroy the domains\n"
	      "  -h, --help        say this\n"
	      "  -V, --version     say the version\n", f);
}

/* Every domain costs a dozen descriptors. */
static void raise_nofile(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int listen_on_socket(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, rc;

	rc = pvn_runpath(sa.sun_path, sizeof(sa.sun_path), "paravaned.sock");
	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* We hold the pid file: a socket that is there belonged to one that is no more. */
	unlink(sa.sun_path);
	mask = umask(0177);
	rc = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
	umask(mask);
	if (rc != 0 || listen(fd, 128) != 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static void signal_ready(void *arg, uint32_t revents)
{
	struct signalfd_siginfo si;
	struct domain *d;
	int *fd = arg;

	if (read(*fd, &si, sizeof(si)) != sizeof(si))
		return;
	pvn_log(LOG_NOTICE, "signal %u of pid %u: going down, with %u domains", si.ssi_signo, si.ssi_pid,
		domain_count());
	/* Nobody could serve them. */
	while ((d = domain_at_or_after(1)))
		domain_destroy(d, "the machine is told to end");
	pvn_loop_stop(machine.loop);
}

static int watch_signals(int *fd)
{
	struct pvn_watch *w;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*fd < 0)
		return -errno;
	return pvn_loop_add_fd(machine.loop, *fd, POLLIN, signal_ready, fd, &w);
}

static int machine_init(const char **what, int *signal_fd)
{
	int rc;

	clock_init();
	raise_nofile();
	*what = "host";
	rc = host_init();
	if (!rc)
		rc = domain_table_init();
	if (rc)
		return rc;
	*what = "processes of a former paravaned";
	rc = orphans_end();
	if (rc)
		return rc;
	sandbox_probe();
	*what = "event loop";
	rc = pvn_loop_new(&machine.loop);
	if (!rc)
		rc = watch_signals(signal_fd);
	if (rc)
		return rc;
	*what = "watch of the host's clock";
	rc = wallclock_init();
	if (rc)
		return rc;
	*what = "paravaned.sock";
	rc = machine.listen_fd = listen_on_socket();
	if (rc < 0)
		return rc;
	return pvn_loop_add_fd(machine.loop, machine.listen_fd, POLLIN, client_accept_ready, NULL,
			       &machine.listen_watch);
}

static int serve(bool foreground)
{
	const char *what = "start";
	char path[4096];
	int rc, signal_fd;

	if (pvn_daemon_start("paravaned", foreground))
		return 1;
	rc = machine_init(&what, &signal_fd);
	if (rc) {
		pvn_log(LOG_ERR, "%s: %s", what, strerror(-rc));
		return 1;
	}
	machine_log("Paravane " PACKAGE_VERSION ": %u CPUs, %lu MiB, of these %lu for domains", machine.nr_cpus,
		    (unsigned long)machine.total_pages >> 8, (unsigned long)machine.usable_pages >> 8);
	pvn_daemon_ready();
	rc = pvn_loop_run(machine.loop);
	if (rc)
		pvn_log(LOG_ERR, "event loop: %s", strerror(-rc));
	if (!pvn_runpath(path, sizeof(path), "paravaned.sock"))
		unlink(path);
	return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "foreground", no_argument, NULL, 'F' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },	  { "trace", no_argument, NULL, 't' },
		{ "stop", no_argument, NULL, 's' },	  { "force", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	bool foreground = false, stop = false, force = false;
	int o;

	while ((o = getopt_long(argc, argv, "FhV", options, NULL)) != -1) {
		switch (o) {
		case 'F': foreground = true; break;
		case 't': machine.trace = true; break;
		case 's': stop = true; break;
		case 'f': force = true; break;
		case 'h': usage(stdout); return 0;
		case 'V': puts("paravaned " PACKAGE_VERSION); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (optind < argc || (force && !stop)) {
		usage(stderr);
		return 2;
	}
	return stop ? stop_machine(force) : serve(foreground);
}
