/* SPDX-License-Identifier: MIT */
/*
 * The processes a domain runs in, one per vCPU that was ever up: starting them, stopping them,
 * and what a death means.  The death of one is the death of the domain.
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

static void signal_vcpu(struct vcpu *v, int sig)
{
	if (v->pidfd >= 0 && syscall(SYS_pidfd_send_signal, v->pidfd, sig, NULL, 0) != 0 && errno != ESRCH)
		pvn_log(LOG_ERR, "d%u: cannot signal the process of vCPU %u: %m", v->d->domid, v->id);
}

/* With the processes of its user mode, which are of its group (sandbox_enter); it is ours to reap,
 * so its number is nobody else's. */
static void signal_groups(struct domain *d, int sig)
{
	uint32_t i;

	for (i = 0; d->nr_processes && i < d->max_vcpus; i++)
		if (!d->vcpu[i].pid || kill(-d->vcpu[i].pid, sig) != 0)
			signal_vcpu(&d->vcpu[i], sig); /* so young that it has no group yet */
}

void process_stop(struct domain *d)
{
	signal_groups(d, SIGSTOP);
}

void process_continue(struct domain *d)
{
	signal_groups(d, SIGCONT);
}

void process_signal_kill(struct vcpu *v)
{
	signal_vcpu(v, SIGKILL);
}

void process_kick(struct vcpu *v)
{
	if (v->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, v->pidfd, PVN_KICK_SIGNAL, NULL, 0);
}

/* The vCPU has no process any more; what that used stays on the account. */
static void process_detach(struct vcpu *v)
{
	struct domain *d = v->d;

	affinity_leave(v);
	request_close(v);
	pvn_loop_del_fd(v->pidfd_watch);
	v->pidfd_watch = NULL;
	v->pid = 0;
	v->pidfd = -1;
	d->nr_processes--;
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

static void vcpu_kill(struct vcpu *v)
{
	struct corpse *k;
	pid_t pid = v->pid;
	int pidfd = v->pidfd;

	if (!pid)
		return;
	signal_vcpu(v, SIGKILL);
	process_detach(v);
	k = calloc(1, sizeof(*k));
	if (k) {
		k->pid = pid;
		k->pidfd = pidfd;
		k->borrower = v->d->borrower;
		if (!pvn_loop_add_fd(machine.loop, pidfd, POLLIN, corpse_ready, k, &k->watch))
			return;
	}
	free(k);
	close(pidfd);
}

void process_kill(struct domain *d)
{
	uint32_t i;

	for (i = 0; i < d->max_vcpus; i++)
		vcpu_kill(&d->vcpu[i]);
	request_timer_stop(d);
}

static void death(struct vcpu *v, const siginfo_t *si)
{
	struct domain *d = v->d;

	if (si->si_code == CLD_KILLED && si->si_status == SIGKILL) {
		/* The end of the first process ends the others of its pid namespace: it says why. */
		if (v->id && d->vcpu[0].pid && process_is_exiting(d->vcpu[0].pid))
			return;
		domain_destroy(d, "its process was killed");
	} else if (d->is_shut_down) {
		return;
	} else if (si->si_code == CLD_EXITED && si->si_status >= 9 && si->si_status < 32) {
		domain_crash(d, "the hv image failed to start (%d)", si->si_status);
	} else if (si->si_code == CLD_EXITED) {
		domain_crash(d, "its process exited with status %d", si->si_status);
	} else {
		domain_crash(d, "its process died by signal %d (%s)", si->si_status, strsignal(si->si_status));
	}
}

static void pidfd_ready(void *arg, uint32_t revents)
{
	struct vcpu *v = arg;
	struct domain *d = v->d;
	uint64_t cpu_ns = process_cpu_time(v->pid);
	siginfo_t si = { 0 };
	int pidfd = v->pidfd;

	if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &si, WEXITED | WNOHANG) != 0) {
		/* Not ours to reap: all we know is that it is dead. */
		si.si_code = CLD_KILLED;
		si.si_status = SIGKILL;
	} else if (si.si_pid == 0) {
		return;
	}
	orphans_forget(v->pid);
	/* What it said before it died still counts. */
	request_ready(v, POLLIN);
	v->cpu_time_ns += cpu_ns;
	process_detach(v);
	borrower_put(d->borrower);
	close(pidfd);
	death(v, &si);
}

