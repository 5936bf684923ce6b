/* SPDX-License-Identifier: MIT */
/*
 * multicall: every entry runs and gets its own result, a failing one stops nothing, and only `result' changes.
 * Linux batches its page-table work and reads each result.
 *
 * covers: multicall good
 * covers: multicall bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "multicall: results, failing entries, nesting, bad arrays";

static multicall_entry_t m[300], inner;

static void entry(unsigned i, unsigned long op, unsigned long a0, unsigned long a1)
{
	memset(&m[i], 0, sizeof(m[i]));
	m[i].op = op;
	m[i].args[0] = a0;
	m[i].args[1] = a1;
	m[i].result = 0x5555;
}

void test_main(void)
{
	unsigned good = 0;

	for (unsigned i = 0; i < 300; i++)
		entry(i, __HYPERVISOR_xen_version, XENVER_version, 0);
	answer("300", (uint64_t)HC(multicall, (long)m, 300L));
	for (unsigned i = 0; i < 300; i++)
		good += m[i].result == (4 << 16 | 17);
	answer("300.good", good);
	answer("none", (uint64_t)HC(multicall, (long)m, 0L));
	answer("efault", (uint64_t)HC(multicall, 0x1000L, 1L));
	answer("efault.none", (uint64_t)HC(multicall, 0x1000L, 0L));
	answer("hypervisors", (uint64_t)HC(multicall, 0xffff828000000000L, 1L));
	answer("wraps", (uint64_t)HC(multicall, -64L, 2L));
	entry(0, __HYPERVISOR_xen_version, 99, 0);
	entry(1, 63, 0, 0);
	entry(2, 0xffffffff, 0, 0);
	entry(3, __HYPERVISOR_xen_version, XENVER_extraversion, 0x1000);
	inner = m[0];
	inner.result = 0x5555;
	entry(4, __HYPERVISOR_multicall, (unsigned long)&inner, 1);
	entry(5, __HYPERVISOR_xen_version, XENVER_version, 0);
	answer("mixed", (uint64_t)HC(multicall, (long)m, 6L));
	answer("mixed.unknown-command", m[0].result);
	answer("mixed.number-63", m[1].result);
	answer("mixed.number-4294967295", m[2].result);
	answer("mixed.efault", m[3].result);
	answer("mixed.nested", m[4].result);
	answer("mixed.after", m[5].result);
	answer("mixed.inner-untouched", inner.result == 0x5555);
	test_success("");
}
