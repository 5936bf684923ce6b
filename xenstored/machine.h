/* SPDX-License-Identifier: MIT */
/* The machine behind the store: domains, rings and events, or none of it. */
#ifndef XENSTORED_MACHINE_H
#define XENSTORED_MACHINE_H

#include "xenstored/store.h"

#include <stdbool.h>

struct machine;
struct pvn_loop;

/* For --no-machine: every domid exists, INTRODUCE connects to nothing.  Its argument is the store. */
extern const struct machine_ops machine_none;

/* paravaned's machine.  Its argument is a struct machine. */
extern const struct machine_ops machine_xen;

/* Connect and listen for events.  0; -ENOENT, -ECONNREFUSED: paravaned does not run; -errno. */
int machine_open(struct pvn_loop *loop, struct machine **m);
void machine_serve(struct machine *m, struct store *s);	/* before the loop runs */
bool machine_lost(const struct machine *m);		/* paravaned went away, the loop was stopped */
void machine_close(struct machine *m);			/* after the store is freed; NULL is fine */

#endif