/* False: this vCPU's process has ended, and the domain with it. */
static bool vcpu_check(struct vcpu *v)
{
	struct pollfd p = { .fd = v->pidfd, .events = POLLIN };
	struct domain *d = v->d;
	domid_t domid = d->domid;

	if (!v->pid)
		return true;
	if (!v->request_watch) {
		/* Its socket is closed, so it is dying or we have killed it: how, the pidfd will tell. */
		if (poll(&p, 1, EXIT_MS) == 1)
			pidfd_ready(v, POLLIN);
		return domain_by_id(domid) == d;
	}
	if (!process_is_killed(v->pid))
		return true;
	request_ready(v, POLLIN);
	domain_destroy(d, "its process was killed");
	return false;
}

/*
 * The loop hears of a death when it comes to it, and a signal is sent before anybody is dead.  Who
 * killed a domain and then asks about it is answered as if all had happened at once.
 */
bool process_check(struct domain *d)
{
	uint32_t i;

	for (i = 0; d->nr_processes && i < d->max_vcpus; i++)
		if (!vcpu_check(&d->vcpu[i]))
			return false;
	return true;
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

/* The process of one vCPU, its ends with us watched.  0 or -errno. */
static int vcpu_spawn(struct vcpu *v, struct spawn *s)
{
	int rc = pvn_loop_add_fd(machine.loop, v->request_fd, POLLIN, request_ready, v, &v->request_watch);

	if (!rc)
		rc = spawn_vcpu(s);
	if (rc)
		return rc;
	rc = pvn_loop_add_fd(machine.loop, s->pidfd, POLLIN, pidfd_ready, v, &v->pidfd_watch);
	if (rc) {
		syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0);
		close(s->pidfd);
	}
	return rc;
}

/* Our ends of its sockets in *v, those of the process in s.  0 or -errno. */
static int sockets_make(struct vcpu *v, struct spawn *s)
{
	struct borrower *b = borrower_of(v->d);
	int sv[2];

	if (!b)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0)
		return -errno;
	v->request_fd = sv[0];
	s->request_fd = sv[1];
	return mapper_new(&b->mapper[v->id], &s->mapper_fd, &s->mapper_page_fd);
}

static void start_failed(struct vcpu *v, int rc)
{
	struct borrower *b = v->d->borrower;

	request_close(v);
	if (b) {
		mapper_close(b->mapper[v->id]);
		b->mapper[v->id] = NULL;
	}
	pvn_log(LOG_ERR, "d%u: cannot start the process of vCPU %u: %s", v->d->domid, v->id, strerror(-rc));
}

int process_start_vcpu(struct vcpu *v)
{
	struct domain *d = v->d;
	struct spawn s = { .domid = d->domid, .vcpu = v->id, .range_frames = d->range.frames,
			   .mem_fd = d->mem_fd, .shared_fd = d->shared_fd, .private_fd = d->private_fd,
			   .join_pidfd = v->id ? d->vcpu[0].pidfd : -1,
			   .request_fd = -1, .mapper_fd = -1, .mapper_page_fd = -1,
			   .low_addresses = lowmap_wanted(d) };
	int rc = sockets_make(v, &s), i, fds[3];

	for (i = 0; i < PVN_MAX_LINKS; i++)
		s.doorbell[i] = d->link[i].doorbell;
	if (!rc)
		rc = vcpu_spawn(v, &s);
	fds[0] = s.request_fd, fds[1] = s.mapper_fd, fds[2] = s.mapper_page_fd;
	for (i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (rc) {
		start_failed(v, rc);
		return rc;
	}
	borrower_get(d->borrower);
	v->pid = s.pid;
	v->pidfd = s.pidfd;
	d->nr_processes++;
	machine.nr_running++;
	poll_window_update();
	affinity_apply(v);
	return 0;
}

/* The first vCPU, and those that whoever built the domain wants to be up from the start. */
int process_start(struct domain *d)
{
	int rc = filters_write(d);
	uint32_t i;

	if (rc)
		return rc;
	pageset_prepare_start(d);
	for (i = 0; !rc && i < d->max_vcpus; i++)
		if (!i || (d->vcpu[i].initialised && d->vcpu[i].online))
			rc = process_start_vcpu(&d->vcpu[i]);
	if (rc)
		process_kill(d);
	return rc;
}
