/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: IOPL and the I/O bitmap, which Linux sets while it boots and at every switch of tasks; every other command is
 * for those with devices.
 *
 * covers: physdev_op.set_iopl good
 * covers: physdev_op.set_iopl bad
 * covers: physdev_op.set_iobitmap good
 * covers: physdev_op.set_iobitmap bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "physdev_op: set_iopl, set_iobitmap, what is not ours";

static uint8_t bitmap[8192];
static uint64_t zero[64];

void test_main(void)
{
	struct physdev_set_iopl iopl = { .iopl = 1 };
	struct physdev_set_iobitmap io = { .nr_ports = 65536 };

	answer("iopl.1", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&iopl));
	iopl.iopl = 3;
	answer("iopl.3", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&iopl));
	iopl.iopl = 4;
	answer("iopl.4", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&iopl));
	iopl.iopl = 0;
	answer("iopl.0", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&iopl));
	answer("iopl.efault", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iopl, 0x1000L));
	set_xen_guest_handle(io.bitmap, bitmap);
	answer("bitmap", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iobitmap, (long)&io));
	io.nr_ports = 65537;
	answer("bitmap.65537", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iobitmap, (long)&io));
	io.nr_ports = 0;
	set_xen_guest_handle(io.bitmap, (uint8_t *)0);
	answer("bitmap.none", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iobitmap, (long)&io));
	answer("bitmap.efault", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iobitmap, 0x1000L));
	for (unsigned i = 0; i < 34; i++) {
		char key[8] = "cmd-00";

		if (i == PHYSDEVOP_set_iopl || i == PHYSDEVOP_set_iobitmap)
			continue;
		key[4] = (char)('0' + i / 10), key[5] = (char)('0' + i % 10);
		answer(key, (uint64_t)HC(physdev_op, (long)i, (long)zero));
	}
	test_success("");
}
