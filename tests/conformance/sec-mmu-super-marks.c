/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: marks of superpages are nothing a domain can set, whatever frame it names.
 *
 * What an attacker would gain: a frame that was never checked, or is another's, counted as the attacker's (advisory 167).
 *
 * covers: mmuext_op.mark_super bad
 * covers: mmuext_op.unmark_super bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmuext_op: superpage marks are refused";

static uint64_t op(unsigned cmd, uint64_t mfn)
{
	struct mmuext_op o = { .cmd = cmd, .arg1.mfn = mfn };

	return (uint64_t)HC(mmuext_op, (long)&o, 1L, 0L, (long)DOMID_SELF);
}

void test_main(void)
{
	uint64_t mine = va_mfn(stack);

	answer("mark.mine", op(MMUEXT_MARK_SUPER, mine & ~511UL));
	answer("mark.unaligned", op(MMUEXT_MARK_SUPER, mine | 1));
	answer("mark.foreign", op(MMUEXT_MARK_SUPER, 0));
	answer("mark.beyond", op(MMUEXT_MARK_SUPER, 0xffffffffff));
	answer("unmark.mine", op(MMUEXT_UNMARK_SUPER, mine & ~511UL));
	answer("unmark.beyond", op(MMUEXT_UNMARK_SUPER, 0xffffffffff));
	test_success("");
}
