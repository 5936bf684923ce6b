/* SPDX-License-Identifier: MIT */
/* The grant table.  What would break: no device works without it. */
#include "tests/guests/lib/guest.h"

static grant_entry_v1_t *table;

static long gnttab(int cmd, void *arg, unsigned count)
{
	return HC(grant_table_op, (long)cmd, (long)arg, (long)count);
}

static int setup(unsigned frames, xen_pfn_t *list, domid_t dom, long *ret)
{
	struct gnttab_setup_table s = { .dom = dom, .nr_frames = frames, .status = 77 };

	set_xen_guest_handle(s.frame_list, list);
	*ret = gnttab(GNTTABOP_setup_table, &s, 1);
	return s.status;
}

TEST(grant_setup_table)
{
	static char page[PAGE_SIZE] PAGE_ALIGNED;
	xen_pfn_t frame = 0;
	long ret;

	CHECK_EQ(setup(1, &frame, DOMID_SELF, &ret), GNTST_okay);
	CHECK_EQ(ret, 0);
	CHECK(frame != 0, "no frame");
	CHECK_EQ(map_va(page, frame << 12 | PTE_KERNEL), 0);
	table = (grant_entry_v1_t *)page;
}

TEST(grant_entries_0_and_1_are_console_and_store)
{
	if (!table) {
		CHECK(false, "no table");
		return;
	}
	CHECK_EQ(table[GNTTAB_RESERVED_CONSOLE].flags & GTF_type_mask, GTF_permit_access);
	CHECK_EQ(table[GNTTAB_RESERVED_CONSOLE].domid, 0);
	CHECK_EQ(table[GNTTAB_RESERVED_CONSOLE].frame, si->console.domU.mfn);
	CHECK_EQ(table[GNTTAB_RESERVED_XENSTORE].flags & GTF_type_mask, GTF_permit_access);
	CHECK_EQ(table[GNTTAB_RESERVED_XENSTORE].domid, 0);
	CHECK_EQ(table[GNTTAB_RESERVED_XENSTORE].frame, si->store_mfn);
	for (unsigned i = 8; i < 512; i++)
		CHECK(table[i].flags == 0, "entry %u is in use", i);
}

TEST(grant_setup_errors)
{
	xen_pfn_t list[4];
	long ret;

	CHECK_EQ(setup(1000, list, DOMID_SELF, &ret), GNTST_general_error);
	CHECK_EQ(ret, 0);
	CHECK_EQ(setup(1, list, 0, &ret), GNTST_permission_denied);
	int nobody = setup(1, list, 0x7000, &ret);
	CHECK(nobody == GNTST_bad_domain || nobody == GNTST_permission_denied, "%d", nobody);
	CHECK_EQ(gnttab(GNTTABOP_setup_table, (void *)0x3fffffff0000, 1), -XEN_EFAULT);
	CHECK_EQ(gnttab(99, list, 1), -XEN_ENOSYS);
	CHECK_EQ(gnttab(GNTTABOP_dump_table, list, 1), -XEN_ENOSYS);
}

TEST(grant_query_size)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };

	CHECK_EQ(gnttab(GNTTABOP_query_size, &q, 1), 0);
	CHECK_EQ(q.status, GNTST_okay);
	CHECK(q.nr_frames >= 1 && q.nr_frames <= q.max_nr_frames && q.max_nr_frames <= 1024,
	      "%u of %u", q.nr_frames, q.max_nr_frames);
}

TEST(grant_table_grows)
{
	xen_pfn_t list[4] = { 0 };
	static char page[PAGE_SIZE] PAGE_ALIGNED;
	long ret;

	CHECK_EQ(setup(4, list, DOMID_SELF, &ret), GNTST_okay);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned j = 0; j < i; j++)
			CHECK(list[i] != list[j], "frames %u and %u are one", i, j);
	CHECK_EQ(map_va(page, list[3] << 12 | PTE_KERNEL), 0);
	((volatile grant_entry_v1_t *)page)[5].frame = 1;
	CHECK(table[5].frame != 1, "frame 3 is frame 0");
	((volatile grant_entry_v1_t *)page)[5].frame = 0;
}

TEST(grant_version)
{
	struct gnttab_set_version s = { .version = 1 };
	struct gnttab_get_version g = { .dom = DOMID_SELF };

	CHECK_EQ(gnttab(GNTTABOP_set_version, &s, 1), 0);
	CHECK_EQ(s.version, 1);
	CHECK_EQ(gnttab(GNTTABOP_get_version, &g, 1), 0);
	CHECK_EQ(g.version, 1);
	s.version = 7;
	CHECK_EQ(gnttab(GNTTABOP_set_version, &s, 1), -XEN_EINVAL);
}

TEST(grant_unmap_of_nothing_is_a_bad_handle)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = BASE, .handle = 0x12345 };
	long ret = gnttab(GNTTABOP_unmap_grant_ref, &u, 1);

	if (ret == -XEN_ENOSYS) {
		test_skip("mapping grants is not served");
		return;
	}
	CHECK_EQ(ret, 0);
	CHECK_EQ(u.status, GNTST_bad_handle);
}
