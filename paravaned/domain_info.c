/* SPDX-License-Identifier: MIT */
/*
 * What the control domain may ask about a domain: XEN_DOMCTL_getdomaininfo.
 *
 * The run state of a vCPU is a hint the image writes; a domain that lies there lies to `xl list`
 * about nothing but its own state letters.
 */
#include "config.h"
#include "paravaned/domain.h"

#include <stdio.h>
#include <string.h>

#include "paravaned/machine.h"
#include "paravaned/process.h"

uint64_t vcpu_cpu_time(const struct vcpu *v)
{
	return v->cpu_time_ns + process_cpu_time(v->pid);
}

uint64_t domain_cpu_time(struct domain *d)
{
	uint64_t ns = 0;
	uint32_t i;

	for (i = 0; i < d->max_vcpus; i++)
		ns += vcpu_cpu_time(&d->vcpu[i]);
	return ns;
}

bool vcpu_online(const struct vcpu *v)
{
	if (!v->pid)
		return v->initialised && v->online && !v->d->nr_processes;
	return !__atomic_load_n(&domain_vcpu_area(v->d, v->id)->down, __ATOMIC_RELAXED);
}

static bool vcpu_running(struct domain *d, uint32_t vcpu)
{
	uint32_t s = __atomic_load_n(&domain_vcpu_area(d, vcpu)->run_state, __ATOMIC_RELAXED);

	return s == PVN_VCPU_RUNNING;
}

static uint32_t run_flags(struct domain *d)
{
	uint32_t i;

	if (!d->nr_processes || d->pause_count || d->is_shut_down)
		return 0;
	for (i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i].pid && vcpu_running(d, i))
			return XEN_DOMINF_running;
	return XEN_DOMINF_blocked;
}

static uint32_t state_flags(struct domain *d)
{
	uint32_t f = run_flags(d);

	if (d->dying)
		f |= XEN_DOMINF_dying;
	if (d->pause_count)
		f |= XEN_DOMINF_paused;
	if (d->create_flags & XEN_DOMCTL_CDF_xs_domain)
		f |= XEN_DOMINF_xs_domain;
	if (d->is_shut_down)
		f |= XEN_DOMINF_shutdown | (uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift;
	return f;
}

/* Domain 0 has the memory nobody else has, and all CPUs. */
static void control_domain_info(struct xen_domctl_getdomaininfo *info)
{
	info->flags = XEN_DOMINF_running;
	info->tot_pages = machine.total_pages - machine.used_pages;
	info->max_pages = machine.total_pages;
	info->cpu_time = process_host_cpu_time();
	info->nr_online_vcpus = machine.nr_cpus;
	info->max_vcpu_id = machine.nr_cpus - 1;
	info->shared_info_frame = ~0ULL;
	info->gpaddr_bits = 44;
}

void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	uint32_t i;

	memset(info, 0, sizeof(*info));
	info->domain = d->domid;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	info->ssidref = d->ssidref;
	if (d == dom0) {
		control_domain_info(info);
		return;
	}
	info->flags = state_flags(d);
	info->tot_pages = d->tot_pages;
	info->max_pages = d->max_pages;
	info->outstanding_pages = d->claimed_pages;
	info->shared_info_frame = d->range.frames ? d->range.base + PVN_HEAP_SHARED_INFO : ~0ULL;
	info->cpu_time = domain_cpu_time(d);
	for (i = 0; i < d->max_vcpus; i++)
		info->nr_online_vcpus += vcpu_online(&d->vcpu[i]);
	info->max_vcpu_id = d->has_vcpus ? d->max_vcpus - 1 : XEN_INVALID_MAX_VCPU_ID;
	info->gpaddr_bits = 44;
}

struct domain *domain_alive_at_or_after(uint32_t domid)
{
	struct domain *d;

	while ((d = domain_at_or_after(domid))) {
		domid = d->domid + 1U;
		if (process_check(d))
			break;
	}
	return d;
}

/* Crossing the number of CPUs, not every start and end, costs a walk over the domains. */
void poll_window_update(void)
{
	static uint32_t last_ns = POLL_MAX_NS;
	uint32_t ns = machine.nr_running <= machine.nr_cpus ? POLL_MAX_NS : 0;
	struct domain *d;

	if (ns == last_ns)
		return;
	last_ns = ns;
	for (d = domain_at_or_after(1); d; d = domain_at_or_after(d->domid + 1U))
		if (d->nr_processes)
			__atomic_store_n(&domain_header(d)->poll_max_ns, ns, __ATOMIC_RELAXED);
}
