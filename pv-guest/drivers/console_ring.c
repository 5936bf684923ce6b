/* SPDX-License-Identifier: MIT */
/*
 * The console ring of <xen/io/console.h>: the page and port start_info names. The other side
 * writes out_cons and in_prod, and may write nonsense: distances are checked against the size.
 */
#include <pv/boot.h>
#include <pv/console_internal.h>
#include <pv/cpu.h>
#include <pv/event.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <xen/io/console.h>

static volatile struct xencons_interface *ring;
static evtchn_port_t port;
static void (*ring_moved)(void);

bool ring_init(void)
{
	pfn_t pfn;

	if ((start_info->flags & SIF_INITDOMAIN) || start_info->console.domU.mfn == 0)
		return false;
	pfn = boot_mfn_to_pfn(start_info->console.domU.mfn);
	if (pfn == INVALID_MFN)
		return false;
	ring = pfn_to_virt(pfn);
	port = start_info->console.domU.evtchn;
	return true;
}

static void ring_event(evtchn_port_t p, void *data)
{
	ring_moved();
}

void ring_connect(void (*event)(void))
{
	ring_moved = event;
	evtchn_set_handler(port, ring_event, NULL, "console");
}

static uint32_t out_used(void)
{
	uint32_t used = ring->out_prod - ring->out_cons;

	return used > sizeof(ring->out) ? sizeof(ring->out) : used;
}

size_t ring_put(const char *s, size_t n)
{
	uint32_t prod = ring->out_prod;
	size_t space = sizeof(ring->out) - out_used(), i;

	mb();	/* what was consumed was read before we overwrite it */
	for (i = 0; i < n && i < space; i++)
		ring->out[(prod + i) % sizeof(ring->out)] = s[i];
	wmb();
	ring->out_prod = prod + i;
	mb();
	if (i > 0)
		evtchn_notify(port);
	return i;
}

bool ring_has_input(void)
{
	uint32_t n = ring->in_prod - ring->in_cons;

	return n != 0 && n <= sizeof(ring->in);
}

int ring_get(void)
{
	uint32_t cons = ring->in_cons;
	unsigned char c;

	if (!ring_has_input())
		return -1;
	rmb();
	c = ring->in[cons % sizeof(ring->in)];
	mb();
	ring->in_cons = cons + 1;
	/* Space may be awaited only when the ring was full. */
	if (ring->in_prod - cons == sizeof(ring->in))
		evtchn_notify(port);
	return c;
}

bool ring_has_space(void)
{
	return out_used() < sizeof(ring->out);
}

bool ring_drained(void)
{
	return out_used() == 0;
}
