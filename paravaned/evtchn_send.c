/* SPDX-License-Identifier: MIT */
/*
 * EVTCHNOP_send of the control domain.  Its programs raise the ports of domains by themselves
 * (libs/xenevtchn/notify.c); this is for who knows a port but not the handle it is bound with, as
 * libxengnttab's notification at the end of a mapping.
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

static void vcpu_wake(struct domain *d, struct pvn_vcpu *v)
{
	switch (__atomic_load_n(&v->run_state, __ATOMIC_SEQ_CST)) {
	case PVN_VCPU_RUNNING:
		if (d->pidfd >= 0 && !__atomic_exchange_n(&v->kicked, 1, __ATOMIC_SEQ_CST))
			syscall(SYS_pidfd_send_signal, d->pidfd, PVN_KICK_SIGNAL, NULL, 0);
		break;
	case PVN_VCPU_BLOCKED:
		__atomic_add_fetch(&v->wake, 1, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &v->wake, FUTEX_WAKE, 1, NULL, NULL, 0);
		break;
	}
}

static void port_raise(struct domain *d, uint32_t port)
{
	struct pvn_port *p = (struct pvn_port *)(d->shared + PVN_PORTS_OFFSET) + port;
	unsigned vcpu = __atomic_load_n(&p->vcpu, __ATOMIC_RELAXED);
	struct pvn_vcpu *v;

	if (vcpu >= d->max_vcpus)
		vcpu = 0;
	v = (struct pvn_vcpu *)(d->shared + PVN_VCPU_OFFSET + vcpu * PVN_VCPU_STRIDE);
	__atomic_fetch_or(&v->pending[port / 64], 1ULL << port % 64, __ATOMIC_SEQ_CST);
	/* A full barrier before the look at run_state. */
	__atomic_fetch_or(&v->inbound_sel, 1ULL << port / 64, __ATOMIC_SEQ_CST);
	vcpu_wake(d, v);
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
