/* SPDX-License-Identifier: MIT */
/* xen_version.  What would break: kernels choose code paths by version, features and capabilities. */
#include "tests/guests/lib/guest.h"

static bool text_ok(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!s[i])
			return true;
		if ((uint8_t)s[i] < 32 || (uint8_t)s[i] > 126)
			return false;
	}
	return false;
}

static bool contains(const char *s, const char *part)
{
	for (; *s; s++)
		if (!strncmp(s, part, strlen(part)))
			return true;
	return false;
}

TEST(version_is_4_17)
{
	CHECK_EQ(HC(xen_version, (long)XENVER_version, 0L), 4 << 16 | 17);
}

TEST(version_strings_are_terminated_text)
{
	xen_extraversion_t extra;
	xen_changeset_info_t changeset;
	xen_commandline_t cmdline;
	static xen_compile_info_t c;

	memset(extra, 0xff, sizeof(extra));
	memset(changeset, 0xff, sizeof(changeset));
	memset(cmdline, 0xff, sizeof(cmdline));
	memset(&c, 0xff, sizeof(c));
	CHECK_EQ(HC(xen_version, (long)XENVER_extraversion, (long)extra), 0);
	CHECK(text_ok(extra, sizeof(extra)), " ");
	CHECK_EQ(HC(xen_version, (long)XENVER_changeset, (long)changeset), 0);
	CHECK(text_ok(changeset, sizeof(changeset)), " ");
	CHECK_EQ(HC(xen_version, (long)XENVER_commandline, (long)cmdline), 0);
	CHECK(text_ok(cmdline, sizeof(cmdline)), " ");
	CHECK_EQ(HC(xen_version, (long)XENVER_compile_info, (long)&c), 0);
	CHECK(text_ok(c.compiler, sizeof(c.compiler)) && text_ok(c.compile_by, sizeof(c.compile_by)) &&
	      text_ok(c.compile_domain, sizeof(c.compile_domain)) &&
	      text_ok(c.compile_date, sizeof(c.compile_date)), " ");
}

TEST(version_capabilities_name_this_abi)
{
	static xen_capabilities_info_t caps;

	CHECK_EQ(HC(xen_version, (long)XENVER_capabilities, (long)caps), 0);
	CHECK(text_ok(caps, sizeof(caps)), " ");
	CHECK(contains(caps, "xen-3.0-x86_64"), "%s", caps);
}

TEST(version_features_are_a_pv_guests)
{
	xen_feature_info_t f = { .submap_idx = 0 };
	uint32_t never = 1u << XENFEAT_writable_page_tables | 1u << XENFEAT_writable_descriptor_tables |
			 1u << XENFEAT_auto_translated_physmap | 1u << XENFEAT_hvm_callback_vector |
			 1u << XENFEAT_dom0;

	CHECK_EQ(HC(xen_version, (long)XENVER_get_features, (long)&f), 0);
	CHECK_EQ(f.submap & never, 0);
	CHECK(f.submap & 1u << XENFEAT_mmu_pt_update_preserve_ad, "%#x", f.submap);
	f.submap_idx = 1;
	CHECK_EQ(HC(xen_version, (long)XENVER_get_features, (long)&f), -XEN_EINVAL);
}

TEST(version_pagesize)
{
	char c;

	CHECK_EQ(HC(xen_version, (long)XENVER_pagesize, 0L), 4096);
	CHECK_EQ(HC(xen_version, (long)XENVER_pagesize, (long)&c), -XEN_EINVAL);
}

TEST(version_handle_is_the_uuid)
{
	xen_domain_handle_t h;
	uint8_t any = 0;

	memset(h, 0, sizeof(h));
	CHECK_EQ(HC(xen_version, (long)XENVER_guest_handle, (long)h), 0);
	for (unsigned i = 0; i < sizeof(h); i++)
		any |= h[i];
	CHECK(any, "the handle is all zero");
}

TEST(version_platform_parameters)
{
	xen_platform_parameters_t p = { .virt_start = 1 };

	CHECK_EQ(HC(xen_version, (long)XENVER_platform_parameters, (long)&p), 0);
	CHECK(p.virt_start != 1, "not filled");
}

TEST(version_unknown_is_enosys)
{
	CHECK_EQ(HC(xen_version, 99L, 0L), -XEN_ENOSYS);
	CHECK_EQ(HC(xen_version, -1L, 0L), -XEN_ENOSYS);
}
