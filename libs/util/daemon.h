/* SPDX-License-Identifier: MIT */
/* How a program becomes a daemon: fork, pid file, log, and "ready" told to who started it. */
#ifndef PVN_UTIL_DAEMON_H
#define PVN_UTIL_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Become the daemon called name.  Takes the lock on RUNDIR/NAME.pid; in the background case
 * forks, and the parent does not return: it exits 0 when the child calls pvn_daemon_ready(),
 * 1 when the child ends before.  When another one holds the lock, says "already running
 * (pid N)" and exits 0 as soon as that one is ready.  stderr stays the caller's until ready, so
 * a failing start prints its one line with pvn_log(LOG_ERR).  The log is RUNDIR/log/NAME.log, or
 * stderr in the foreground.  SIGPIPE is ignored, the soft limit of descriptors raised.  Returns 0, or -errno with a line said.
 */
int pvn_daemon_start(const char *name, bool foreground);

/* The daemon serves now: pid into the pid file, parent released, stdin/out/err redirected. */
void pvn_daemon_ready(void);

/*
 * Is the daemon called name running and ready?  1: yes, *pid (may be NULL) is its process;
 * 0: no; -EAGAIN: it runs but is not ready yet; else -errno.
 */
int pvn_daemon_running(const char *name, pid_t *pid);

/*
 * See to it that the daemon called name runs: start it (pvn_find_program) unless it does, and
 * wait until it is ready.  Returns 0, or -ENOENT: no such program, or -EIO: it failed and said why
 * on stderr, or -errno.
 */
int pvn_daemon_ensure(const char *name);

#endif
