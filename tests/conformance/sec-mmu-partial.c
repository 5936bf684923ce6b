/* SPDX-License-Identifier: MIT */
/*
 * pins: a table with a bad entry far behind is refused, and leaves no count on those before it, however often it is tried.
 *
 * What an attacker would gain: a count too few on a table that is taken apart halfway (advisories 299, 310): the frame becomes
 * writable while it is still used as a table.
 *
 * covers: mmuext_op.pin_l2_table bad
 * covers: mmuext_op.pin_l3_table bad
 * covers: mmuext_op.pin_l3_table good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "pins: a table that fails halfway leaves nothing behind";

static uint64_t l1[512] PAGE_ALIGNED, l2[512] PAGE_ALIGNED, l3[512] PAGE_ALIGNED, leaf[512] PAGE_ALIGNED;

static uint64_t pin(unsigned cmd, const void *table)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = va_mfn(table) };

	return (uint64_t)HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

static uint64_t entry(const void *p, uint64_t flags)
{
	return va_mfn(p) << 12 | flags;
}

static uint64_t protect(void *p, bool writable)
{
	return (uint64_t)page_protect(p, writable);
}

void test_main(void)
{
	unsigned i;

	for (i = 0; i < 512; i++)
		l1[i] = entry(leaf, PTE_P | PTE_US);
	for (i = 0; i < 400; i++)
		l2[i] = entry(l1, PTE_P | PTE_US | PTE_RW);
	l2[400] = entry(l2, PTE_P | PTE_US | PTE_RW);	/* writable, linear: refused */
	for (i = 0; i < 300; i++)
		l3[i] = entry(l2, PTE_P | PTE_US | PTE_RW);
	answer("protect", protect(l1, false) | protect(l2, false) | protect(l3, false));
	for (i = 0; i < 3; i++)
		pin(MMUEXT_PIN_L3_TABLE, l3);
	answer("pin.l3", pin(MMUEXT_PIN_L3_TABLE, l3));
	answer("pin.l2", pin(MMUEXT_PIN_L2_TABLE, l2));
	/* None of them is a table of any kind now: all may be written to. */
	answer("writable.l1", protect(l1, true));
	answer("writable.l2", protect(l2, true));
	answer("writable.l3", protect(l3, true));
	l2[400] = 0;
	l1[511] = 0x7ffffffff000 | PTE_P;
	answer("protect.again", protect(l1, false) | protect(l2, false) | protect(l3, false));
	answer("pin.l3.bad-leaf", pin(MMUEXT_PIN_L3_TABLE, l3));
	answer("writable.l1.again", protect(l1, true));
	l1[511] = 0;
	answer("protect.good", protect(l1, false));
	answer("pin.l3.good", pin(MMUEXT_PIN_L3_TABLE, l3));
	answer("writable.l1.in-use", protect(l1, true));
	answer("unpin", pin(MMUEXT_UNPIN_TABLE, l3));
	answer("writable.after", protect(l1, true) | protect(l2, true) | protect(l3, true));
	test_success("");
}
