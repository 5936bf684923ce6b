/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: what is refused, and what is counted.
 *
 * A batch stops at the first error; those before it are done and counted.  Domains that are not there are ESRCH, others EPERM.
 *
 * covers: mmu_update bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmu_update: what is refused, and what is counted";

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))

static uint64_t call(struct mmu_update *u, unsigned n, unsigned *done, uint64_t foreign)
{
	return (uint64_t)HC(mmu_update, (long)u, (long)n, (long)done, (long)foreign);
}

void test_main(void)
{
	uint64_t *page = page_alloc(), where = pte_maddr(page), e = *pte_of(page, 1);
	struct mmu_update u[3] = { { where, e }, { where, e }, { where, e } };
	unsigned done = 9;
	char key[] = "ptr0";

	for (unsigned i = 2; i < 8; i++) {
		u[0].ptr = where | i;
		u[0].val = i == 2 ? va_pfn(page) : e;
		if (i == 2)
			u[0].ptr = va_mfn(page) << 12 | 2;
		key[3] = (char)('0' + i);
		answer(key, call(u, 1, NULL, DOMID_SELF));
	}
	u[0] = u[2];
	u[1].ptr |= 6;
	answer("second", call(u, 3, &done, DOMID_SELF));
	answer("second.done", done);
	done = 9;
	answer("fault", (uint64_t)HC(mmu_update, 0x3fffffff0000L, 1L, (long)&done, (long)DOMID_SELF));
	answer("fault.done", done);
	answer("range", (uint64_t)HC(mmu_update, 0xffff820000000000L, 1L, 0L, (long)DOMID_SELF));
	answer("nothing", call(u, 0, &done, DOMID_SELF));
	answer("nothing.done", done);
	answer("dom0", call(u, 1, &done, 0));
	answer("dom0.nothing", call(u, 0, NULL, 0));
	answer("none", call(u, 1, NULL, 0x7000));
	answer("none.nothing", call(u, 0, NULL, 0x7000));
	answer("io", call(u, 1, NULL, DOMID_IO));
	u[0].val = 0xfffffff0UL << 12 | PTE_KERNEL;
	answer("io.device", call(u, 1, NULL, DOMID_IO));
	u[0] = u[2];
	answer("xen", call(u, 1, NULL, DOMID_XEN));
	answer("tables.dom0", call(u, 1, NULL, 1UL << 16 | DOMID_SELF));
	answer("tables.none", call(u, 1, NULL, 0x7001UL << 16 | DOMID_SELF));
	u[0].ptr = 0xffffff0UL << 12;
	answer("nobody", call(u, 1, NULL, DOMID_SELF));
	u[0].ptr |= 2;
	answer("nobody.m2p", call(u, 1, NULL, DOMID_SELF));
	u[0].ptr = si->shared_info + 3000;
	u[0].val = 0;
	answer("shared_info", call(u, 1, NULL, DOMID_SELF));
	test_success("");
}
