/* SPDX-License-Identifier: MIT */
/* Where a domain's vCPUs may run and prefer to. */
#ifndef PARAVANE_AFFINITY_H
#define PARAVANE_AFFINITY_H

#include "toolstack/lib/toolstack.h"

/* cpus= and cpus_soft= of a domain that is being made.  0 or -errno, t->error set. */
int affinity_configure(struct toolstack *t, uint32_t domid, const struct domain_config *c);
/* Says why paravaned refused one vCPU's; returns ret. */
int affinity_refused(struct toolstack *t, const char *who, unsigned int vcpu, unsigned int nr_cpus, int ret);

#endif
