/* SPDX-License-Identifier: MIT */
/*
 * xen_version: feature bits, page size and unknown commands: kernels choose code paths by the bits.
 *
 * covers: xen_version.get_features good
 * covers: xen_version.get_features bad
 * covers: xen_version.pagesize good
 * covers: xen_version.pagesize bad
 * covers: xen_version.version bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "xen_version: features, page size, what is not there";

void test_main(void)
{
	xen_feature_info_t f = { .submap_idx = 0 };
	char c;

	answer("features", (uint64_t)HC(xen_version, (long)XENVER_get_features, (long)&f));
	answer("features.submap0", f.submap);
	f.submap_idx = 1;
	answer("features.1", (uint64_t)HC(xen_version, (long)XENVER_get_features, (long)&f));
	answer("features.submap1", f.submap);
	f.submap_idx = 0xffffffff;
	answer("features.last", (uint64_t)HC(xen_version, (long)XENVER_get_features, (long)&f));
	answer("features.efault", (uint64_t)HC(xen_version, (long)XENVER_get_features, 0x1000L));
	answer("pagesize", (uint64_t)HC(xen_version, (long)XENVER_pagesize, 0L));
	answer("pagesize.argument", (uint64_t)HC(xen_version, (long)XENVER_pagesize, (long)&c));
	for (unsigned i = 11; i < 17; i++) {
		char key[8] = "cmd-1";

		key[4] = '1';
		key[5] = (char)('0' + i % 10);
		answer(key, (uint64_t)HC(xen_version, (long)i, 0L));
	}
	answer("cmd-99", (uint64_t)HC(xen_version, 99L, 0L));
	answer("cmd-minus1", (uint64_t)HC(xen_version, -1L, 0L));
	/* Only the low 32 bits are the command. */
	answer("cmd-high-bits", (uint64_t)HC(xen_version, 0x100000000L, 0L));
	test_success("");
}
