/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: pins.
 *
 * A pin holds one reference of the table's type, once; a table's content is judged when it becomes one.
 *
 * covers: mmuext_op good
 * covers: mmuext_op bad
 * covers: mmuext_op.PIN_L1_TABLE good
 * covers: mmuext_op.PIN_L1_TABLE bad
 * covers: mmuext_op.PIN_L2_TABLE good
 * covers: mmuext_op.PIN_L2_TABLE bad
 * covers: mmuext_op.PIN_L3_TABLE good
 * covers: mmuext_op.PIN_L3_TABLE bad
 * covers: mmuext_op.PIN_L4_TABLE good
 * covers: mmuext_op.PIN_L4_TABLE bad
 * covers: mmuext_op.UNPIN_TABLE good
 * covers: mmuext_op.UNPIN_TABLE bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmuext_op: pins";

static long ext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
	struct mmuext_op op = { .cmd = cmd };

	op.arg1.mfn = arg1;
	op.arg2.src_mfn = arg2;
	return HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))

static const unsigned pins[] = { MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE };

void test_main(void)
{
	uint64_t *page = page_alloc(), mfn = va_mfn(page);
	char key[] = "l1.good";

	answer("writable", (uint64_t)ext(MMUEXT_PIN_L1_TABLE, mfn, 0));
	CHECK_EQ(page_protect(page, false), 0);
	for (unsigned i = 0; i < 4; i++) {
		key[1] = (char)('1' + i);
		memcpy(key + 3, "good", 4);
		answer(key, (uint64_t)ext(pins[i], mfn, 0));
		memcpy(key + 3, "twic", 4);
		answer(key, (uint64_t)ext(pins[i], mfn, 0));
		memcpy(key + 3, "othr", 4);
		answer(key, (uint64_t)ext(pins[(i + 1) % 4], mfn, 0));
		memcpy(key + 3, "rwmp", 4);
		answer(key, (uint64_t)page_protect(page, true));
		memcpy(key + 3, "unpn", 4);
		answer(key, (uint64_t)ext(MMUEXT_UNPIN_TABLE, mfn, 0));
		memcpy(key + 3, "unp2", 4);
		answer(key, (uint64_t)ext(MMUEXT_UNPIN_TABLE, mfn, 0));
	}
	answer("nobody", (uint64_t)ext(MMUEXT_PIN_L1_TABLE, 0xffffff0, 0));
	answer("nobody.unpin", (uint64_t)ext(MMUEXT_UNPIN_TABLE, 0xffffff0, 0));
	answer("shared_info", (uint64_t)ext(MMUEXT_PIN_L1_TABLE, si->shared_info >> 12, 0));
	CHECK_EQ(page_protect(page, true), 0);
	page[3] = 0xffffffff0UL << 12 | PTE_KERNEL;
	CHECK_EQ(page_protect(page, false), 0);
	answer("content.device", (uint64_t)ext(MMUEXT_PIN_L1_TABLE, mfn, 0));
	CHECK_EQ(page_protect(page, true), 0);
	page[3] = mfn << 12 | PTE_KERNEL;
	CHECK_EQ(page_protect(page, false), 0);
	answer("content.self", (uint64_t)ext(MMUEXT_PIN_L1_TABLE, mfn, 0));
	CHECK_EQ(page_protect(page, true), 0);
	page[3] = mfn << 12 | PTE_P | 0x80;
	CHECK_EQ(page_protect(page, false), 0);
	answer("content.flags", (uint64_t)ext(MMUEXT_PIN_L1_TABLE, mfn, 0));
	answer("content.flags.l2", (uint64_t)ext(MMUEXT_PIN_L2_TABLE, mfn, 0));
	test_success("");
}
