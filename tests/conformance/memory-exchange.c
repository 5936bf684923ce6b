/* SPDX-License-Identifier: MIT */
/*
 * memory_op: frames exchanged for others.
 *
 * Kernels ask so for contiguous memory.  Frames in use are refused; what was done before a refusal is counted.
 *
 * covers: memory_op.exchange good
 * covers: memory_op.exchange bad
 */
#define __XEN_TOOLS__ 1	/* what a domain may not call has its constants there */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "memory_op: frames exchanged for others";

#define OP(cmd, arg)	((uint64_t)HC(memory_op, (long)(cmd), (long)(arg)))
#define BAD_PTR		0x3fffffff0000L		/* canonical, and nothing there */

static struct xen_memory_exchange x;
static uint64_t in[4], out[4];

static void ask(uint64_t nr_in, unsigned order_in, uint64_t nr_out, unsigned order_out)
{
	memset(&x, 0, sizeof(x));
	x.in.nr_extents = nr_in;
	x.in.extent_order = order_in;
	x.in.domid = x.out.domid = DOMID_SELF;
	x.out.nr_extents = nr_out;
	x.out.extent_order = order_out;
	set_xen_guest_handle(x.in.extent_start, in);
	set_xen_guest_handle(x.out.extent_start, out);
}

#define EXCHANGE(key)	(answer(key, OP(XENMEM_exchange, &x)), answer(key ".done", x.nr_exchanged))

static void good(void)
{
	uint64_t *page = page_alloc(), pfn = va_pfn(page);

	*page = 0x55;
	ask(1, 0, 1, 0);
	in[0] = va_mfn(page);
	out[0] = pfn;
	EXCHANGE("mapped");
	answer("unmap", (uint64_t)map_va(page, 0));
	EXCHANGE("one");
	answer("map", (uint64_t)map_va(page, out[0] << 12 | PTE_KERNEL));
	answer("value", *(volatile uint64_t *)page);
	CHECK_EQ(m2p[out[0]], pfn);
	/* The second of two is in use. */
	answer("unmap2", (uint64_t)map_va(page, 0));
	ask(2, 0, 2, 0);
	in[0] = out[0];
	in[1] = va_mfn(page_alloc());
	out[0] = pfn, out[1] = pfn;
	EXCHANGE("partial");
}

void test_main(void)
{
	good();
	answer("fault", OP(XENMEM_exchange, BAD_PTR));
	ask(1, 10, 1, 10);
	EXCHANGE("order");
	ask(1, 0, 1, 64);
	EXCHANGE("order.wide");
	ask(1, 0, 2, 0);
	EXCHANGE("mismatch");
	ask(1, 0, 1, 0);
	x.out.domid = 0;
	EXCHANGE("domains");
	ask(1, 0, 1, 0);
	x.in.domid = x.out.domid = 0;
	EXCHANGE("dom0");
	x.in.domid = x.out.domid = 0x7000;
	EXCHANGE("none");
	ask(1, 0, 1, 0);
	x.nr_exchanged = 2;
	EXCHANGE("done.beyond");
	ask(0, 0, 0, 0);
	EXCHANGE("empty");
	ask(1, 0, 1, 0);
	in[0] = 0xffffff0;
	EXCHANGE("nobody");
	ask(1, 0, 1, 0);
	in[0] = si->shared_info >> 12;
	EXCHANGE("shared_info");
	ask(1, 0, 1, 0);
	set_xen_guest_handle(x.in.extent_start, (void *)BAD_PTR);
	EXCHANGE("in.fault");
	ask(~0UL >> 9, 9, 1, 0);
	EXCHANGE("overflow");
	test_success("");
}
