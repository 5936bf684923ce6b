/* SPDX-License-Identifier: MIT */
/*
 * Sending events on behalf of others.  EVTCHNOP_send of the control domain: its programs raise the
 * ports of domains by themselves (libs/xenevtchn/notify.c); this is for who knows a port but not the
 * handle it is bound with, as libxengnttab's notification at the end of a mapping.  And from one
 * domain to another: neither has the other's page set, and request.c bounds how often one asks.
 *
 * The waker's side of struct pvn_vcpu.  What is read there only chooses how to wake.
 */
#include "config.h"
#include "paravaned/evtchn.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "paravaned/domain.h"
#include "paravaned/process.h"

static void vcpu_wake(struct vcpu *vcpu, struct pvn_vcpu *v)
{
	switch (__atomic_load_n(&v->run_state, __ATOMIC_SEQ_CST)) {
	case PVN_VCPU_RUNNING:
		if (vcpu->pid && !__atomic_exchange_n(&v->kicked, 1, __ATOMIC_SEQ_CST))
			process_kick(vcpu);
		break;
	case PVN_VCPU_BLOCKED:
		__atomic_add_fetch(&v->wake, 1, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &v->wake, FUTEX_WAKE, 1, NULL, NULL, 0);
		break;
	}
}

static void vcpu_raise(struct domain *d, unsigned vcpu, uint32_t port)
{
	struct pvn_vcpu *v = domain_vcpu_area(d, vcpu);

	__atomic_fetch_or(&v->pending[port / 64], 1ULL << port % 64, __ATOMIC_SEQ_CST);
	/* A full barrier before the look at run_state. */
	__atomic_fetch_or(&v->inbound_sel, 1ULL << port / 64, __ATOMIC_SEQ_CST);
	vcpu_wake(&d->vcpu[vcpu], v);
}

/* Nothing to wait for: it comes when the vCPU is next in the guest, or is lost where there is no handler. */
void vcpu_nmi(struct vcpu *v)
{
	struct pvn_vcpu *area;

	if (!v->d->shared)
		return;
	area = domain_vcpu_area(v->d, v->id);
	/* A full barrier before the look at run_state, as for an event. */
	__atomic_store_n(&area->nmi, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	vcpu_wake(v, area);
}

static unsigned port_vcpu(struct domain *d, uint32_t port)
{
	struct pvn_port *p = (struct pvn_port *)(d->shared + PVN_PORTS_OFFSET) + port;
	unsigned vcpu = __atomic_load_n(&p->vcpu, __ATOMIC_RELAXED);

	return vcpu < d->max_vcpus ? vcpu : 0;
}

static void port_raise(struct domain *d, uint32_t port)
{
	unsigned vcpu = port_vcpu(d, port), now;

	vcpu_raise(d, vcpu, port);
	/* Moved meanwhile: who moved it may have looked for the bit too early (hv/evtchn.c). */
	now = port_vcpu(d, port);
	if (now != vcpu)
		vcpu_raise(d, now, port);
}

/* 0 (also when nobody listens); -EINVAL: no port of the control domain, or one that cannot send. */
int evtchn_control_send(uint64_t port)
{
	struct port *p = port_lookup(dom0, port);
	struct domain *d;

	if (!p || (p->state != PVN_PORT_INTERDOMAIN && p->state != PVN_PORT_UNBOUND))
		return -EINVAL;
	d = p->state == PVN_PORT_INTERDOMAIN ? domain_by_id(p->remote_domid) : NULL;
	if (d && d->shared)
		port_raise(d, p->remote_port);
	return 0;
}

/* From a port of d to the port of another domain that it is bound to. */
void evtchn_peer_send(struct domain *d, uint64_t port)
{
	struct port *p = port_lookup(d, port);
	struct domain *rd = p && p->state == PVN_PORT_PEER ? domain_by_id(p->remote_domid) : NULL;

	if (rd && rd->shared)
		port_raise(rd, p->remote_port);
}
