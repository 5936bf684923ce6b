/* SPDX-License-Identifier: MIT */
/* xl vcpu-list: the vCPUs of the domains and where they run. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"

static void print_vcpu(const char *name, uint32_t domid, uint32_t vcpu,
		       const struct xen_domctl_getvcpuinfo *v)
{
	printf("%-32s %5u %5u", name ? name : "(null)", domid, vcpu);
	if (!v->online)
		printf(" %5c %3c%cp ", '-', '-', '-');
	else
		printf(" %5u %3c%c- ", v->cpu, v->running ? 'r' : '-', v->blocked ? 'b' : '-');
	printf(" %9.1f  all / all\n", v->cpu_time / 1e9);
}

static int list_vcpus(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		      const char *name, void *arg)
{
	struct xen_domctl_getvcpuinfo v;
	uint32_t i;

	for (i = 0; info->max_vcpu_id != XEN_INVALID_MAX_VCPU_ID && i <= info->max_vcpu_id; i++)
		if (pvn_ctl_vcpu_info(t->ctl, info->domain, i, &v) >= 0)
			print_vcpu(name, info->domain, i, &v);
	return 0;
}

int cmd_vcpu_list(int argc, char **argv)
{
	struct toolstack t;
	int ret = XL_FAILED;

	while (xl_getopt("vcpu-list", argc, argv, "h", 0) >= 0)
		;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (!xl_find_all(&t, argc - optind, argv + optind)) {
		printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
		       "Affinity (Hard / Soft)");
		ret = xl_for_domains(&t, argc - optind, argv + optind, true, list_vcpus, NULL);
	}
	toolstack_close(&t);
	return ret;
}
