/* SPDX-License-Identifier: MIT */
/* What a monitor does with a domain that has shut down. */
#ifndef PARAVANE_RESTART_H
#define PARAVANE_RESTART_H

#include <time.h>
#include "toolstack/lib/toolstack.h"

struct monitored {
	uint32_t domid;
	uuid_t uuid;
	char *name;
	time_t started;			/* of this incarnation */
	unsigned int quick_ends;	/* incarnations in a row that ended at once */
};

/* The action configured for a shutdown reason (SHUTDOWN_*); destroy for what nobody knows. */
enum domain_action restart_action(struct toolstack *t, const struct monitored *m, int reason);

/* Do it.  1: a new incarnation runs, m speaks of it; 0: nothing left to watch; -errno. */
int restart_perform(struct toolstack *t, struct monitored *m, enum domain_action action);

#endif
