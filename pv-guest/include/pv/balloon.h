/* SPDX-License-Identifier: MIT */
/* How much memory the domain has: some goes back to the hypervisor, and comes again. */
#ifndef PV_BALLOON_H
#define PV_BALLOON_H

#include <pv/types.h>

/* Moves the size to that many pages of what the builder gave. 0, -EBUSY (in use), -ENOMEM (none to be had). */
int balloon_set(uint64_t want_pages);
uint64_t balloon_out(void);	/* pages given back */

#endif
