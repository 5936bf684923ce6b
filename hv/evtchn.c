/* SPDX-License-Identifier: MIT */
/*
 * Event channels of this domain, 2-level (<xen/event_channel.h>): from a raised bit in the
 * page set to an upcall, and from EVTCHNOP_send to the other side.
 *
 * What a port is bound to stands in the page set's port table, which paravaned writes;
 * see shared.h for both directions' protocols.
 */
#include <hv/guest.h>
#include <hv/platform.h>

#define L2_WORDS	(sizeof(shared_info_page.evtchn_pending) / sizeof(xen_ulong_t))

int evtchn_port_valid(uint32_t port)
{
	return port > 0 && port < header.max_ports && port < PVN_MAX_PORTS;
}

/* Event for this vCPU: its selector word and upcall flag. */
static void mark_upcall(uint32_t port)
{
	__atomic_fetch_or(&vcpu_info_ptr->evtchn_pending_sel, 1UL << (port / 64), __ATOMIC_SEQ_CST);
	WRITE_ONCE(vcpu_info_ptr->evtchn_upcall_pending, 1);
}

void evtchn_set_pending(uint32_t port)
{
	uint64_t bit = 1UL << (port & 63);
	unsigned int w = port / 64;

	if (w >= L2_WORDS)
		return;
	if (__atomic_fetch_or(&shared_info_page.evtchn_pending[w], bit, __ATOMIC_SEQ_CST) & bit)
		return;
	if (!(READ_ONCE(shared_info_page.evtchn_mask[w]) & bit))
		mark_upcall(port);
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
	if (vcpu.virq_port[virq])
		evtchn_set_pending(vcpu.virq_port[virq]);
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
	case PVN_PORT_LOOPBACK:
		evtchn_set_pending(p->remote_port % PVN_MAX_PORTS);
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
