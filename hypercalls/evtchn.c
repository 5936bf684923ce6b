/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op (<xen/event_channel.h>).  Ports are the machine's: what makes, binds or
 * closes one goes there; sending and unmasking happen here.
 */
#include <hypercalls/dispatch.h>
#include <hv/guest.h>
#include <hv/mm.h>

/* Argument structures are copied in once and, where there is a result, out once. */
#define GET(x)	copy_from_guest(&(x), arg, sizeof(x))
#define PUT(x)	copy_to_guest(arg, &(x), sizeof(x))

static long alloc_unbound(uint64_t arg)
{
	struct evtchn_alloc_unbound a;
	int64_t port;

	if (GET(a))
		return -XEN_EFAULT;
	if (a.dom != DOMID_SELF && a.dom != header.domid)
		return -XEN_EPERM;
	port = machine_call1(PVN_REQ_ALLOC_UNBOUND, a.remote_dom, 0);
	if (port < 0)
		return port;
	a.port = (evtchn_port_t)port;
	return PUT(a);
}

static long bind_interdomain(uint64_t arg)
{
	struct evtchn_bind_interdomain b;
	int64_t port;

	if (GET(b))
		return -XEN_EFAULT;
	port = machine_call1(PVN_REQ_BIND_INTERDOMAIN, b.remote_dom, b.remote_port);
	if (port < 0)
		return port;
	evtchn_set_pending((uint32_t)port); /* so that nothing sent before is lost */
	b.local_port = (evtchn_port_t)port;
	return PUT(b);
}

static long bind_virq(uint64_t arg)
{
	struct evtchn_bind_virq b;
	int64_t port;

	if (GET(b))
		return -XEN_EFAULT;
	if (b.virq >= NR_VIRQS)
		return -XEN_EINVAL;
	if (b.vcpu >= header.nr_vcpus)
		return -XEN_ENOENT;
	port = machine_call1(PVN_REQ_BIND_VIRQ, b.virq, b.vcpu);
	if (port < 0)
		return port;
	if (b.vcpu == vcpu.id)
		vcpu.virq_port[b.virq] = (uint32_t)port;
	timers_arm();
	b.port = (evtchn_port_t)port;
	return PUT(b);
}

static long bind_ipi(uint64_t arg)
{
	struct evtchn_bind_ipi b;
	int64_t port;

	if (GET(b))
		return -XEN_EFAULT;
	if (b.vcpu >= header.nr_vcpus)
		return -XEN_ENOENT;
	port = machine_call1(PVN_REQ_BIND_IPI, b.vcpu, 0);
	if (port < 0)
		return port;
	b.port = (evtchn_port_t)port;
	return PUT(b);
}

static void forget_port(uint32_t port)
{
	uint64_t bit = 1UL << (port & 63);
	unsigned int v;

	for (v = 0; v < NR_VIRQS; v++)
		if (vcpu.virq_port[v] == port)
			vcpu.virq_port[v] = 0;
	__atomic_fetch_and(&shared_info_page.evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST);
}

static long close_port(uint64_t arg)
{
	struct evtchn_close c;
	int64_t rc;

	if (GET(c))
		return -XEN_EFAULT;
	if (!evtchn_port_valid(c.port))
		return -XEN_EINVAL;
	rc = machine_call1(PVN_REQ_CLOSE, c.port, 0);
	if (!rc)
		forget_port(c.port);
	return rc;
}

