/* SPDX-License-Identifier: MIT */
/* One line of log, of a daemon or of a tool. */
#ifndef PVN_UTIL_LOG_H
#define PVN_UTIL_LOG_H

#include <syslog.h>

/*
 * Write one line with time, name and priority (LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO,
 * LOG_DEBUG) to the log.  The log is stderr until pvn_log_open() named a file.  The text may
 * come from a domain: control characters are written as '?'.  errno is kept.
 */
void pvn_log(int prio, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Lines less urgent than prio are dropped; LOG_INFO at start, $PARAVANE_LOG=debug for LOG_DEBUG. */
void pvn_log_level(int prio);

/*
 * From now on write to the file (appended, made 0600), as name.  A file beyond 8 MiB is
 * renamed to FILE.1 and begun anew.  also_stderr: errors go to stderr, too, without the
 * time, until pvn_log_quiet().  0 or -errno.
 */
int pvn_log_open(const char *name, const char *path, int also_stderr);
void pvn_log_quiet(void);

/* The descriptor the log is written to. */
int pvn_log_fd(void);

#endif
