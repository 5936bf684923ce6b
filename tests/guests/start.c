/* SPDX-License-Identifier: MIT */
/*
 * The start of day.  What would break: every PV kernel takes its first steps from these registers,
 * this start_info and this address space, before it can ask anything.
 */
#include "tests/guests/lib/guest.h"

TEST(start_registers_are_as_documented)
{
	const struct start_regs *r = &start_regs;

	CHECK_EQ(r->rsi, (uint64_t)si);
	CHECK_EQ(r->rsp, si->pt_base + si->nr_pt_frames * PAGE_SIZE + PAGE_SIZE);
	CHECK_EQ(r->rax | r->rbx | r->rcx | r->rdx | r->rdi | r->rbp, 0);
	CHECK_EQ(r->r8 | r->r9 | r->r10 | r->r11 | r->r12 | r->r13 | r->r14 | r->r15, 0);
	CHECK_EQ(r->rflags & ~0x202UL, 0);
	CHECK_EQ(r->fs | r->gs, 0);
}

TEST(start_info_is_complete)
{
	CHECK(!strcmp(si->magic, "xen-3.0-x86_64"), "%s", si->magic);
	CHECK((uint64_t)si % PAGE_SIZE == 0, "%p", (void *)si);
	CHECK_EQ(si->flags & (SIF_PRIVILEGED | SIF_INITDOMAIN), 0);
	CHECK(si->nr_pages >= 1024, "%lu", si->nr_pages);
	CHECK(si->shared_info && si->shared_info % PAGE_SIZE == 0, "%#lx", si->shared_info);
	CHECK_EQ(si->mfn_list % PAGE_SIZE, 0);
	CHECK_EQ(si->pt_base % PAGE_SIZE, 0);
	CHECK(si->store_evtchn != 0 && si->console.domU.evtchn != 0, "ports %u %u", si->store_evtchn,
	      si->console.domU.evtchn);
	CHECK(si->store_evtchn != si->console.domU.evtchn, "one port twice");
}

/* Xen's order: start_info, xenstore page, console page, page tables in a row. */
TEST(start_pages_are_in_order)
{
	uint64_t pfn = va_pfn(si);

	CHECK_EQ(si->store_mfn, pfn_mfn(pfn + 1));
	CHECK_EQ(si->console.domU.mfn, pfn_mfn(pfn + 2));
	CHECK_EQ(va_pfn((void *)si->pt_base), pfn + 3);
	CHECK_EQ(va_pfn((void *)si->mfn_list) + (si->nr_pages * 8 + 4095) / 4096, pfn);
	CHECK(va_pfn((void *)((uint64_t)_end - 1)) < va_pfn((void *)si->mfn_list), "the kernel overlaps the p2m list");
}

TEST(start_mapping_shows_pfns_in_order_tables_read_only)
{
	uint64_t pt = va_pfn((void *)si->pt_base), end = (pt + si->nr_pt_frames + 1 + 128 + 1023) & ~1023UL;

	for (uint64_t pfn = 0; pfn < end; pfn++) {
		uint64_t *e = pte_of((void *)(BASE + (pfn << 12)), 1);
		bool table = pfn >= pt && pfn < pt + si->nr_pt_frames;

		if (!e || !(*e & PTE_P)) {
			CHECK(false, "pfn %#lx is not mapped", pfn);
			continue;
		}
		if (&shared->vcpu_info[0] != (void *)(BASE + (pfn << 12)))
			CHECK(PTE_MFN(*e) == pfn_mfn(pfn), "pfn %#lx shows mfn %#lx", pfn, PTE_MFN(*e));
		CHECK(!(*e & PTE_RW) == table, "pfn %#lx: entry %#lx", pfn, *e);
	}
}

TEST(start_m2p_inverts_p2m)
{
	if (!m2p) {
		CHECK(false, "no XENMEM_machphys_mapping");
		return;
	}
	for (uint64_t pfn = 0; pfn < si->nr_pages; pfn++)
		CHECK(m2p[pfn_mfn(pfn)] == pfn, "m2p[%#lx] is %#lx, not %#lx", pfn_mfn(pfn),
		      m2p[pfn_mfn(pfn)], pfn);
}

TEST(start_bss_and_free_pages_are_zero)
{
	const uint64_t *p = (uint64_t *)(si->pt_base + si->nr_pt_frames * PAGE_SIZE);
	const uint64_t *end = (uint64_t *)((uint64_t)p + 64 * PAGE_SIZE);

	for (; p < end; p++)
		CHECK(*p == 0, "%p has %#lx", (const void *)p, *p);
}

TEST(start_every_vcpu_info_is_masked)
{
	for (unsigned v = 0; v < XEN_LEGACY_MAX_VCPUS; v++) {
		CHECK(shared->vcpu_info[v].evtchn_upcall_mask == 1, "vCPU %u", v);
		if (v)
			CHECK(shared->vcpu_info[v].evtchn_upcall_pending == 0, "vCPU %u", v);
	}
}

TEST(start_every_page_can_be_written_and_keeps_its_content)
{
	enum { N = 64 };
	uint64_t *page[N];

	for (unsigned i = 0; i < N; i++) {
		page[i] = page_alloc();
		page[i][0] = page[i][511] = 0x1234567800000000UL + i;
	}
	for (unsigned i = 0; i < N; i++)
		CHECK(page[i][0] == 0x1234567800000000UL + i && page[i][511] == page[i][0], "page %u", i);
}

TEST(start_hypercall_page_is_filled)
{
	const uint8_t *p = page_or_null();

	if (!p) {
		test_skip("this guest has no hypercall page");
		return;
	}
	for (unsigned nr = 0; nr < 64; nr++)
		CHECK(p[nr * 32] != 0xcc && p[nr * 32] != 0xc3, "slot %u starts with %#x", nr, p[nr * 32]);
}
