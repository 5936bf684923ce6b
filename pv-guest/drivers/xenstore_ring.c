/* SPDX-License-Identifier: MIT */
/*
 * Bytes to and from the store: the ring of <xen/io/xs_wire.h> that start_info names. The other
 * side's indexes are checked against the ring's size before they are used.
 */
#include <pv/boot.h>
#include <pv/cpu.h>
#include <pv/event.h>
#include <pv/printk.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/xenstore_internal.h>

static volatile struct xenstore_domain_interface *ring;
static evtchn_port_t port;
static struct wait_queue moved = WAIT_QUEUE_INIT(moved);

static void ring_event(evtchn_port_t p, void *data)
{
	wake_up(&moved);
}

bool xs_ring_init(void)
{
	pfn_t pfn = boot_mfn_to_pfn(start_info->store_mfn);

	if (start_info->store_mfn == 0 || pfn == INVALID_MFN)
		return false;
	ring = pfn_to_virt(pfn);
	port = start_info->store_evtchn;
	return evtchn_set_handler(port, ring_event, NULL, "xenstore") == 0;
}

static uint32_t req_space(void)
{
	uint32_t used = ring->req_prod - ring->req_cons;

	return used > XENSTORE_RING_SIZE ? 0 : XENSTORE_RING_SIZE - used;
}

static uint32_t rsp_ready(void)
{
	uint32_t n = ring->rsp_prod - ring->rsp_cons;

	return n > XENSTORE_RING_SIZE ? 0 : n;
}

void xs_ring_write(const void *data, size_t n)
{
	const char *s = data;

	while (n > 0) {
		uint32_t prod, take;

		wait_event(&moved, req_space() > 0);
		prod = ring->req_prod;
		take = MIN((size_t)req_space(), n);
		mb();
		for (uint32_t i = 0; i < take; i++)
			ring->req[MASK_XENSTORE_IDX(prod + i)] = s[i];
		wmb();
		ring->req_prod = prod + take;
		mb();
		s += take;
		n -= take;
		if (n > 0)
			evtchn_notify(port);
	}
}

void xs_ring_notify(void)
{
	evtchn_notify(port);
}

void xs_ring_read(void *data, size_t n)
{
	char *d = data;

	while (n > 0) {
		uint32_t cons, ready, take;

		wait_event(&moved, rsp_ready() > 0);
		cons = ring->rsp_cons;
		ready = rsp_ready();
		take = MIN((size_t)ready, n);
		rmb();
		for (uint32_t i = 0; i < take; i++)
			d[i] = ring->rsp[MASK_XENSTORE_IDX(cons + i)];
		mb();
		ring->rsp_cons = cons + take;
		mb();
		d += take;
		n -= take;
		/* The store waits for room only if it found the ring full. */
		if (ready == XENSTORE_RING_SIZE || ring->rsp_prod - cons == XENSTORE_RING_SIZE)
			evtchn_notify(port);
	}
}
