/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: a frame changes hands.  It arrives with what is in it, at a frame number the receiver finds in its entry; a
 * frame that is mapped or not the caller's is not taken; one that nobody accepts is lost.
 *
 * covers: grant_table_op.transfer good
 * covers: grant_table_op.transfer bad
 * config: domains=2
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

const char test_title[] = "grant_table_op: transfer a frame to another domain";

enum { REF = 10 };

static uint64_t page[512] PAGE_ALIGNED;

static uint64_t reservation(void)
{
	domid_t self = DOMID_SELF;

	return (uint64_t)HC(memory_op, (long)XENMEM_current_reservation, (long)&self);
}

static uint64_t give(uint64_t mfn, domid_t to, unsigned ref)
{
	struct gnttab_transfer t = { .mfn = mfn, .domid = to, .ref = ref, .status = 99 };
	long ret = gnttab(GNTTABOP_transfer, &t, 1);

	return (uint64_t)(ret ? ret : -t.status);
}

/* A frame of ours that nothing maps. */
static uint64_t free_frame(uint64_t *p, uint64_t fill)
{
	uint64_t mfn = va_mfn(p);

	p[0] = fill;
	map_va(p, 0);
	return mfn;
}

static void receive(void)
{
	volatile grant_entry_v1_t *e = grant_table() + REF;
	uint64_t before, pfn = va_pfn(page), mfn = va_mfn(page);
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	/* Room for it. */
	map_va(page, 0);
	set_xen_guest_handle(r.extent_start, &mfn);
	if (HC(memory_op, (long)XENMEM_decrease_reservation, (long)&r) != 1)
		test_error("the balloon does not work");
	before = reservation();
	e->domid = peer_id();
	e->frame = (uint32_t)pfn;
	mb();
	e->flags = GTF_accept_transfer;
	peer_put("room", 1);
	peer_get("given");
	answer("receive.flags", e->flags);
	answer("receive.grew", reservation() - before);
	answer("receive.map", (uint64_t)map_va(page, (uint64_t)e->frame << 12 | PTE_KERNEL));
	answer("receive.content", page[0]);
	answer("receive.m2p", m2p ? m2p[e->frame] == pfn : 2);
	answer("receive.same-frame", e->frame == peer_get("frame"));
	peer_put("done", 1);
}

static void send(void)
{
	uint64_t *mapped = page_alloc(), *a = page_alloc(), *b = page_alloc(), before, mfn;

	peer_get("room");
	before = reservation();
	answer("give.mapped", give(va_mfn(mapped), peer_id(), REF));
	answer("give.not-ours", give(0x7fffffff, peer_id(), REF));
	answer("give.kept", reservation() == before);
	mfn = free_frame(a, 0x5555);
	peer_put("frame", mfn);
	answer("give", give(mfn, peer_id(), REF));
	answer("give.again", give(mfn, peer_id(), REF));
	answer("give.map-after", (uint64_t)map_va(a, mfn << 12 | PTE_KERNEL));
	answer("give.shrank", before - reservation());
	mfn = free_frame(b, 0x6666);
	answer("give.nobody-accepts", give(mfn, peer_id(), REF));
	answer("give.lost", before - reservation());
	mfn = free_frame(mapped, 0x7777);
	answer("give.no-such-domain", give(mfn, 0x7000, REF));
	answer("give.lost-too", before - reservation());
	peer_put("given", 1);
	peer_get("done");
}

void test_main(void)
{
	if (role())
		send();
	else
		receive();
	test_success("");
}
