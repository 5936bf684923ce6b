/* SPDX-License-Identifier: MIT */
/*
 * The process a domain runs in: starting it, stopping it, and what its death means.
 *
 * SIGKILL from outside is the operator's "be gone": the domain is destroyed.  Any other death is
 * a fault of the image, and the domain stays, shut down as crashed, for the toolstack's on_crash.
 * Death is seen through the pidfd; the end of the request socket alone is treated as the wish
 * to die.
 */
#include "config.h"
#include "paravaned/process.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xen/sched.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/domain.h"
#include "paravaned/grant.h"
#include "paravaned/lowmap.h"
#include "paravaned/machine.h"
#include "paravaned/mapper.h"
#include "paravaned/orphans.h"
#include "paravaned/seccomp.h"
#include "paravaned/spawn.h"

/* How long a process that exits is waited for when somebody asks; it takes far less than 1 ms. */
#define EXIT_MS	100

#ifndef P_PIDFD
#define P_PIDFD	3
#endif

/* A process that was killed and whose domain is gone: it only has to be reaped. */
struct corpse {
	pid_t pid;
	int pidfd;
	struct pvn_watch *watch;
	struct borrower *borrower;	/* what it could touch until it is dead */
};

static void signal_process(struct domain *d, int sig)
{
	if (d->pidfd >= 0 && syscall(SYS_pidfd_send_signal, d->pidfd, sig, NULL, 0) != 0 && errno != ESRCH)
		pvn_log(LOG_ERR, "d%u: cannot signal its process: %m", d->domid);
}

void process_stop(struct domain *d)
{
	signal_process(d, SIGSTOP);
}

void process_continue(struct domain *d)
{
	signal_process(d, SIGCONT);
}

void process_signal_kill(struct domain *d)
{
	signal_process(d, SIGKILL);
}

static void request_socket_close(struct domain *d)
{
	pvn_loop_del_fd(d->request_watch);
	pvn_loop_del_timer(d->request_timer);
	d->request_watch = NULL;
	d->request_timer = NULL;
	if (d->request_fd >= 0)
		close(d->request_fd);
	d->request_fd = -1;
}

/* The domain has no process any more; what it used stays on its account. */
static void process_detach(struct domain *d)
{
	request_socket_close(d);
	pvn_loop_del_fd(d->pidfd_watch);
	d->pidfd_watch = NULL;
	d->pid = 0;
	d->pidfd = -1;
	machine.nr_running--;
	poll_window_update();
}

static void corpse_ready(void *arg, uint32_t revents)
{
	struct corpse *k = arg;
	siginfo_t si;

	pvn_loop_del_fd(k->watch);
	waitid((idtype_t)P_PIDFD, (id_t)k->pidfd, &si, WEXITED | WNOHANG);
	orphans_forget(k->pid);
	close(k->pidfd);
	borrower_put(k->borrower);
	free(k);
}

void process_kill(struct domain *d)
{
	struct corpse *k;
	pid_t pid = d->pid;
	int pidfd = d->pidfd;

	if (!pid)
		return;
	signal_process(d, SIGKILL);
	process_detach(d);
	k = calloc(1, sizeof(*k));
	if (k) {
		k->pid = pid;
		k->pidfd = pidfd;
		k->borrower = d->borrower;
		if (!pvn_loop_add_fd(machine.loop, pidfd, POLLIN, corpse_ready, k, &k->watch))
			return;
	}
	free(k);
	close(pidfd);
}

static void death(struct domain *d, const siginfo_t *si)
{
	if (si->si_code == CLD_KILLED && si->si_status == SIGKILL)
		domain_destroy(d, "its process was killed");
	else if (d->is_shut_down)
		return;
	else if (si->si_code == CLD_EXITED && si->si_status >= 9 && si->si_status < 32)
		domain_crash(d, "the hv image failed to start (%d)", si->si_status);
	else if (si->si_code == CLD_EXITED)
		domain_crash(d, "its process exited with status %d", si->si_status);
	else
		domain_crash(d, "its process died by signal %d (%s)", si->si_status, strsignal(si->si_status));
}

static void pidfd_ready(void *arg, uint32_t revents)
{
	struct domain *d = arg;
	uint64_t cpu_ns = process_cpu_time(d->pid);
	siginfo_t si = { 0 };
	int pidfd = d->pidfd;

	if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &si, WEXITED | WNOHANG) != 0) {
		/* Not ours to reap: all we know is that it is dead. */
		si.si_code = CLD_KILLED;
		si.si_status = SIGKILL;
	} else if (si.si_pid == 0) {
		return;
	}
	orphans_forget(d->pid);
	/* What it said before it died still counts. */
	request_ready(d, POLLIN);
	d->cpu_time_ns += cpu_ns;
	process_detach(d);
	borrower_put(d->borrower);
	close(pidfd);
	death(d, &si);
}

