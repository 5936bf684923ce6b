/* SPDX-License-Identifier: MIT */
/*
 * Event channels of this domain (<xen/event_channel.h>): from a raised bit in the page set to an
 * upcall, and from EVTCHNOP_send to the other side.  The 2-level ABI is here, FIFO in fifo.c.
 *
 * What a port is bound to stands in the page set's port table, which paravaned writes; see shared.h
 * for both directions' protocols.  An event for another vCPU of the domain goes the way that events
 * from outside go: into that vCPU's inbound bits.  So a vCPU's upcall flag and queues are touched
 * by its own process alone.
 */
#include <hv/guest.h>
#include <hv/platform.h>

#define L2_WORDS	(sizeof(shared_info_page.evtchn_pending) / sizeof(xen_ulong_t))
#define BIT(port)	(1UL << ((port) & 63))

_Static_assert(L2_WORDS == PVN_PORT_WORDS, "every port has a 2-level bit");

int evtchn_port_valid(uint32_t port)
{
	return port < header.valid_ports && port < PVN_MAX_PORTS;
}

int evtchn_port_usable(uint32_t port)
{
	return evtchn_port_valid(port) &&
	       __atomic_load_n(&port_table[port].state, __ATOMIC_ACQUIRE) != PVN_PORT_FREE;
}

static unsigned int port_vcpu(uint32_t port)
{
	unsigned int v = READ_ONCE(port_table[port].vcpu);

	return v < header.nr_vcpus ? v : 0;
}

/* The waker's side of struct pvn_vcpu. */
static void inbound_raise(unsigned int v, uint32_t port)
{
	__atomic_fetch_or(&pvcpu(v).pending[port / 64], BIT(port), __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&pvcpu(v).inbound_sel, 1UL << (port / 64), __ATOMIC_SEQ_CST);
	platform_kick(v);
}

void vcpu_nudge(unsigned int v)
{
	__atomic_fetch_or(&pvcpu(v).inbound_sel, 1UL, __ATOMIC_SEQ_CST);
	platform_kick(v);
}

/* Event for this vCPU: its selector word and upcall flag. */
static void mark_upcall(uint32_t port)
{
	__atomic_fetch_or(&vcpu_info_ptr->evtchn_pending_sel, 1UL << (port / 64), __ATOMIC_SEQ_CST);
	WRITE_ONCE(vcpu_info_ptr->evtchn_upcall_pending, 1);
}

static void l2_set_pending(uint32_t port)
{
	unsigned int w = port / 64;
	int was = !!(__atomic_fetch_or(&shared_info_page.evtchn_pending[w], BIT(port), __ATOMIC_SEQ_CST) &
		     BIT(port));

	/* With more vCPUs, a port that moved may be pending with the selector of the one before. */
	if (was && header.nr_vcpus == 1)
		return;
	if (!(READ_ONCE(shared_info_page.evtchn_mask[w]) & BIT(port)))
		mark_upcall(port);
}

static void pollers_wake(void)
{
	uint32_t m = __atomic_load_n(&this_domain.pollers, __ATOMIC_SEQ_CST) & ~(1U << vcpu.id);

	for (; m; m &= m - 1)
		vcpu_nudge((unsigned int)__builtin_ctz(m));
}

void evtchn_set_pending(uint32_t port)
{
	unsigned int v;

	if (!evtchn_port_usable(port))
		return; /* closed meanwhile */
	v = port_vcpu(port);
	if (v != vcpu.id) {
		inbound_raise(v, port);
		return;
	}
	if (!READ_ONCE(this_domain.fifo.active))
		l2_set_pending(port);
	else if (fifo_set_pending(port))
		WRITE_ONCE(vcpu_info_ptr->evtchn_upcall_pending, 1);
	if (unlikely(READ_ONCE(this_domain.pollers)))
		pollers_wake();
	/* Moved while we were at it: there it has to be looked for as well. */
	if (unlikely(port_vcpu(port) != v))
		inbound_raise(port_vcpu(port), port);
}

int evtchn_port_pending(uint32_t port)
{
	if (!evtchn_port_usable(port))
		return 0;
	if (READ_ONCE(this_domain.fifo.active))
		return fifo_is_pending(port);
	return !!(READ_ONCE(shared_info_page.evtchn_pending[port / 64]) & BIT(port));
}

