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

/*
 * A port is not used again while its last event hangs in a queue of the FIFO ABI.  Which ports are in
 * use the port table says well enough to choose where the machine starts to look; another vCPU
 * may be faster, so look again at what was given.
 */
#define BUSY_TRIES	4

static uint32_t first_not_busy(void)
{
	uint32_t p;

	if (!READ_ONCE(this_domain.fifo.active))
		return 0;
	for (p = 1; evtchn_port_valid(p); p++)
		if (!evtchn_port_usable(p) && !fifo_is_busy(p))
			break;
	return p;
}

static int64_t port_new(uint32_t op, uint64_t a0, uint64_t a1)
{
	static struct pvn_request q;
	static struct pvn_reply r;
	unsigned int i;
	int64_t port;

	for (i = 0; i < BUSY_TRIES; i++) {
		q.op = op;
		q.a[0] = a0;
		q.a[1] = a1;
		q.a[4] = first_not_busy();
		port = machine_call(&q, &r);
		if (port < 0)
			return port;
		if (!fifo_is_busy((uint32_t)port)) {
			fifo_port_init((uint32_t)port);
			return port;
		}
		machine_call1(PVN_REQ_CLOSE, (uint64_t)port, 0);
	}
	return -XEN_ENOSPC;
}

/* An unprivileged domain names itself, or is told whether there is such a domain at all. */
static long check_self(domid_t dom)
{
	if (dom == DOMID_SELF || dom == header.domid)
		return 0;
	return domain_exists(dom) ? -XEN_EPERM : -XEN_ESRCH;
}

static long alloc_unbound(uint64_t arg)
{
	struct evtchn_alloc_unbound a;
	int64_t port;

	if (GET(a))
		return -XEN_EFAULT;
	port = check_self(a.dom);
	if (!port)
		port = port_new(PVN_REQ_ALLOC_UNBOUND, a.remote_dom, 0);
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
	port = port_new(PVN_REQ_BIND_INTERDOMAIN, b.remote_dom, b.remote_port);
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
	port = port_new(PVN_REQ_BIND_VIRQ, b.virq, b.vcpu);
	if (port < 0)
		return port;
	WRITE_ONCE(this_domain.virq_port[b.vcpu][b.virq], (uint32_t)port);
	if (b.vcpu == vcpu.id)
		timers_arm();
	else
		vcpu_nudge(b.vcpu);
	b.port = (evtchn_port_t)port;
	return PUT(b);
}

static long bind_ipi(uint64_t arg)
{
	struct evtchn_bind_ipi b;
	int64_t port;

	if (GET(b))
		return -XEN_EFAULT;
	port = port_new(PVN_REQ_BIND_IPI, b.vcpu, 0);
	if (port < 0)
		return port;
	b.port = (evtchn_port_t)port;
	return PUT(b);
}

/* There are no devices to have one of. */
static long bind_pirq(uint64_t arg)
{
	struct evtchn_bind_pirq b;

	return GET(b) ? -XEN_EFAULT : -XEN_EPERM;
}

/* Before the machine frees it: afterwards it may be another vCPU's new port. */
static void forget_port(uint32_t port)
{
	const struct pvn_port *p = &port_table[port];

	if (p->state == PVN_PORT_VIRQ && p->virq < NR_VIRQS && p->vcpu < PVN_MAX_VCPUS) {
		unsigned int v;

		/* A global one may have moved from where it was bound. */
		for (v = 0; v < header.nr_vcpus; v++)
			if (READ_ONCE(this_domain.virq_port[v][p->virq]) == port)
				WRITE_ONCE(this_domain.virq_port[v][p->virq], 0);
	}
	evtchn_port_clear(port);
}

static long close_port(uint64_t arg)
{
	struct evtchn_close c;

	if (GET(c))
		return -XEN_EFAULT;
	if (!evtchn_port_usable(c.port))
		return -XEN_EINVAL;
	forget_port(c.port);
	return machine_call1(PVN_REQ_CLOSE, c.port, 0);
}

