/* SPDX-License-Identifier: MIT */
/*
 * console_io: the emergency console.  A release build of Xen has it for the control domain alone; kernels ignore the result,
 * but count on the call to come back.
 *
 * covers: console_io.write good
 * covers: console_io.write bad
 * covers: console_io.read bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "console_io: write, read, no buffer, no command";

void test_main(void)
{
	static char line[] = "console_io of a conformance case\n";

	answer("write", (uint64_t)HC(console_io, (long)CONSOLEIO_write, (long)(sizeof(line) - 1), (long)line));
	answer("write.efault", (uint64_t)HC(console_io, (long)CONSOLEIO_write, 10L, 0x1000L));
	answer("read", (uint64_t)HC(console_io, (long)CONSOLEIO_read, 10L, (long)line));
	answer("unknown", (uint64_t)HC(console_io, 99L, 10L, (long)line));
	test_success("");
}
