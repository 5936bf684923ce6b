/* SPDX-License-Identifier: MIT */
/* xl vcpu-pin: which of the host's CPUs a vCPU may run on (hard affinity) and prefers (soft). */
#include "config.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/commands/xl.h"
#include "toolstack/lib/affinity.h"
#include "toolstack/lib/cpumap.h"

struct pin {
	const char *who;
	long vcpu;			/* -1: all */
	bool force;
	struct cpumap hard, soft;
	bool has_hard, has_soft;	/* else: leave it alone */
};

/* "-", or a set. */
static int parse_set(const char *text, struct cpumap *m, bool *has)
{
	char why[128] = "";

	*has = strcmp(text, "-") != 0;
	if (!*has || !cpumap_parse(m, text, why, sizeof(why)))
		return 0;
	return xl_say("%s", why);
}

static int parse_vcpu(const char *text, struct pin *p)
{
	char *end;

	p->vcpu = strtol(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && !*end && p->vcpu < 4096)
		return 0;
	p->vcpu = -1;
	if (strcmp(text, "all"))
		return xl_say("Error: Invalid argument %s as VCPU.", text);
	if (p->force)
		return xl_say("Error: --force and 'all' as VCPU not allowed.");
	return 0;
}

static int pin_one(struct toolstack *t, uint32_t domid, uint32_t vcpu, const struct pin *p, unsigned int nr_cpus)
{
	int ret = pvn_ctl_set_affinity(t->ctl, domid, vcpu, p->has_hard ? p->hard.bits : NULL,
				       p->has_soft ? p->soft.bits : NULL, p->force);

	if (!ret)
		return XL_OK;
	affinity_refused(t, p->who, vcpu, nr_cpus, ret);
	return xl_error(t);
}

static int pin(struct toolstack *t, uint32_t domid, const struct pin *p, unsigned int nr_cpus)
{
	struct xen_domctl_getdomaininfo info;
	uint32_t v;
	int ret = XL_OK;

	if (!p->has_hard && !p->has_soft)
		return XL_OK;
	if (p->vcpu >= 0)
		return pin_one(t, domid, (uint32_t)p->vcpu, p, nr_cpus);
	if (pvn_ctl_domain_info(t->ctl, domid, &info))
		return xl_say("%s: cannot be looked at", p->who);
	for (v = 0; ret == XL_OK && info.max_vcpu_id != XEN_INVALID_MAX_VCPU_ID && v <= info.max_vcpu_id; v++)
		ret = pin_one(t, domid, v, p, nr_cpus);
	return ret;
}

/* What would be set, for whom it may concern. */
static int show(const struct pin *p, unsigned int nr_cpus)
{
	printf("cpumap: ");
	if (p->has_hard)
		cpumap_print(&p->hard, nr_cpus, stdout);
	else
		printf("-");
	if (p->has_soft) {
		printf(" ");
		cpumap_print(&p->soft, nr_cpus, stdout);
	}
	printf("\n");
	return XL_OK;
}

int cmd_vcpu_pin(int argc, char **argv)
{
	struct xen_sysctl_physinfo host;
	struct pin p = { 0 };
	struct toolstack t;
	uint32_t domid;
	int ret = XL_FAILED, opt;

	while ((opt = xl_getopt("vcpu-pin", argc, argv, "hf", 3)) >= 0)
		p.force |= opt == 'f';
	p.who = argv[optind];
	if (parse_vcpu(argv[optind + 1], &p) || parse_set(argv[optind + 2], &p.hard, &p.has_hard) ||
	    (argc > optind + 3 && parse_set(argv[optind + 3], &p.soft, &p.has_soft)))
		return XL_FAILED;
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (pvn_ctl_physinfo(t.ctl, &host))
		ret = xl_say("the host's CPUs cannot be counted");
	else if (xl_find(&t, p.who, &domid))
		ret = XL_FAILED;
	else if (xl_dry_run)
		ret = show(&p, host.nr_cpus);
	else
		ret = domid ? pin(&t, domid, &p, host.nr_cpus)
			    : xl_say("0: the control domain's vCPUs are the host's CPUs; taskset(1) places its programs");
	toolstack_close(&t);
	return ret;
}
