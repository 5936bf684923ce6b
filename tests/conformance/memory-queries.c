/* SPDX-License-Identifier: MIT */
/*
 * memory_op: what the reservation is and may be.
 *
 * Guests size their balloons by these.  maximum_gpfn is what the guest itself wrote into shared_info, less one.
 *
 * covers: memory_op.current_reservation good
 * covers: memory_op.current_reservation bad
 * covers: memory_op.maximum_reservation good
 * covers: memory_op.maximum_reservation bad
 * covers: memory_op.maximum_gpfn good
 * covers: memory_op.maximum_gpfn bad
 * covers: memory_op.maximum_ram_page good
 */
#define __XEN_TOOLS__ 1	/* what a domain may not call has its constants there */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "memory_op: what the reservation is and may be";

#define OP(cmd, arg)	((uint64_t)HC(memory_op, (long)(cmd), (long)(arg)))
#define BAD_PTR		0x3fffffff0000L		/* canonical, and nothing there */

static void snprint(char *buf, size_t size, const char *a, const char *b)
{
	while (*a && size > 1)
		*buf++ = *a++, size--;
	while (*b && size > 1)
		*buf++ = *b++, size--;
	*buf = 0;
}

void test_main(void)
{
	static const unsigned cmds[] = { XENMEM_current_reservation, XENMEM_maximum_reservation, XENMEM_maximum_gpfn };
	static const char *const names[] = { "current", "maximum", "gpfn" };
	char key[40];
	domid_t d = DOMID_SELF, none = 0x7000, io = DOMID_IO, zero = 0;

	CHECK(OP(XENMEM_current_reservation, &d) >= si->nr_pages);
	CHECK(OP(XENMEM_maximum_reservation, &d) >= OP(XENMEM_current_reservation, &d));
	CHECK((long)OP(XENMEM_maximum_ram_page, 0) > (long)pfn_mfn(1));
	shared->arch.max_pfn = 0x1234;
	answer("gpfn.set", OP(XENMEM_maximum_gpfn, &d));
	shared->arch.max_pfn = 0;
	answer("gpfn.unset", OP(XENMEM_maximum_gpfn, &d));
	for (unsigned i = 0; i < 3; i++) {
		snprint(key, sizeof(key), names[i], ".fault");
		answer(key, OP(cmds[i], BAD_PTR));
		snprint(key, sizeof(key), names[i], ".none");
		answer(key, OP(cmds[i], &none));
		snprint(key, sizeof(key), names[i], ".io");
		answer(key, OP(cmds[i], &io));
		snprint(key, sizeof(key), names[i], ".dom0");
		answer(key, OP(cmds[i], &zero));
	}
	test_success("");
}
