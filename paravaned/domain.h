/* SPDX-License-Identifier: MIT */
/*
 * A domain as the machine knows it.  This is the truth; the page set the domain maps holds
 * copies for the hv image (see <paravane/shared.h>) and is never read back to decide anything.
 */
#ifndef PARAVANED_DOMAIN_H
#define PARAVANED_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <xen/xen.h>
#include <xen/domctl.h>
#include <paravane/shared.h>

#include "paravaned/frames.h"
#include "paravaned/machine.h"
#include "paravaned/ratelimit.h"

struct active_grant;
struct borrower;
struct client;
struct lender;
struct mapper;
struct pvn_loop;
struct pvn_timer;
struct pvn_watch;

/* One port of a domain, or of the control domain (then owner is the handle it belongs to). */
struct port {
	uint8_t state;		/* enum pvn_port_state */
	uint8_t link;
	uint16_t remote_domid;
	uint32_t remote_port;
	uint16_t virq;
	uint16_t vcpu;
	struct client *owner;
	LIST_ENTRY(port) of_owner;
	uint32_t number;
};

/* A vCPU and the process it is; pid 0: none. */
struct vcpu {
	struct domain *d;
	uint32_t id;
	bool initialised;	/* a context was set */
	bool online;		/* and it is to run from the domain's start on */
	pid_t pid;
	int pidfd;
	int request_fd;
	struct pvn_watch *pidfd_watch, *request_watch;
	uint64_t cpu_time_ns;	/* of a process that is no more */
	uint32_t copies;	/* done of its copy ring (copy_ring.c), and when it last sent for that */
	uint64_t copies_ns;
	uint8_t hard[PVN_MAX_CPUS / 8];	/* affinity as the control domain set it (affinity.c) */
	uint8_t soft[PVN_MAX_CPUS / 8];
	bool pinned;		/* its process may not run everywhere */
	bool user_mode;		/* it is several processes, which take turns on one CPU: */
	uint32_t home;		/* this one */
};

/* The way from the domain to one control-domain handle; mirrors struct pvn_link. */
struct link {
	struct client *client;	/* NULL: free */
	uint32_t nr_ports;
	int doorbell;
};

/* A client that holds mappings of the domain's memory. */
struct mapping {
	struct domain *d;
	struct client *c;
	LIST_ENTRY(mapping) of_domain;
	LIST_ENTRY(mapping) of_client;
};
LIST_HEAD(mapping_list, mapping);

/* A timer the domain has to set anew in time (watchdog.c). */
#define NR_WATCHDOGS 2
struct watchdog {
	struct domain *d;
	bool in_use;
	struct pvn_timer *timer;
};

struct domain {
	domid_t domid;
	uint32_t generation;		/* tells two domains with the same domid apart */
	uint8_t handle[16];
	uint32_t ssidref;
	uint32_t create_flags;
	uint32_t max_vcpus;
	bool has_vcpus;			/* XEN_DOMCTL_max_vcpus was done */
	struct vcpu *vcpu;		/* [max_vcpus] */
	uint16_t weight, cap;
	int64_t time_offset_s;
	struct pvn_clock clock;		/* what it was told of its clock when it started */
	uint64_t created_ns;

	/* Memory. */
	struct frame_range range;	/* frames == 0: not reserved yet */
	uint64_t *populated;		/* a bit per RAM frame */
	uint64_t populate_hint;		/* no free frame below */
	uint64_t tot_pages, max_pages;
	uint64_t claimed_pages;		/* of XENMEM_claim_pages, not populated yet */
	int mem_fd, shared_fd, private_fd;
	uint8_t *shared;		/* the page set, shared_bytes mapped */
	size_t shared_bytes, mem_bytes;
	uint32_t max_grant_frames;
	uint64_t hypercall_mfn;

	/* Grants between domains (grant.h); each NULL until there is one. */
	uint32_t max_grant_version, max_maptrack_frames;
	struct active_grant **grants;	/* by reference: which of ours other domains use */
	struct lender *lender;		/* our memory, as far as they use it */
	struct borrower *borrower;	/* what we have mapped of theirs */

	/* Event channels. */
	struct port **port_chunk;	/* nr_ports so far, up to max_ports (port.c) */
	uint32_t nr_ports, max_ports;
	uint32_t port_hint;		/* no free port below */
	uint32_t *virq_port;		/* [max_vcpus * NR_VIRQS], 0: not bound; NULL: none was yet */
	uint8_t next_link;		/* where to look for a free link first */
	struct link link[PVN_MAX_LINKS];

	/* State. */
	uint32_t pause_count;
	bool dying, is_shut_down;
	bool has_shutdown_code;		/* set, perhaps before it shuts down: the first one stays */
	uint8_t shutdown_code;
	struct watchdog watchdog[NR_WATCHDOGS];

	/* Its processes, one per vCPU: how many, and how much they ask of us. */
	uint32_t nr_processes;
	struct pvn_timer *request_timer;
	uint64_t request_window_ns;
	uint32_t request_count;
	uint32_t copy_count;		/* copies that do not make a request yet */
	struct ratelimit log_limit, console_limit;
	bool console_midline;

	struct mapping_list mappings;
};

/* domain.c: the table.  Domain 0, the control domain, always exists. */
extern struct domain *dom0;
int domain_table_init(void);
struct domain *domain_by_id(domid_t domid);		/* NULL: none */
struct domain *domain_at_or_after(uint32_t domid);	/* the first one in order of domid */
struct domain *domain_alive_at_or_after(uint32_t domid);	/* and is not being killed; may destroy others */
uint32_t domain_count(void);				/* without domain 0 */
int domain_create(domid_t want, const struct xen_domctl_createdomain *cfg, struct domain **out);
void domain_destroy(struct domain *d, const char *why);

/* A domain's own fault: it stops here and stays for the toolstack's on_crash. */
void domain_crash(struct domain *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void domain_shutdown(struct domain *d, uint8_t code);
void domain_shutdown_code(struct domain *d, uint8_t code);	/* the code of the shutdown to come */

/* watchdog.c */
int watchdog_set(struct domain *d, uint64_t id, uint64_t seconds);
void watchdogs_stop(struct domain *d);

int domain_pause(struct domain *d);
int domain_unpause(struct domain *d);
bool vcpu_online(const struct vcpu *v);		/* up, as far as it can be known from outside */
uint64_t vcpu_cpu_time(const struct vcpu *v);		/* ns */
uint64_t domain_cpu_time(struct domain *d);		/* of all its vCPUs */
void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* pageset.c: the memory object and the shared page set of a domain. */
int pageset_create(struct domain *d);
int pageset_reserve(struct domain *d, uint64_t ram_frames);
void pageset_destroy(struct domain *d);
void pageset_prepare_start(struct domain *d);
static inline struct pvn_header *domain_header(struct domain *d)
{
	return (struct pvn_header *)(d->shared + PVN_HEADER_OFFSET);
}
static inline struct pvn_vcpu *domain_vcpu_area(struct domain *d, uint32_t vcpu)
{
	return (struct pvn_vcpu *)(d->shared + PVN_VCPU_OFFSET + vcpu * PVN_VCPU_STRIDE);
}

#endif
