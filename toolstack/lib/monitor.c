/* SPDX-License-Identifier: MIT */
/*
 * The monitor of one domain: sleeps on @releaseDomain until the domain has shut down or vanished,
 * then does what its configuration says.  It also brings backends back that were killed
 * (monitor_backend.c).  Forked by `xl create'; lives as long as the domain and its restarts.
 */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <paravane/rundir.h>
#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "toolstack/lib/monitor.h"
#include "toolstack/lib/restart.h"
#include <xen/sched.h>

#define RECONNECT_US		100000
#define RECONNECT_SLOW_US	1000000
#define RECONNECT_QUICK		50	/* tries before it is only tried each second */

static int watch_releases(struct toolstack *t)
{
	if (xs_watch(t->xs, "@releaseDomain", "monitor"))
		return 0;
	return ts_fail(t, -errno, "xenstored: cannot watch @releaseDomain: %s", strerror(errno));
}

/* Until the next event.  0, or -ENOTCONN when the store has gone. */
static int wait_release(struct toolstack *t, const struct monitored *m, struct backend_watch *w)
{
	unsigned int nr;
	char **event;

	backend_watch_wait(t, m->domid, w);
	event = xs_read_watch(t->xs, &nr);
	free(event);
	return event ? 0 : -ENOTCONN;
}

/*
 * A store that is away is waited for, however long: the next xl that needs it starts it.  A machine
 * that has gone has taken the domain with it.
 */
static int reconnect(struct toolstack *t)
{
	int i;

	for (i = 0;; i++) {
		toolstack_close(t);
		if (pvn_daemon_running("paravaned", NULL) == 0)
			return ts_fail(t, -EHOSTDOWN, "paravaned has gone, and with it the domain");
		if (!toolstack_connect(t) && !watch_releases(t))
			return 0;
		usleep(i < RECONNECT_QUICK ? RECONNECT_US : RECONNECT_SLOW_US);
	}
}

/* Do what the end of the domain asks for.  1: go on watching; 0: done; -errno. */
static int domain_ended(struct toolstack *t, struct monitored *m,
			const struct xen_domctl_getdomaininfo *info)
{
	int reason = domain_shutdown_reason(info);
	enum domain_action action;

	pvn_log(LOG_INFO, "Domain %u has shut down, reason code %d 0x%x", m->domid, reason,
		(unsigned int)reason);
	if (reason == SHUTDOWN_suspend) {
		pvn_log(LOG_INFO, "Domain has suspended");
		return 0;
	}
	action = restart_action(t, m, reason);
	pvn_log(LOG_INFO, "Action for shutdown reason code %d is %s", reason,
		domain_action_name(action));
	return restart_perform(t, m, action);
}

/* Look at the domain.  1: alive, watch on; 0: done; -errno. */
static int look(struct toolstack *t, struct monitored *m)
{
	struct xen_domctl_getdomaininfo info;
	int ret = pvn_ctl_domain_info(t->ctl, m->domid, &info);

	if (ret == -ESRCH || (!ret && memcmp(info.handle, m->uuid, sizeof(uuid_t))) ||
	    (!ret && (info.flags & XEN_DOMINF_dying))) {
		pvn_log(LOG_INFO, "Domain %u has been destroyed", m->domid);
		domain_cleanup(t, m->domid, m->uuid);
		return 0;
	}
	if (ret < 0)
		return ts_fail(t, ret, "paravaned: %s", strerror(-ret));
	return info.flags & XEN_DOMINF_shutdown ? domain_ended(t, m, &info) : 1;
}

