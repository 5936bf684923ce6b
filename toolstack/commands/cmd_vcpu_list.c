/* SPDX-License-Identifier: MIT */
/* xl vcpu-list: the vCPUs of the domains and where they run. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"
#include "toolstack/lib/cpumap.h"

static void print_vcpu(const char *name, uint32_t domid, uint32_t vcpu,
		       const struct xen_domctl_getvcpuinfo *v, const struct cpumap affinity[2], uint32_t nr_cpus)
{
	printf("%-32s %5u %5u", name ? name : "(null)", domid, vcpu);
	if (!v->online)
		printf(" %5c %3c%cp ", '-', '-', '-');
	else
		printf(" %5u %3c%c- ", v->cpu, v->running ? 'r' : '-', v->blocked ? 'b' : '-');
	printf(" %9.1f  ", v->cpu_time / 1e9);
	cpumap_print(&affinity[0], nr_cpus, stdout);
	printf(" / ");
	cpumap_print(&affinity[1], nr_cpus, stdout);
	printf("\n");
}

static int list_vcpus(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		      const char *name, void *arg)
{
	const struct xen_sysctl_physinfo *host = arg;
	struct xen_domctl_getvcpuinfo v;
	struct cpumap affinity[2];
	uint32_t i;

	for (i = 0; info->max_vcpu_id != XEN_INVALID_MAX_VCPU_ID && i <= info->max_vcpu_id; i++)
		if (pvn_ctl_vcpu_info(t->ctl, info->domain, i, &v) >= 0 &&
		    pvn_ctl_get_affinity(t->ctl, info->domain, i, affinity[0].bits, affinity[1].bits) >= 0)
			print_vcpu(name, info->domain, i, &v, affinity, host->nr_cpus);
	return 0;
}

int cmd_vcpu_list(int argc, char **argv)
{
	struct xen_sysctl_physinfo host;
	struct toolstack t;
	int ret = XL_FAILED;

	while (xl_getopt("vcpu-list", argc, argv, "h", 0) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (pvn_ctl_physinfo(t.ctl, &host))
		ret = xl_say("the host's CPUs cannot be counted");
	else if (!xl_find_all(&t, argc - optind, argv + optind)) {
		printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
		       "Affinity (Hard / Soft)");
		ret = xl_for_domains(&t, argc - optind, argv + optind, true, list_vcpus, &host);
	}
	toolstack_close(&t);
	return ret;
}