static long status(uint64_t arg)
{
	static struct pvn_request q;
	static struct pvn_reply r;
	struct evtchn_status s;
	int64_t rc;

	if (GET(s))
		return -XEN_EFAULT;
	q.op = PVN_REQ_STATUS;
	q.a[0] = s.port;
	q.a[1] = s.dom == DOMID_SELF ? header.domid : s.dom;
	rc = machine_call(&q, &r);
	if (rc < 0)
		return rc;
	s.status = (uint32_t)r.a[0];
	/* Where bind_vcpu has put it only we know. */
	s.vcpu = evtchn_port_usable(s.port) ? READ_ONCE(port_table[s.port].vcpu) : 0;
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

static int is_per_vcpu(const struct pvn_port *p)
{
	return p->state == PVN_PORT_IPI ||
	       (p->state == PVN_PORT_VIRQ && (p->virq == VIRQ_TIMER || p->virq == VIRQ_DEBUG ||
					      p->virq == VIRQ_XENOPROF || p->virq == VIRQ_XENPMU));
}

static long bind_vcpu(uint64_t arg)
{
	struct evtchn_bind_vcpu b;

	if (GET(b))
		return -XEN_EFAULT;
	if (b.vcpu >= header.nr_vcpus)
		return -XEN_ENOENT;
	if (!evtchn_port_usable(b.port) || is_per_vcpu(&port_table[b.port]))
		return -XEN_EINVAL;
	evtchn_port_move(b.port, b.vcpu);
	return 0;
}

static long unmask(uint64_t arg)
{
	struct evtchn_unmask u;

	if (GET(u))
		return -XEN_EFAULT;
	if (!evtchn_port_valid(u.port))
		return -XEN_EINVAL;
	evtchn_port_unmask(u.port);
	return 0;
}

static long reset(uint64_t arg)
{
	struct evtchn_reset r;
	uint32_t p;
	long rc;

	if (GET(r))
		return -XEN_EFAULT;
	rc = check_self(r.dom);
	if (rc)
		return rc;
	for (p = 1; evtchn_port_valid(p); p++)
		if (evtchn_port_usable(p))
			forget_port(p);
	rc = machine_call1(PVN_REQ_RESET, 0, 0);
	if (!rc)
		fifo_reset();
	return rc;
}

static long send(uint64_t arg)
{
	struct evtchn_send s;

	if (GET(s))
		return -XEN_EFAULT;
	return evtchn_send(s.port);
}

static long init_control(uint64_t arg)
{
	struct evtchn_init_control c;
	int rc;

	if (GET(c))
		return -XEN_EFAULT;
	if (c.vcpu >= header.nr_vcpus)
		return -XEN_ENOENT;
	rc = fifo_init_control(c.vcpu, c.control_gfn, c.offset);
	if (rc)
		return rc;
	c.link_bits = EVTCHN_FIFO_LINK_BITS;
	return PUT(c);
}

static long expand_array(uint64_t arg)
{
	struct evtchn_expand_array e;

	if (GET(e))
		return -XEN_EFAULT;
	return fifo_expand_array(e.array_gfn);
}

static long set_priority(uint64_t arg)
{
	struct evtchn_set_priority p;

	if (GET(p))
		return -XEN_EFAULT;
	if (!evtchn_port_valid(p.port))
		return -XEN_EINVAL;
	return fifo_set_priority(p.port, p.priority);
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
		return bind_pirq(arg);
	case EVTCHNOP_close:
		return close_port(arg);
	case EVTCHNOP_status:
		return status(arg);
	case EVTCHNOP_reset:
		return reset(arg);
	case EVTCHNOP_init_control:
		return init_control(arg);
	case EVTCHNOP_expand_array:
		return expand_array(arg);
	case EVTCHNOP_set_priority:
		return set_priority(arg);
	}
	return -XEN_ENOSYS;
}
