/* SPDX-License-Identifier: MIT */
/*
 * xen_version: the version number, which kernels choose code paths by.
 *
 * covers: xen_version.version good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "xen_version: version is 4.17 and takes no argument";

void test_main(void)
{
	static char sink[64];

	answer("version", (uint64_t)HC(xen_version, (long)XENVER_version, 0L));
	answer("with-argument", (uint64_t)HC(xen_version, (long)XENVER_version, (long)sink));
	answer("bad-argument", (uint64_t)HC(xen_version, (long)XENVER_version, 0x800000000000L));
	test_success("");
}
