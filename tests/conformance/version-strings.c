/* SPDX-License-Identifier: MIT */
/*
 * xen_version: every query that fills a structure: the result, whether the text is terminated and printable, and the error
 * where there is no memory.  Kernels print these, and parse the capabilities.
 *
 * covers: xen_version.extraversion good
 * covers: xen_version.extraversion bad
 * covers: xen_version.compile_info good
 * covers: xen_version.compile_info bad
 * covers: xen_version.capabilities good
 * covers: xen_version.capabilities bad
 * covers: xen_version.changeset good
 * covers: xen_version.changeset bad
 * covers: xen_version.platform_parameters good
 * covers: xen_version.platform_parameters bad
 * covers: xen_version.guest_handle good
 * covers: xen_version.guest_handle bad
 * covers: xen_version.commandline good
 * covers: xen_version.commandline bad
 * covers: xen_version.build_id bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "xen_version: the queries that fill a structure, and EFAULT";

static char buf[4096] PAGE_ALIGNED;

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

static void text(const char *key, long cmd, size_t size)
{
	char k[64];

	memset(buf, 0xff, sizeof(buf));
	answer(key, (uint64_t)HC(xen_version, cmd, (long)buf));
	CHECK(text_ok(buf, size), "%s is no text", key);
	CHECK((uint8_t)buf[size] == 0xff, "%s writes behind its structure", key);
	memcpy(k, key, strlen(key));
	memcpy(k + strlen(key), ".efault", 8);
	answer(k, (uint64_t)HC(xen_version, cmd, 0x1000L));
}

void test_main(void)
{
	xen_platform_parameters_t p = { .virt_start = 1 };
	xen_compile_info_t *c = (void *)buf;
	uint8_t any = 0;

	text("extraversion", XENVER_extraversion, sizeof(xen_extraversion_t));
	text("capabilities", XENVER_capabilities, sizeof(xen_capabilities_info_t));
	text("changeset", XENVER_changeset, sizeof(xen_changeset_info_t));
	text("commandline", XENVER_commandline, sizeof(xen_commandline_t));
	answer("commandline.denied", !strcmp(buf, "<denied>"));
	memset(buf, 0xff, sizeof(buf));
	answer("compile_info", (uint64_t)HC(xen_version, (long)XENVER_compile_info, (long)buf));
	CHECK(text_ok(c->compiler, sizeof(c->compiler)) && text_ok(c->compile_by, sizeof(c->compile_by)) &&
	      text_ok(c->compile_domain, sizeof(c->compile_domain)) &&
	      text_ok(c->compile_date, sizeof(c->compile_date)), "compile_info");
	answer("compile_info.efault", (uint64_t)HC(xen_version, (long)XENVER_compile_info, 0x1000L));
	answer("platform_parameters", (uint64_t)HC(xen_version, (long)XENVER_platform_parameters, (long)&p));
	answer("platform_parameters.virt_start", p.virt_start);
	answer("platform_parameters.efault", (uint64_t)HC(xen_version, (long)XENVER_platform_parameters, 0x1000L));
	memset(buf, 0, 16);
	answer("guest_handle", (uint64_t)HC(xen_version, (long)XENVER_guest_handle, (long)buf));
	for (unsigned i = 0; i < 16; i++)
		any |= (uint8_t)buf[i];
	answer("guest_handle.filled", any != 0);
	answer("guest_handle.efault", (uint64_t)HC(xen_version, (long)XENVER_guest_handle, 0x1000L));
	memset(buf, 0, 16);
	answer("build_id", (uint64_t)HC(xen_version, (long)XENVER_build_id, (long)buf));
	answer("build_id.null", (uint64_t)HC(xen_version, (long)XENVER_build_id, 0L));
	test_success("");
}
