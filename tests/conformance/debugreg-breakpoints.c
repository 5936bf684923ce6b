/* SPDX-License-Identifier: MIT */
/*
 * Hardware breakpoints of a guest's kernel: a store to a watched variable is a #DB after it, with the
 * number of the breakpoint in DR6. Debuggers inside of the guest live of that.
 *
 * covers: set_debugreg good
 */
#include "tests/conformance/lib/conformance.h"

#define ENABLE_0	(3UL | 0x700)		/* L0, G0; LE, GE and the bit that is always set */
#define WRITE_8		(1UL << 16 | 2UL << 18)	/* of breakpoint 0: on writes, eight bytes */

const char test_title[] = "set_debugreg: a watched store is a #DB";

static volatile uint64_t watched __attribute__((aligned(8)));

static void store(void *arg)
{
	watched = (uint64_t)arg;
}

void test_main(void)
{
	HC(set_debugreg, 0L, (long)&watched);
	HC(set_debugreg, 6L, 0L);
	answer("enable", (uint64_t)HC(set_debugreg, 7L, (long)(ENABLE_0 | WRITE_8)));
	answer_caught("store", store, (void *)1);
	answer("stored", watched);
	answer("dr6.hit", (uint64_t)HC(get_debugreg, 6L) & 0xf);
	HC(set_debugreg, 7L, 0x400L);
	answer_caught("off", store, (void *)2);
	test_success("");
}
