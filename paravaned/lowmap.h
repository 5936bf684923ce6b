/* SPDX-License-Identifier: MIT */
/* Domains whose kernel lives below vm.mmap_min_addr. */
#ifndef PARAVANED_LOWMAP_H
#define PARAVANED_LOWMAP_H

#include <stdbool.h>

struct domain;

/* Does the domain's start of day map a page that only privilege gives a process? */
bool lowmap_wanted(const struct domain *d);

#endif
