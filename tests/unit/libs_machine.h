/* SPDX-License-Identifier: MIT */
/*
 * For tests of the control-domain libraries: a paravaned with a run directory of the test's own,
 * and domains without a process, whose part the test plays in their page sets.
 */
#ifndef LIBS_MACHINE_TEST_H
#define LIBS_MACHINE_TEST_H

#include <stdint.h>
#include <sys/types.h>

#include <paravane/shared.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

#include "libs/client/client.h"
#include "libs/ctl/ctl.h"

struct machine {
	pid_t pid;
	char rundir[64];
	struct pvn_ctl *ctl;
};

/* The domain's own view of itself. */
struct actor {
	uint32_t domid;
	struct pvn_client *client;
	struct pvn_domain *d;
};

extern struct machine machine;

void machine_up(void);		/* criterion .init */
void machine_down(void);	/* criterion .fini */

uint32_t domain_make(uint64_t mib);
uint32_t domain_make_as(uint32_t domid, uint64_t mib);	/* 0: any */
struct actor actor_of(uint32_t domid);
struct actor actor_make(uint64_t mib);	/* a domain and the view of it */
void actor_free(struct actor *a);

struct pvn_header *actor_header(struct actor *a);
struct pvn_link *actor_link(struct actor *a, unsigned link);
struct pvn_vcpu *actor_vcpu(struct actor *a, unsigned vcpu);
struct pvn_port *actor_port(struct actor *a, unsigned port);
struct pvn_pin *actor_pin(struct actor *a, unsigned gref);
volatile grant_entry_v1_t *actor_grant(struct actor *a, unsigned gref);
uint8_t *actor_ram(struct actor *a, uint64_t pfn);	/* the page of pfn */
uint64_t actor_mfn(struct actor *a, uint64_t pfn);

/* As the domain: permit the control domain access to pfn by gref. */
void actor_permit(struct actor *a, unsigned gref, uint64_t pfn, uint16_t flags);
/* As the image: send on port (which is bound over link): 1 if the bell had to be rung. */
int actor_send(struct actor *a, unsigned link, unsigned port);
/* Number of open descriptors of this process. */
int count_fds(void);

#endif
