/* SPDX-License-Identifier: MIT */
/* Event channels: who handles which port, masking, and the event_channel_op calls. */
#include <pv/boot.h>
#include <pv/cpu.h>
#include <pv/errno.h>
#include <pv/event_internal.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/thread.h>

#define MAX_PORTS	1024U

struct handler {
	evtchn_handler_t *fn;
	void *data;
	const char *name;
	struct cpu *cpu;
	uint64_t count;
};

static struct handler handlers[MAX_PORTS];
static uint64_t spurious;

/* All masked; a port is unmasked when it gets a handler. */
void events_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(shared_info.evtchn_mask); i++)
		shared_info.evtchn_mask[i] = ~0UL;
}

void evtchn_deliver(evtchn_port_t port)
{
	if (port >= MAX_PORTS || handlers[port].fn == NULL) {
		spurious++;
		return;
	}
	handlers[port].count++;
	handlers[port].fn(port, handlers[port].data);
}

void evtchn_mask(evtchn_port_t port)
{
	__atomic_fetch_or(&shared_info.evtchn_mask[port / 64], 1UL << (port % 64),
			  __ATOMIC_SEQ_CST);
}

/* By hypercall: an event that came while masked set no selector bit, the hypervisor sets it now. */
void evtchn_unmask(evtchn_port_t port)
{
	struct evtchn_unmask op = { .port = port };

	HYPERVISOR_event_channel_op(EVTCHNOP_unmask, &op);
}

void evtchn_claim(evtchn_port_t port, struct cpu *c)
{
	uint64_t bit = 1UL << (port % 64);
	struct cpu *old;

	if (port == 0 || port >= MAX_PORTS)
		return;
	old = handlers[port].cpu;
	if (old != NULL)
		__atomic_fetch_and(&old->ports[port / 64], ~bit, __ATOMIC_ACQ_REL);
	handlers[port].cpu = c;
	__atomic_fetch_or(&c->ports[port / 64], bit, __ATOMIC_ACQ_REL);
}

/* Not those that belong to the vCPU, which cannot be moved. An event that came meanwhile is raised anew by
 * unmasking. */
void evtchn_leave(struct cpu *c)
{
	for (evtchn_port_t port = 1; port < MAX_PORTS; port++) {
		struct evtchn_bind_vcpu bind = { .port = port, .vcpu = 0 };

		if (handlers[port].cpu != c)
			continue;
		evtchn_mask(port);
		if (HYPERVISOR_event_channel_op(EVTCHNOP_bind_vcpu, &bind) == 0)
			evtchn_claim(port, &cpus[0]);
		evtchn_unmask(port);
	}
}

int evtchn_set_handler(evtchn_port_t port, evtchn_handler_t *fn, void *data, const char *name)
{
	if (port == 0 || port >= MAX_PORTS)
		return -EINVAL;
	if (handlers[port].cpu == NULL)
		evtchn_claim(port, &cpus[0]);
	handlers[port] = (struct handler){ .fn = fn, .data = data, .name = name,
					   .cpu = handlers[port].cpu };
	evtchn_unmask(port);
	return 0;
}

int evtchn_alloc_unbound(domid_t remote, evtchn_port_t *port)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = remote };
	long rc = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	if (rc == 0)
		*port = op.port;
	return (int)rc;
}

int evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *port)
{
	struct evtchn_bind_interdomain op = { .remote_dom = remote, .remote_port = remote_port };
	long rc = HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &op);

	if (rc == 0)
		*port = op.local_port;
	return (int)rc;
}

int evtchn_bind_virq(unsigned int virq, evtchn_handler_t *fn, void *data, const char *name,
		     evtchn_port_t *port)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = this_cpu()->id };
	long rc = HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &op);

	if (rc != 0)
		return (int)rc;
	*port = op.port;
	evtchn_claim(op.port, this_cpu());
	return evtchn_set_handler(op.port, fn, data, name);
}

void evtchn_unbind(evtchn_port_t port)
{
	struct evtchn_close op = { .port = port };

	if (port == 0 || port >= MAX_PORTS)
		return;
	evtchn_mask(port);
	if (handlers[port].cpu != NULL)
		__atomic_fetch_and(&handlers[port].cpu->ports[port / 64], ~(1UL << (port % 64)),
				   __ATOMIC_ACQ_REL);
	handlers[port].cpu = NULL;
	handlers[port].fn = NULL;
	HYPERVISOR_event_channel_op(EVTCHNOP_close, &op);
	__atomic_fetch_and(&shared_info.evtchn_pending[port / 64], ~(1UL << (port % 64)),
			   __ATOMIC_SEQ_CST);
}

int evtchn_notify(evtchn_port_t port)
{
	struct evtchn_send op = { .port = port };

	return (int)HYPERVISOR_event_channel_op(EVTCHNOP_send, &op);
}

static int cmd_events(int argc, char **argv)
{
	printf("%5s %12s %s\n", "port", "events", "handler");
	for (unsigned int p = 0; p < MAX_PORTS; p++) {
		if (handlers[p].fn != NULL)
			printf("%5u %12lu %s\n", p, handlers[p].count, handlers[p].name);
	}
	printf("upcalls %lu, thread switches %lu, events without handler %lu\n",
	       this_cpu()->upcalls, this_cpu()->switches, spurious);
	return 0;
}
SHELL_COMMAND("events", cmd_events, "- event channels, and how often each fired");
