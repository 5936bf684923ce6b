/* SPDX-License-Identifier: MIT */
/* The machine behind the store: domains, rings and events, or none of it. */
#ifndef XENSTORED_MACHINE_H
#define XENSTORED_MACHINE_H

#include "xenstored/store.h"

struct pvn_loop;

/* For --no-machine: every domid exists, INTRODUCE connects to nothing. */
extern const struct machine_ops machine_none;

#endif