/*
 * The loop hears of a death when it comes to it, and a signal is sent before anybody is dead.  Who
 * killed a domain and then asks about it is answered as if all had happened at once.
 */
bool process_check(struct domain *d)
{
	struct pollfd p = { .fd = d->pidfd, .events = POLLIN };
	domid_t domid = d->domid;

	if (!d->pid)
		return true;
	if (!d->request_watch) {
		/* Its socket is closed, so it is dying or we have killed it: how, the pidfd will tell. */
		if (poll(&p, 1, EXIT_MS) == 1)
			pidfd_ready(d, POLLIN);
		return domain_by_id(domid) == d;
	}
	if (!process_is_killed(d->pid))
		return true;
	request_ready(d, POLLIN);
	domain_destroy(d, "its process was killed");
	return false;
}

/* Both filters go into the page set, for the image to install. */
static int filters_write(struct domain *d)
{
	struct pvn_header *h = domain_header(d);
	int rc = seccomp_program((struct sock_filter *)(d->shared + PVN_SECCOMP_OFFSET), &h->seccomp_len);

	if (!rc)
		rc = seccomp_mapper_program((struct sock_filter *)(d->shared + PVN_MAPPER_SECCOMP_OFFSET),
					    &h->mapper_seccomp_len);
	return rc;
}

/* The image's process, watched.  0 or -errno. */
static int image_start(struct domain *d, struct spawn *s)
{
	int rc = spawn_domain(s);

	if (rc)
		return rc;
	rc = pvn_loop_add_fd(machine.loop, s->pidfd, POLLIN, pidfd_ready, d, &d->pidfd_watch);
	if (rc) {
		syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0);
		close(s->pidfd);
		return rc;
	}
	d->pid = s->pid;
	d->pidfd = s->pidfd;
	borrower_get(d->borrower);
	return 0;
}

/* With our ends of its sockets in place and those of the process in s.  0 or -errno. */
static int sockets_make(struct domain *d, struct spawn *s)
{
	struct borrower *b = borrower_of(d);
	int sv[2], rc;

	if (!b)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0)
		return -errno;
	s->request_fd = sv[1];
	rc = mapper_new(&b->mapper, &s->mapper_fd, &s->mapper_page_fd);
	if (!rc)
		rc = pvn_loop_add_fd(machine.loop, sv[0], POLLIN, request_ready, d, &d->request_watch);
	if (rc)
		close(sv[0]);
	else
		d->request_fd = sv[0];
	return rc;
}

int process_start(struct domain *d)
{
	struct spawn s = { .domid = d->domid, .range_frames = d->range.frames,
			   .mem_fd = d->mem_fd, .shared_fd = d->shared_fd, .request_fd = -1,
			   .mapper_fd = -1, .mapper_page_fd = -1,
			   .low_addresses = lowmap_wanted(d) };
	int rc, i, fds[3];

	rc = filters_write(d);
	if (rc)
		return rc;
	pageset_prepare_start(d);
	for (i = 0; i < PVN_MAX_LINKS; i++)
		s.doorbell[i] = d->link[i].doorbell;
	rc = sockets_make(d, &s);
	if (!rc)
		rc = image_start(d, &s);
	fds[0] = s.request_fd, fds[1] = s.mapper_fd, fds[2] = s.mapper_page_fd;
	for (i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (rc) {
		request_socket_close(d);
		if (d->borrower) {
			mapper_close(d->borrower->mapper);
			d->borrower->mapper = NULL;
		}
		pvn_log(LOG_ERR, "d%u: cannot start its process: %s", d->domid, strerror(-rc));
		return rc;
	}
	machine.nr_running++;
	poll_window_update();
	process_set_affinity(d);
	return 0;
}

void process_set_affinity(struct domain *d)
{
	cpu_set_t set;
	uint32_t i, n = 0;

	if (!d->pid)
		return;
	CPU_ZERO(&set);
	for (i = 0; i < machine.nr_cpus; i++)
		if (d->vcpu[0].hard[i / 8] >> (i % 8) & 1) {
			CPU_SET(i, &set);
			n++;
		}
	if (n < machine.nr_cpus && sched_setaffinity(d->pid, sizeof(set), &set) != 0)
		pvn_log(LOG_WARNING, "d%u: cannot set its CPU affinity: %m", d->domid);
}
