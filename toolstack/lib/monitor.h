/* SPDX-License-Identifier: MIT */
/* The monitor: the process that stays after `xl create' and performs on_poweroff and its like. */
#ifndef PARAVANE_MONITOR_H
#define PARAVANE_MONITOR_H

#include "toolstack/lib/toolstack.h"

/*
 * Fork the monitor of a domain that is still paused, log RUNDIR/log/xl-NAME.log.  Returns when
 * it watches: 0, or -errno with t->error.
 */
int monitor_start(struct toolstack *t, uint32_t domid, const struct domain_config *c);

/* The same in this process (`create -F'): returns when there is nothing to watch any more. */
int monitor_run(struct toolstack *t, uint32_t domid);

/*
 * Wait for the store to say something, and meanwhile see to it that a backend that was killed
 * comes back (monitor_backend.c).  w may be NULL: only wait.
 */
struct backend_watch;
struct backend_watch *backend_watch_new(void);
void backend_watch_wait(struct toolstack *t, uint32_t domid, struct backend_watch *w);
void backend_watch_free(struct backend_watch *w);

#endif
