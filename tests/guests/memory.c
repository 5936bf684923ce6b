/* SPDX-License-Identifier: MIT */
/* memory_op.  What would break: balloon drivers and every kernel's first look at its memory. */
#include "tests/guests/lib/guest.h"

static long mem(int cmd, void *arg)
{
	return HC(memory_op, (long)cmd, (long)arg);
}

TEST(memory_reservations)
{
	domid_t self = DOMID_SELF, other = 0, nobody = 0x7000;
	long current = mem(XENMEM_current_reservation, &self);

	CHECK_EQ(current, si->nr_pages);
	CHECK(mem(XENMEM_maximum_reservation, &self) >= current, "maximum below current");
	CHECK_EQ(mem(XENMEM_current_reservation, &other), -XEN_EPERM);
	CHECK(no_such_domain(mem(XENMEM_current_reservation, &nobody)), "nobody has memory");
	CHECK_EQ(mem(XENMEM_current_reservation, NULL), -XEN_EFAULT);
}

TEST(memory_ram_page_limit_covers_us)
{
	long max = mem(XENMEM_maximum_ram_page, NULL);

	for (uint64_t pfn = 0; pfn < si->nr_pages; pfn += 97)
		CHECK((long)pfn_mfn(pfn) <= max, "mfn %#lx, limit %#lx", pfn_mfn(pfn), max);
}

TEST(memory_machphys_mapping)
{
	struct xen_machphys_mapping m = { 0 };

	CHECK_EQ(mem(XENMEM_machphys_mapping, &m), 0);
	CHECK(m.v_start && m.v_end > m.v_start, "%#lx-%#lx", m.v_start, m.v_end);
	CHECK((m.v_end - m.v_start) / 8 >= m.max_mfn, "max_mfn %#lx", m.max_mfn);
	for (uint64_t pfn = 0; pfn < si->nr_pages; pfn += 31)
		CHECK(((uint64_t *)m.v_start)[pfn_mfn(pfn)] == pfn, "pfn %#lx", pfn);
}

static void read_at(void *p)
{
	*(volatile uint64_t *)p;
}

/* Guests probe the M2P: a hole in it is a page fault, not the end. */
TEST(memory_m2p_holes_fault_and_it_is_read_only)
{
	if (!m2p) {
		CHECK(false, "no M2P");
		return;
	}
	if (catch_call(read_at, (void *)(m2p + 0x7fffff00)))
		CHECK_EQ(last_trap.vector, 14);
}

TEST(memory_what_pv_may_not_do)
{
	struct xen_add_to_physmap a = { .domid = DOMID_SELF };
	struct xen_memory_map map = { .nr_entries = 0 };

	CHECK_EQ(mem(XENMEM_add_to_physmap, &a), -XEN_EACCES);
	CHECK_EQ(mem(XENMEM_machine_memory_map, &map), -XEN_EPERM);
	CHECK_EQ(mem(63, &a), -XEN_ENOSYS);
}

/* Counts, never errors: that is the rule of these three. */
TEST(memory_change_with_bad_arguments_is_0)
{
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = 0x7000 };

	CHECK_EQ(mem(XENMEM_increase_reservation, (void *)0x3fffffff0000), 0);
	CHECK_EQ(mem(XENMEM_decrease_reservation, &r), 0);
	r.domid = DOMID_SELF;
	r.extent_order = 20;
	CHECK_EQ(mem(XENMEM_populate_physmap, &r), 0);
}

TEST(memory_give_back_and_take)
{
	enum { N = 8 };
	domid_t self = DOMID_SELF;
	xen_pfn_t frame[N], pfn[N];
	char *page[N];
	struct xen_memory_reservation r = { .nr_extents = N, .domid = DOMID_SELF };
	long ret;

	for (unsigned i = 0; i < N; i++) {
		page[i] = page_alloc();
		page[i][0] = 'x';
		pfn[i] = va_pfn(page[i]);
		frame[i] = va_mfn(page[i]);
	}
	/* Still mapped: it may not go (Xen frees it at the last unmap, the count says so or not). */
	for (unsigned i = 0; i < N; i++)
		CHECK_EQ(map_va(page[i], 0), 0);
	set_xen_guest_handle(r.extent_start, frame);
	ret = mem(XENMEM_decrease_reservation, &r);
	if (ret == -XEN_ENOSYS) {
		test_skip("ballooning is not served");
		return;
	}
	CHECK_EQ(ret, N);
	CHECK_EQ(mem(XENMEM_current_reservation, &self), si->nr_pages - N);
	/* A frame given back is not ours to map. */
	CHECK(map_va(page[0], frame[0] << 12 | PTE_KERNEL) < 0, "a frame given back can be mapped");
	CHECK_EQ(mem(XENMEM_decrease_reservation, &r), 0);
	memcpy(frame, pfn, sizeof(pfn));
	CHECK_EQ(mem(XENMEM_populate_physmap, &r), N);
	CHECK_EQ(mem(XENMEM_current_reservation, &self), si->nr_pages);
	for (unsigned i = 0; i < N; i++) {
		((uint64_t *)si->mfn_list)[pfn[i]] = frame[i];
		CHECK_EQ(map_va(page[i], frame[i] << 12 | PTE_KERNEL), 0);
		CHECK(page[i][0] == 0, "page %u still has its old content", i);
		CHECK(!m2p || m2p[frame[i]] == pfn[i], "m2p of page %u", i);
	}
}

TEST(memory_ceiling_holds)
{
	domid_t self = DOMID_SELF;
	long room = mem(XENMEM_maximum_reservation, &self) - mem(XENMEM_current_reservation, &self);
	static xen_pfn_t frame[2048];
	struct xen_memory_reservation r = { .nr_extents = 2048, .domid = DOMID_SELF };
	long got;

	for (unsigned i = 0; i < 2048; i++)
		frame[i] = si->nr_pages + i;
	set_xen_guest_handle(r.extent_start, frame);
	got = mem(XENMEM_populate_physmap, &r);
	CHECK(got >= 0 && got <= room, "%ld frames beyond a ceiling %ld away", got, room);
	if (got > 0) {
		r.nr_extents = (unsigned long)got;
		CHECK_EQ(mem(XENMEM_decrease_reservation, &r), got);
	}
}
