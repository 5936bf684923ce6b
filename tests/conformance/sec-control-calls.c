/* SPDX-License-Identifier: MIT */
/*
 * control calls: domctl, sysctl and platform_op with the right interface version, for each command, by a domain without privilege.
 *
 * What an attacker would gain: one command whose check is missing, or comes after a lock of all domains is taken, is the
 * control of the machine, or its standstill.
 *
 * covers: domctl bad
 * covers: sysctl bad
 * covers: platform_op bad
 */
#define __XEN_TOOLS__ 1
#include "tests/conformance/lib/conformance.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xen/platform.h>

const char test_title[] = "domctl, sysctl, platform_op: refused, whatever the command";

static union {
	struct xen_domctl d;
	struct xen_sysctl s;
	struct xen_platform_op p;
	uint8_t bytes[4096];
} u;

void test_main(void)
{
	unsigned domctl_eperm = 0, sysctl_eperm = 0, platform_eperm = 0;

	for (unsigned cmd = 0; cmd < 100; cmd++) {
		memset(&u, 0, sizeof(u));
		u.d.cmd = cmd;
		u.d.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
		u.d.domain = 0;
		domctl_eperm += HC(domctl, (long)&u) >= 0;
		memset(&u, 0, sizeof(u));
		u.s.cmd = cmd;
		u.s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
		sysctl_eperm += HC(sysctl, (long)&u) >= 0;
		memset(&u, 0, sizeof(u));
		u.p.cmd = cmd;
		u.p.interface_version = XENPF_INTERFACE_VERSION;
		platform_eperm += HC(platform_op, (long)&u) >= 0;
	}
	answer("domctl.allowed", domctl_eperm);
	answer("sysctl.allowed", sysctl_eperm);
	answer("platform_op.allowed", platform_eperm);
	memset(&u, 0, sizeof(u));
	u.d.cmd = XEN_DOMCTL_destroydomain;
	u.d.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	answer("destroy-control-domain", (uint64_t)HC(domctl, (long)&u));
	u.d.domain = 30000;
	answer("destroy-nobody", (uint64_t)HC(domctl, (long)&u));
	answer("domctl.efault", (uint64_t)HC(domctl, 0x1000L));
	memset(&u, 0, sizeof(u));
	u.s.cmd = XEN_SYSCTL_physinfo;
	u.s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	answer("physinfo", (uint64_t)HC(sysctl, (long)&u));
	answer("sysctl.efault", (uint64_t)HC(sysctl, 0x1000L));
	memset(&u, 0, sizeof(u));
	u.p.cmd = XENPF_settime64;
	u.p.interface_version = XENPF_INTERFACE_VERSION;
	answer("settime", (uint64_t)HC(platform_op, (long)&u));
	answer("platform_op.efault", (uint64_t)HC(platform_op, 0x1000L));
	test_success("");
}