void evtchn_port_unmask(uint32_t port)
{
	uint64_t was;

	if (!evtchn_port_usable(port))
		return;
	if (READ_ONCE(this_domain.fifo.active)) {
		fifo_unmask(port);
		if (fifo_is_pending(port))
			evtchn_set_pending(port);
		return;
	}
	was = __atomic_fetch_and(&shared_info_page.evtchn_mask[port / 64], ~BIT(port), __ATOMIC_SEQ_CST);
	if (!(was & BIT(port)) || !evtchn_port_pending(port))
		return;
	if (port_vcpu(port) == vcpu.id)
		mark_upcall(port);
	else
		inbound_raise(port_vcpu(port), port);
}

void evtchn_port_clear(uint32_t port)
{
	unsigned int v;

	for (v = 0; v < header.nr_vcpus; v++)
		if (READ_ONCE(pvcpu(v).pending[port / 64]) & BIT(port))
			__atomic_fetch_and(&pvcpu(v).pending[port / 64], ~BIT(port), __ATOMIC_SEQ_CST);
	if (READ_ONCE(this_domain.fifo.active))
		fifo_clear_pending(port);
	else
		__atomic_fetch_and(&shared_info_page.evtchn_pending[port / 64], ~BIT(port), __ATOMIC_SEQ_CST);
}

/* What has been raised for the old vCPU and not been taken there, which may be down, goes along. */
void evtchn_port_move(uint32_t port, unsigned int v)
{
	unsigned int old = port_vcpu(port);
	uint64_t bits;

	WRITE_ONCE(port_table[port].vcpu, (uint16_t)v);
	if (old == v)
		return;
	smp_mb(); /* pairs with a raiser's: bit first, then it looks again where the port is */
	bits = __atomic_fetch_and(&pvcpu(old).pending[port / 64], ~BIT(port), __ATOMIC_SEQ_CST);
	if (bits & BIT(port))
		evtchn_set_pending(port);
}

void evtchn_drain(void)
{
	struct pvn_vcpu *pv = &pvcpu(vcpu.id);
	uint64_t sel;

	if (!READ_ONCE(pv->inbound_sel))
		return;
	sel = __atomic_exchange_n(&pv->inbound_sel, 0, __ATOMIC_SEQ_CST);
	while (sel) {
		unsigned int w = __builtin_ctzl(sel);
		uint64_t bits = __atomic_exchange_n(&pv->pending[w], 0, __ATOMIC_SEQ_CST);

		sel &= sel - 1;
		while (bits) {
			unsigned int b = __builtin_ctzl(bits);

			bits &= bits - 1;
			evtchn_set_pending(w * 64 + b);
		}
	}
}

int evtchn_pending_any(void)
{
	return READ_ONCE(vcpu_info_ptr->evtchn_upcall_pending) &&
	       !READ_ONCE(vcpu_info_ptr->evtchn_upcall_mask);
}

void evtchn_raise_virq(unsigned int virq)
{
	uint32_t port = READ_ONCE(this_domain.virq_port[vcpu.id][virq]);

	if (port)
		evtchn_set_pending(port);
}

static void send_remote(const struct pvn_port *p, uint32_t port)
{
	struct pvn_link *l = &link_table[p->link % PVN_MAX_LINKS];
	uint64_t bit = 1UL << (port & 63);

	if (__atomic_fetch_or(&l->pending[port / 64], bit, __ATOMIC_SEQ_CST) & bit)
		return; /* not taken yet: whoever set it woke the reader */
	__atomic_fetch_or(&l->pending_sel, 1UL << (port / 64), __ATOMIC_SEQ_CST);
	smp_mb(); /* pairs with the handle's: polling = 0, then look */
	if (!READ_ONCE(l->polling))
		platform_doorbell(p->link % PVN_MAX_LINKS);
}

/* A port of another domain: the machine raises it there.  No reply, so no wait. */
static void send_peer(uint32_t port)
{
	static struct pvn_request q;

	q.op = PVN_REQ_SEND;
	q.a[0] = port;
	machine_call(&q, NULL);
}

int evtchn_send(uint32_t port)
{
	const struct pvn_port *p;

	if (!evtchn_port_valid(port))
		return -XEN_EINVAL;
	p = &port_table[port];
	switch (__atomic_load_n(&p->state, __ATOMIC_ACQUIRE)) {
	case PVN_PORT_INTERDOMAIN:
		send_remote(p, port);
		return 0;
	case PVN_PORT_PEER:
		send_peer(port);
		return 0;
	case PVN_PORT_LOOPBACK:
		evtchn_set_pending(p->remote_port);
		return 0;
	case PVN_PORT_IPI:
		evtchn_set_pending(port);
		return 0;
	case PVN_PORT_UNBOUND:
		return 0; /* dropped, as on Xen */
	default:
		return -XEN_EINVAL;
	}
}
