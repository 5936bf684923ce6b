/* SPDX-License-Identifier: MIT */
/* Where a domain's vCPUs may run and prefer to: what its configuration says, when it is made. */
#include "config.h"
#include <errno.h>
#include <string.h>

#include "toolstack/lib/affinity.h"

_Static_assert(CPUMAP_CPUS == PVN_CTL_CPUMAP_BYTES * 8, "one size of CPU maps");

int affinity_refused(struct toolstack *t, const char *who, unsigned int vcpu, unsigned int nr_cpus, int ret)
{
	switch (ret) {
	case -EINVAL:
		return ts_fail(t, ret, "%s: Could not set affinity for vcpu `%u': the host has none of these CPUs "
			       "(it has 0-%u), or the domain no such vCPU", who, vcpu, nr_cpus - 1);
	default:
		return ts_fail(t, ret, "%s: Could not set affinity for vcpu `%u': %s", who, vcpu, strerror(-ret));
	}
}

int affinity_configure(struct toolstack *t, uint32_t domid, const struct domain_config *c)
{
	struct xen_sysctl_physinfo host;
	unsigned int v;
	int ret = 0;

	if (!c->nr_cpus && !c->nr_cpus_soft)
		return 0;
	ret = pvn_ctl_physinfo(t->ctl, &host);
	for (v = 0; !ret && v < c->max_vcpus; v++) {
		const uint8_t *hard = v < c->nr_cpus ? c->cpus[v].bits : NULL;
		const uint8_t *soft = v < c->nr_cpus_soft ? c->cpus_soft[v].bits : NULL;

		if (hard || soft)
			ret = pvn_ctl_set_affinity(t->ctl, domid, v, hard, soft, 0);
	}
	return ret ? affinity_refused(t, c->name, v - 1, host.nr_cpus, ret) : 0;
}