static int monitor_loop(struct toolstack *t, struct monitored *m)
{
	struct backend_watch *w = backend_watch_new();
	int ret;

	pvn_log(LOG_INFO, "Waiting for domain %s (domid %u) to die [pid %d]", m->name, m->domid,
		(int)getpid());
	for (;;) {
		ret = wait_release(t, m, w);
		if (!ret)
			ret = look(t, m);
		if (ret == -ENOTCONN || ret == -EPIPE || ret == -ECONNRESET) {
			pvn_log(LOG_WARNING, "a daemon has gone away, connecting again");
			ret = reconnect(t);
			ret = ret ? ret : look(t, m);
		}
		if (ret <= 0)
			break;
	}
	backend_watch_free(w);
	if (ret)
		pvn_log(LOG_ERR, "%s", t->error);
	if (ret == -EHOSTDOWN)
		userdata_remove(m->domid, m->uuid);
	pvn_log(LOG_INFO, "Done. Exiting now");
	return ret;
}

static int identify(struct toolstack *t, uint32_t domid, struct monitored *m)
{
	struct xen_domctl_getdomaininfo info;
	int ret = pvn_ctl_domain_info(t->ctl, domid, &info);

	memset(m, 0, sizeof(*m));
	if (ret < 0)
		return ts_fail(t, ret, "%u: the domain has gone", domid);
	m->domid = domid;
	memcpy(m->uuid, info.handle, sizeof(m->uuid));
	m->name = domain_name(t, domid);
	m->started = time(NULL);
	return m->name ? 0 : ts_fail(t, -ENOENT, "%u: the domain has no name", domid);
}

int monitor_run(struct toolstack *t, uint32_t domid)
{
	struct monitored m;
	int ret = identify(t, domid, &m);

	if (!ret)
		ret = watch_releases(t);
	if (!ret)
		ret = monitor_loop(t, &m);
	free(m.name);
	return ret;
}

static int open_log(const char *name)
{
	char file[CFG_NAME_MAX + 32], path[PATH_BYTES];
	int ret = pvn_runpath(path, sizeof(path), "log");

	if (!ret && mkdir(path, 0700) && errno != EEXIST)
		ret = -errno;
	snprintf(file, sizeof(file), "log/xl-%s.log", name);
	if (!ret)
		ret = pvn_runpath(path, sizeof(path), file);
	return ret ? ret : pvn_log_open("xl", path, 0);
}

/* The child: own session, own connections, nothing of the parent's but the pipe. */
static int become_monitor(uint32_t domid, const char *name, int ready)
{
	struct toolstack t = {0};
	struct monitored m;
	int null, ret;

	setsid();
	interrupt_end();
	if (ready != 3)
		dup2(ready, 3);
	close_range(4, ~0u, 0);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	ret = open_log(name);
	if (!ret)
		ret = toolstack_connect(&t);
	if (!ret)
		ret = identify(&t, domid, &m);
	if (!ret)
		ret = watch_releases(&t);
	if (ret) {
		pvn_log(LOG_ERR, "the monitor cannot start: %s", t.error);
		return 1;
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, 0);
	dup2(pvn_log_fd(), 1);
	dup2(pvn_log_fd(), 2);
	if (chdir("/") || write(3, "r", 1) != 1)
		return 1;
	close(3);
	monitor_loop(&t, &m);
	free(m.name);
	toolstack_close(&t);
	return 0;
}

int monitor_start(struct toolstack *t, uint32_t domid, const struct domain_config *c)
{
	int p[2];
	char ready;
	ssize_t n;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC))
		return ts_fail(t, -errno, "%s: no pipe for the monitor: %s", c->name, strerror(errno));
	pid = fork();
	if (pid < 0) {
		close(p[0]);
		close(p[1]);
		return ts_fail(t, -errno, "%s: the monitor cannot be forked: %s", c->name,
			       strerror(errno));
	}
	if (pid == 0)
		_exit(become_monitor(domid, c->name, p[1]));
	close(p[1]);
	do
		n = read(p[0], &ready, 1);
	while (n < 0 && errno == EINTR);
	close(p[0]);
	if (n == 1)
		return 0;
	return ts_fail(t, -EIO, "%s: its monitor could not start; its log is %s/log/xl-%s.log", c->name,
		       pvn_rundir(), c->name);
}
