/* SPDX-License-Identifier: MIT */
/* `paravaned --stop`: the client side. */
#ifndef PARAVANED_STOP_H
#define PARAVANED_STOP_H

#include <stdbool.h>

/* End the daemons; force: even if domains run.  An exit status: 0, or 1 with a line said. */
int stop_machine(bool force);

#endif
