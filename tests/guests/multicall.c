/* SPDX-License-Identifier: MIT */
/* multicall.  What would break: Linux batches its page-table work, and reads each result. */
#include "tests/guests/lib/guest.h"

static multicall_entry_t m[200];

static void entry(unsigned i, unsigned long op, unsigned long a0, unsigned long a1)
{
	memset(&m[i], 0, sizeof(m[i]));
	m[i].op = op;
	m[i].args[0] = a0;
	m[i].args[1] = a1;
	m[i].result = 0x5555;
}

TEST(multicall_runs_each_entry)
{
	for (unsigned i = 0; i < 200; i++)
		entry(i, __HYPERVISOR_xen_version, XENVER_version, 0);
	CHECK_EQ(HC(multicall, (long)m, 200L), 0);
	for (unsigned i = 0; i < 200; i++)
		CHECK(m[i].result == (4 << 16 | 17), "entry %u: %#lx", i, (unsigned long)m[i].result);
}

TEST(multicall_failed_entry_does_not_stop_it)
{
	entry(0, __HYPERVISOR_xen_version, 99, 0);
	entry(1, 63, 0, 0);
	entry(2, __HYPERVISOR_xen_version, XENVER_extraversion, 0);
	entry(3, __HYPERVISOR_xen_version, XENVER_version, 0);
	entry(4, 0xffffffff, 0, 0);
	CHECK_EQ(HC(multicall, (long)m, 5L), 0);
	CHECK_EQ(m[0].result, -XEN_ENOSYS);
	CHECK_EQ(m[1].result, -XEN_ENOSYS);
	CHECK_EQ(m[2].result, -XEN_EFAULT);
	CHECK_EQ(m[3].result, 4 << 16 | 17);
	CHECK_EQ(m[4].result, -XEN_ENOSYS);
}

TEST(multicall_nested_is_einval)
{
	static multicall_entry_t inner;

	inner.op = __HYPERVISOR_xen_version;
	inner.args[0] = XENVER_version;
	inner.result = 0x7777;
	entry(0, __HYPERVISOR_multicall, (unsigned long)&inner, 1);
	entry(1, __HYPERVISOR_xen_version, XENVER_version, 0);
	CHECK_EQ(HC(multicall, (long)m, 2L), 0);
	CHECK_EQ(m[0].result, -XEN_EINVAL);
	CHECK_EQ(m[1].result, 4 << 16 | 17);
	CHECK_EQ(inner.result, 0x7777);
	/* And the state "in a multicall" has ended. */
	CHECK_EQ(HC(multicall, (long)m, 1L), 0);
	CHECK_EQ(m[0].result, -XEN_EINVAL);
}

TEST(multicall_empty_is_fine)
{
	CHECK_EQ(HC(multicall, (long)m, 0L), 0);
}

TEST(multicall_bad_pointer_is_efault)
{
	CHECK_EQ(HC(multicall, 0L, 1L), -XEN_EFAULT);
	CHECK_EQ(HC(multicall, (long)0xffff800000000000, 1L), -XEN_EFAULT);
}

/* The array runs off the end of mapped memory: what is there has been done. */
TEST(multicall_runs_into_a_hole)
{
	char *page = page_alloc(), *hole = page_alloc();
	multicall_entry_t *e = (multicall_entry_t *)(page + PAGE_SIZE) - 1;

	if (hole != page + PAGE_SIZE) {
		test_skip("pages are not in a row");
		return;
	}
	CHECK_EQ(map_va(hole, 0), 0);
	memcpy(e, &(multicall_entry_t){ .op = __HYPERVISOR_xen_version }, sizeof(*e));
	CHECK_EQ(HC(multicall, (long)e, 2L), -XEN_EFAULT);
	CHECK_EQ(map_va(hole, va_mfn(hole) << 12 | PTE_KERNEL), 0);
}

TEST(multicall_page_tables_in_a_batch)
{
	uint64_t *a = page_alloc(), *b = page_alloc(), *window = page_alloc();

	*a = 0xa;
	*b = 0xb;
	for (unsigned i = 0; i < 2; i++) {
		entry(i, __HYPERVISOR_update_va_mapping, (unsigned long)window,
		      va_mfn(i ? b : a) << 12 | PTE_KERNEL);
		m[i].args[2] = UVMF_INVLPG;
	}
	CHECK_EQ(HC(multicall, (long)m, 2L), 0);
	CHECK_EQ(m[0].result, 0);
	CHECK_EQ(m[1].result, 0);
	CHECK_EQ(*(volatile uint64_t *)window, 0xb);
}
