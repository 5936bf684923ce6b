/* SPDX-License-Identifier: MIT */
/* xl vcpu-set: how many vCPUs a domain should have online; its kernel is asked through the store. */
#include "config.h"
#include <getopt.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"

static int set_online(struct toolstack *t, uint32_t domid, unsigned long want, bool ignore_host)
{
	struct xen_domctl_getdomaininfo info;
	struct xen_sysctl_physinfo host;
	uint32_t v;

	if (pvn_ctl_domain_info(t->ctl, domid, &info) || pvn_ctl_physinfo(t->ctl, &host))
		return xl_say("%u: cannot be looked at", domid);
	if (want > info.max_vcpu_id + 1)
		return xl_say("%u: %lu vCPUs are more than its maxvcpus, %u", domid, want, info.max_vcpu_id + 1);
	if (!ignore_host && want > host.nr_cpus && want > info.nr_online_vcpus)
		return xl_say("%u: %lu vCPUs are more than the host's %u CPUs; `-i' sets them all the same",
			      domid, want, host.nr_cpus);
	for (v = 0; v <= info.max_vcpu_id; v++)
		if (store_write(t, v < want ? "online" : "offline", "/local/domain/%u/cpu/%u/availability",
				domid, v))
			return xl_error(t);
	return XL_OK;
}

int cmd_vcpu_set(int argc, char **argv)
{
	struct toolstack t;
	bool ignore_host = false;
	unsigned long want;
	uint32_t domid;
	int ret = XL_FAILED, opt;
	char *end;

	while ((opt = xl_getopt("vcpu-set", argc, argv, "hi", 2)) >= 0)
		ignore_host |= opt == 'i';
	want = strtoul(argv[optind + 1], &end, 10);
	if (*end || end == argv[optind + 1] || argv[optind + 1][0] == '-' || !want)
		return xl_say("%s: not a number of vCPUs", argv[optind + 1]);
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (!xl_find(&t, argv[optind], &domid))
		ret = domid ? set_online(&t, domid, want, ignore_host)
			    : xl_say("0: the control domain's vCPUs are the host's CPUs");
	toolstack_close(&t);
	return ret;
}
