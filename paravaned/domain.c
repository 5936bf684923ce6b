/* SPDX-License-Identifier: MIT */
/*
 * The table of domains: their birth, their states and their end.
 *
 * Called by domctl.c for the control domain, by request.c and process.c when a domain does or
 * suffers something.  Domain 0 is the control domain: an entry without memory or process, whose
 * ports belong to client handles.
 */
#include "config.h"
#include "paravaned/domain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uuid/uuid.h>
#include <xen/event_channel.h>
#include <xen/sched.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/client.h"
#include "paravaned/console_ring.h"
#include "paravaned/evtchn.h"
#include "paravaned/grant.h"
#include "paravaned/machine.h"
#include "paravaned/memory.h"
#include "paravaned/process.h"

#define DEFAULT_MAX_PORT	1023
#define CONTROL_MAX_PORTS	(1U << 17)
#define DEFAULT_WEIGHT		256
#define DEFAULT_MAPTRACK_FRAMES	1024U
#define MAX_MAPTRACK_FRAMES	(1U << 20)

struct domain *dom0;

/* By domid, and a bit for each that exists to walk them in order. */
static struct domain *table[DOMID_FIRST_RESERVED];
static uint64_t present[(DOMID_FIRST_RESERVED + 63) / 64];
static uint32_t nr_domains, last_domid, generation;

struct domain *domain_by_id(domid_t domid)
{
	return domid < DOMID_FIRST_RESERVED ? table[domid] : NULL;
}

struct domain *domain_at_or_after(uint32_t domid)
{
	uint32_t w = domid / 64;
	uint64_t word;

	if (domid >= DOMID_FIRST_RESERVED)
		return NULL;
	word = present[w] & (~0ULL << (domid % 64));
	while (!word) {
		if (++w == sizeof(present) / sizeof(present[0]))
			return NULL;
		word = present[w];
	}
	return table[w * 64 + (uint32_t)__builtin_ctzll(word)];
}

uint32_t domain_count(void)
{
	return nr_domains;
}

static void table_insert(struct domain *d)
{
	table[d->domid] = d;
	present[d->domid / 64] |= 1ULL << (d->domid % 64);
}

/* Numbers grow and are reused only after a turn through all of them. */
static int domid_choose(domid_t want, domid_t *out)
{
	uint32_t i, id = last_domid;

	if (want && want < DOMID_FIRST_RESERVED) {
		if (table[want])
			return -EEXIST;
		*out = want;
		return 0;
	}
	for (i = 1; i < DOMID_FIRST_RESERVED; i++) {
		id = id + 1 < DOMID_FIRST_RESERVED ? id + 1 : 1;
		if (!table[id]) {
			last_domid = id;
			*out = (domid_t)id;
			return 0;
		}
	}
	return -ENOMEM;
}

static struct domain *domain_alloc(uint32_t max_vcpus)
{
	struct domain *d = calloc(1, sizeof(*d));
	int i;

	if (!d)
		return NULL;
	d->vcpu = calloc(max_vcpus, sizeof(*d->vcpu));
	if (!d->vcpu) {
		free(d);
		return NULL;
	}
	d->max_vcpus = max_vcpus;
	for (i = 0; i < (int)max_vcpus; i++) {
		d->vcpu[i].d = d;
		d->vcpu[i].id = (uint32_t)i;
		d->vcpu[i].pidfd = d->vcpu[i].request_fd = -1;
		memset(d->vcpu[i].hard, 0xff, sizeof(d->vcpu[i].hard));
		memset(d->vcpu[i].soft, 0xff, sizeof(d->vcpu[i].soft));
	}
	d->mem_fd = d->shared_fd = d->private_fd = -1;
	for (i = 0; i < PVN_MAX_LINKS; i++)
		d->link[i].doorbell = -1;
	d->weight = DEFAULT_WEIGHT;
	d->generation = ++generation;
	d->created_ns = pvn_now_ns();
	LIST_INIT(&d->mappings);
	return d;
}

static void domain_free(struct domain *d)
{
	int i;

	for (i = 0; i < PVN_MAX_LINKS; i++)
		if (d->link[i].doorbell >= 0)
			close(d->link[i].doorbell);
	pageset_destroy(d);
	port_table_free(d);
	grants_free(d);
	free(d->vcpu);
	free(d);
}

int domain_table_init(void)
{
	dom0 = domain_alloc(machine.nr_cpus);
	if (!dom0)
		return -ENOMEM;
	dom0->has_vcpus = true;
	dom0->max_ports = CONTROL_MAX_PORTS;
	table_insert(dom0);
	return 0;
}

/* What <xen/domctl.h> says a PV domain can be asked to be.  0 or -EINVAL. */
static int config_check(const struct xen_domctl_createdomain *cfg)
{
	if (cfg->flags & ~XEN_DOMCTL_CDF_xs_domain)
		return -EINVAL;
	if (cfg->iommu_opts || cfg->vmtrace_size || cfg->arch.emulation_flags ||
	    (cfg->arch.misc_flags & ~XEN_X86_MSR_RELAXED))
		return -EINVAL;
	if (cfg->max_vcpus < 1 || cfg->max_vcpus > PVN_MAX_VCPUS)
		return -EINVAL;
	if (cfg->max_grant_frames > PVN_MAX_GRANT_FRAMES || cfg->max_grant_frames == 0)
		return -EINVAL;
	/* Xen takes any; this is as many handles as it could number here. */
	if (cfg->max_maptrack_frames > (int32_t)MAX_MAPTRACK_FRAMES)
		return -EINVAL;
	if (XEN_DOMCTL_GRANT_version(cfg->grant_opts) > 2 || (cfg->grant_opts & ~0xfU))
		return -EINVAL;
	return cfg->cpupool_id ? -EINVAL : 0;
}