static long status(uint64_t arg)
{
	static struct pvn_request q;
	static struct pvn_reply r;
	struct evtchn_status s;
	int64_t rc;

	if (GET(s))
		return -XEN_EFAULT;
	if (s.dom != DOMID_SELF && s.dom != header.domid)
		return -XEN_EPERM;
	q.op = PVN_REQ_STATUS;
	q.a[0] = s.port;
	rc = machine_call(&q, &r);
	if (rc < 0)
		return rc;
	s.status = (uint32_t)r.a[0];
	s.vcpu = (uint32_t)r.a[1];
	memset(&s.u, 0, sizeof(s.u));
	if (s.status == EVTCHNSTAT_unbound) {
		s.u.unbound.dom = (domid_t)r.a[2];
	} else if (s.status == EVTCHNSTAT_interdomain) {
		s.u.interdomain.dom = (domid_t)r.a[2];
		s.u.interdomain.port = (evtchn_port_t)r.a[3];
	} else if (s.status == EVTCHNSTAT_virq) {
		s.u.virq = (uint32_t)r.a[4];
	}
	return PUT(s);
}

static long bind_vcpu(uint64_t arg)
{
	struct evtchn_bind_vcpu b;
	struct pvn_port *p;

	if (GET(b))
		return -XEN_EFAULT;
	if (b.vcpu >= header.nr_vcpus)
		return -XEN_ENOENT;
	if (!evtchn_port_valid(b.port))
		return -XEN_EINVAL;
	p = &port_table[b.port];
	switch (p->state) {
	case PVN_PORT_UNBOUND:
	case PVN_PORT_INTERDOMAIN:
	case PVN_PORT_LOOPBACK:
		p->vcpu = (uint16_t)b.vcpu;
		return 0;
	case PVN_PORT_VIRQ:
		if (p->virq == VIRQ_TIMER || p->virq == VIRQ_DEBUG)
			return -XEN_EINVAL; /* per-vCPU */
		p->vcpu = (uint16_t)b.vcpu;
		return 0;
	}
	return -XEN_EINVAL;
}

static long unmask(uint64_t arg)
{
	struct evtchn_unmask u;
	uint64_t bit;
	unsigned int w;

	if (GET(u))
		return -XEN_EFAULT;
	if (!evtchn_port_valid(u.port))
		return -XEN_EINVAL;
	w = u.port / 64;
	bit = 1UL << (u.port & 63);
	if (!(__atomic_fetch_and(&shared_info_page.evtchn_mask[w], ~bit, __ATOMIC_SEQ_CST) & bit))
		return 0;
	if (READ_ONCE(shared_info_page.evtchn_pending[w]) & bit) {
		__atomic_fetch_or(&vcpu_info_ptr->evtchn_pending_sel, 1UL << w, __ATOMIC_SEQ_CST);
		WRITE_ONCE(vcpu_info_ptr->evtchn_upcall_pending, 1);
	}
	return 0;
}

static long reset(uint64_t arg)
{
	struct evtchn_reset r;
	int64_t rc;
	uint32_t p;

	if (GET(r))
		return -XEN_EFAULT;
	if (r.dom != DOMID_SELF && r.dom != header.domid)
		return -XEN_EPERM;
	rc = machine_call1(PVN_REQ_RESET, 0, 0);
	for (p = 1; !rc && evtchn_port_valid(p); p++)
		forget_port(p);
	return rc;
}

static long send(uint64_t arg)
{
	struct evtchn_send s;

	if (GET(s))
		return -XEN_EFAULT;
	return evtchn_send(s.port);
}

long do_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	switch ((uint32_t)cmd) {
	case EVTCHNOP_send:
		return send(arg);
	case EVTCHNOP_unmask:
		return unmask(arg);
	case EVTCHNOP_alloc_unbound:
		return alloc_unbound(arg);
	case EVTCHNOP_bind_interdomain:
		return bind_interdomain(arg);
	case EVTCHNOP_bind_virq:
		return bind_virq(arg);
	case EVTCHNOP_bind_ipi:
		return bind_ipi(arg);
	case EVTCHNOP_bind_vcpu:
		return bind_vcpu(arg);
	case EVTCHNOP_bind_pirq:
		return -XEN_EPERM;
	case EVTCHNOP_close:
		return close_port(arg);
	case EVTCHNOP_status:
		return status(arg);
	case EVTCHNOP_reset:
		return reset(arg);
	}
	return -XEN_ENOSYS;
}