static void config_apply(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
	uint32_t last = cfg->max_evtchn_port ? cfg->max_evtchn_port : DEFAULT_MAX_PORT;

	d->ssidref = cfg->ssidref;
	d->create_flags = cfg->flags;
	d->max_ports = (last < PVN_MAX_PORTS - 1 ? last : PVN_MAX_PORTS - 1) + 1;
	d->max_grant_frames = cfg->max_grant_frames < 0 ? PVN_MAX_GRANT_FRAMES
							: (uint32_t)cfg->max_grant_frames;
	d->max_maptrack_frames = cfg->max_maptrack_frames < 0 ? DEFAULT_MAPTRACK_FRAMES
							      : (uint32_t)cfg->max_maptrack_frames;
	d->max_grant_version = XEN_DOMCTL_GRANT_version(cfg->grant_opts);
	if (!d->max_grant_version)
		d->max_grant_version = 2;
	memcpy(d->handle, cfg->handle, sizeof(d->handle));
	if (uuid_is_null(d->handle))
		uuid_generate(d->handle);
	d->pause_count = 1;
}

/*
 * Make a domain, paused, without memory or vCPUs.  want: its domid, or 0 or a reserved number for
 * the next free one.  0; -EINVAL: cfg asks for what a PV domain cannot have; -EEXIST: the domid
 * is taken; -ENOMEM; else -errno.
 */
int domain_create(domid_t want, const struct xen_domctl_createdomain *cfg, struct domain **out)
{
	domid_t domid;
	struct domain *d;
	int rc, i;

	rc = config_check(cfg);
	if (!rc)
		rc = domid_choose(want, &domid);
	if (rc)
		return rc;
	d = domain_alloc(cfg->max_vcpus);
	if (!d)
		return -ENOMEM;
	d->domid = domid;
	config_apply(d, cfg);
	rc = port_table_init(d);
	if (!rc)
		rc = pageset_create(d);
	for (i = 0; !rc && i < PVN_MAX_LINKS; i++) {
		d->link[i].doorbell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (d->link[i].doorbell < 0)
			rc = -errno;
	}
	if (rc) {
		domain_free(d);
		return rc;
	}
	table_insert(d);
	nr_domains++;
	*out = d;
	return 0;
}

/*
 * The end of a domain: after this it is in no list, its process is killed, its memory is given
 * back even if backends still map it, and its peers and mappers know.
 */
void domain_destroy(struct domain *d, const char *why)
{
	machine_log("d%u destroyed: %s", d->domid, why);
	d->dying = true;
	table[d->domid] = NULL;
	present[d->domid / 64] &= ~(1ULL << (d->domid % 64));
	nr_domains--;
	process_kill(d);
	evtchn_destroy_domain(d);
	watchdogs_stop(d);
	mappings_gone(d);
	borrower_put(d->borrower);
	memory_release_all(d);
	domain_free(d);
	evtchn_raise_virq(VIRQ_DOM_EXC);
}

/* The first reason recorded stays. */
void domain_shutdown_code(struct domain *d, uint8_t code)
{
	if (d->has_shutdown_code)
		return;
	d->has_shutdown_code = true;
	d->shutdown_code = code;
}

/* The process no longer runs, whatever it would like to do. */
void domain_shutdown(struct domain *d, uint8_t code)
{
	if (d->is_shut_down)
		return;
	d->is_shut_down = true;
	domain_shutdown_code(d, code);
	process_stop(d);
	watchdogs_stop(d);
	machine_log("d%u shut down, code %u", d->domid, d->shutdown_code);
	evtchn_raise_virq(VIRQ_DOM_EXC);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	char reason[200];
	va_list ap;

	if (d->is_shut_down)
		return;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	machine_log("d%u crashed: %s", d->domid, reason);
	domain_shutdown(d, SHUTDOWN_crash);
}

/* Pauses nest, as in Xen.  0 or -EOVERFLOW. */
int domain_pause(struct domain *d)
{
	if (d->pause_count >= 255)
		return -EOVERFLOW;
	if (d->pause_count++ == 0)
		process_stop(d);
	return 0;
}

/*
 * 0; -EINVAL: not paused, or nothing to run; -errno of starting its process, which the first
 * unpause does.
 */
int domain_unpause(struct domain *d)
{
	int rc;

	if (!d->pause_count)
		return -EINVAL;
	if (d->pause_count > 1 || d->is_shut_down) {
		d->pause_count--;
		return 0;
	}
	if (d->nr_processes) {
		process_continue(d);
	} else {
		if (!d->vcpu[0].initialised || !d->range.frames)
			return -EINVAL;
		rc = process_start(d);
		if (rc)
			return rc;
	}
	d->pause_count = 0;
	return 0;
}
