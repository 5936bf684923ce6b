/* SPDX-License-Identifier: MIT */
/*
 * domctl, sysctl and memory_op as a control-domain client sees them.  What would break: toolstacks
 * written for Xen that count on its numbers, orders and errnos.
 */
#include "config.h"
#include "tests/unit/paravaned_client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <xen/version.h>

#include <paravane/shared.h>

static struct test_client c;

static void setup(void)
{
	machine_start(NULL);
	test_connect(&c);
}

static void teardown(void)
{
	test_close(&c);
	machine_end();
}

TestSuite(paravaned_domctl, .init = setup, .fini = teardown);

static int64_t info(domid_t domid, struct xen_domctl_getdomaininfo *out)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = domid };
	int64_t ret = test_domctl(&c, &op);

	*out = op.u.getdomaininfo;
	return ret;
}

Test(paravaned_domctl, getdomaininfo_gives_the_first_domain_at_or_after_the_id)
{
	struct xen_domctl_getdomaininfo i;
	domid_t a = test_domain(&c, 4), b = test_domain(&c, 4);

	cr_assert(a == 1 && b == 2);
	cr_assert(info(0, &i) == 0 && i.domain == 0 && (i.flags & XEN_DOMINF_running));
	cr_assert(info(b, &i) == 0 && i.domain == b);
	cr_assert(i.tot_pages == 1024 && i.max_pages == 1024);
	cr_assert(i.flags == XEN_DOMINF_paused);
	cr_assert(i.max_vcpu_id == 0 && i.nr_online_vcpus == 0);

	struct xen_domctl op = { .cmd = XEN_DOMCTL_destroydomain, .domain = a };
	cr_assert(test_domctl(&c, &op) == 0);
	cr_assert(info(a, &i) == 0 && i.domain == b, "the gap is skipped");
	cr_assert(info(b + 1, &i) == -ESRCH);
	cr_assert(test_domctl(&c, &op) == -ESRCH, "it is gone at once");
	cr_assert(test_domain(&c, 4) == 3, "numbers are not reused");
}

Test(paravaned_domctl, other_interface_versions_are_refused)
{
	struct xen_domctl d = { .cmd = XEN_DOMCTL_getdomaininfo, .interface_version = 0x14 };
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_physinfo, .interface_version = 0x14 };

	memcpy(c.buf, &d, sizeof(d));
	cr_assert(test_hypercall(&c, __HYPERVISOR_domctl, TEST_BUF_VA, 0, 0) == -EACCES);
	memcpy(c.buf, &s, sizeof(s));
	cr_assert(test_hypercall(&c, __HYPERVISOR_sysctl, TEST_BUF_VA, 0, 0) == -EACCES);
}

Test(paravaned_domctl, addresses_outside_the_buffers_are_faults)
{
	cr_assert(test_hypercall(&c, __HYPERVISOR_domctl, 0, 0, 0) == -EFAULT);
	cr_assert(test_hypercall(&c, __HYPERVISOR_domctl, TEST_BUF_VA + TEST_BUF_BYTES - 8, 0, 0) == -EFAULT);
	cr_assert(test_hypercall(&c, __HYPERVISOR_domctl, ~0UL - 3, 0, 0) == -EFAULT);
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, XENVER_capabilities, TEST_BUF_VA - 1, 0) ==
		  -EFAULT);
}

Test(paravaned_domctl, unknown_operations_are_enosys)
{
	struct xen_domctl d = { .cmd = 4711, .domain = 0 };
	struct xen_sysctl s = { .cmd = 4711 };

	cr_assert(test_domctl(&c, &d) == -ENOSYS);
	cr_assert(test_sysctl(&c, &s) == -ENOSYS);
	cr_assert(test_hypercall(&c, 55, 0, 0, 0) == -ENOSYS);
	cr_assert(test_hypercall(&c, __HYPERVISOR_memory_op, 99, 0, 0) == -ENOSYS);
}

Test(paravaned_domctl, createdomain_refuses_what_no_pv_domain_can_be)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain };

	op.u.createdomain.max_vcpus = 1;
	op.u.createdomain.max_grant_frames = -1;
	op.u.createdomain.flags = XEN_DOMCTL_CDF_hvm;
	cr_assert(test_domctl(&c, &op) == -EINVAL);
	op.u.createdomain.flags = 0;
	op.u.createdomain.max_vcpus = 0;
	cr_assert(test_domctl(&c, &op) == -EINVAL);
	op.u.createdomain.max_vcpus = PVN_MAX_VCPUS + 1;
	cr_assert(test_domctl(&c, &op) == -EINVAL);
	op.u.createdomain.max_vcpus = 2;
	op.domain = 7;
	cr_assert(test_domctl(&c, &op) == 0 && op.domain == 7);
	cr_assert(test_domctl(&c, &op) == -EEXIST);
	op.cmd = XEN_DOMCTL_max_vcpus;
	op.u.max_vcpus.max = 3;
	cr_assert(test_domctl(&c, &op) == -EINVAL, "must be what it was created with");
}

Test(paravaned_domctl, list_and_physinfo_agree_about_memory)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_physinfo };
	uint64_t free_before, total;

	cr_assert(test_sysctl(&c, &s) == 0);
	free_before = s.u.physinfo.free_pages;
	total = s.u.physinfo.total_pages;
	cr_assert(free_before > 0 && free_before < total);
	cr_assert(s.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_pv);
	cr_assert(s.u.physinfo.cpu_khz > 100000);
	test_domain(&c, 16);
	cr_assert(test_sysctl(&c, &s) == 0);
	cr_assert(s.u.physinfo.free_pages == free_before - 4096);

	struct xen_sysctl l = { .cmd = XEN_SYSCTL_getdomaininfolist };
	struct xen_domctl_getdomaininfo *v = (void *)(c.buf + 8192);
	l.u.getdomaininfolist.max_domains = 10;
	l.u.getdomaininfolist.buffer.p = (void *)(TEST_BUF_VA + 8192);
	cr_assert(test_sysctl(&c, &l) == 0);
	cr_assert(l.u.getdomaininfolist.num_domains == 2);
	cr_assert(v[0].domain == 0 && v[1].domain == 1);
	cr_assert(v[0].tot_pages == total - 4096 && v[1].tot_pages == 4096);
	l.u.getdomaininfolist.first_domain = 1;
	l.u.getdomaininfolist.max_domains = 1;
	cr_assert(test_sysctl(&c, &l) == 0 && l.u.getdomaininfolist.num_domains == 1 && v[0].domain == 1);
}

Test(paravaned_domctl, populate_returns_mfns_and_fills_the_m2p)
{
	domid_t d = test_domain(&c, 4);
	uint64_t *mfn = (uint64_t *)(c.buf + 8192), i;
	struct pvn_msg_domain_map map;
	uint8_t *mem, *shared;

	test_map(&c, d, &map, &mem, &shared);
	cr_assert(map.mfn_base && map.mfn_base % 512 == 0 && map.domid == d);
	cr_assert(map.mem_bytes == 4 << 20 && map.range_frames == 1024 + PVN_HEAP_FRAMES);
	for (i = 0; i < 1024; i++) {
		uint64_t *m2p = (uint64_t *)(shared + PVN_M2P_OFFSET);

		cr_assert(mfn[i] == map.mfn_base + PVN_HEAP_FRAMES + i);
		cr_assert(m2p[mfn[i] - map.mfn_base] == i);
	}
	cr_assert(((uint64_t *)(shared + PVN_M2P_OFFSET))[0] == ~0UL, "heap frames have no pfn");
}

static int64_t reservation(uint64_t op, domid_t d, uint64_t nr, const uint64_t *extents)
{
	struct xen_memory_reservation r = { .domid = d, .nr_extents = nr };

	r.extent_start.p = (xen_pfn_t *)(TEST_BUF_VA + 8192);
	memcpy(c.buf + 8192, extents, nr * 8);
	memcpy(c.buf, &r, sizeof(r));
	return test_hypercall(&c, __HYPERVISOR_memory_op, op, TEST_BUF_VA, 0);
}

static int64_t current_reservation(domid_t d)
{
	struct xen_memory_domain md = { .domid = d };

	memcpy(c.buf, &md, sizeof(md));
	return test_hypercall(&c, __HYPERVISOR_memory_op, XENMEM_current_reservation, TEST_BUF_VA, 0);
}

Test(paravaned_domctl, released_frames_are_really_given_back)
{
	domid_t d = test_domain(&c, 4);
	struct pvn_msg_domain_map map;
	uint8_t *mem, *shared;
	uint64_t mfn[3], first;
	unsigned char in_core;

	test_map(&c, d, &map, &mem, &shared);
	memset(mem, 0x5a, map.mem_bytes);
	first = map.mfn_base + PVN_HEAP_FRAMES;
	mfn[0] = first + 9;
	mfn[1] = first + 9;
	mfn[2] = first + 10;
	cr_assert(reservation(XENMEM_decrease_reservation, d, 3, mfn) == 1, "the second time it is not there");
	cr_assert(mincore(mem + 9 * 4096, 4096, &in_core) == 0 && !(in_core & 1), "the page is gone");
	cr_assert(mem[9 * 4096] == 0 && mem[8 * 4096] == 0x5a && mem[10 * 4096] == 0x5a);
	cr_assert(((uint64_t *)(shared + PVN_M2P_OFFSET))[PVN_HEAP_FRAMES + 9] == ~0UL);
	cr_assert(current_reservation(d) == 1023);
	mfn[0] = first - 1;
	cr_assert(reservation(XENMEM_decrease_reservation, d, 1, mfn) == 0, "a heap frame is not RAM");
	mfn[0] = first + 1024;
	cr_assert(reservation(XENMEM_decrease_reservation, d, 1, mfn) == 0, "a frame of somebody else");
	mfn[0] = 2000;
	mfn[1] = 2001;
	cr_assert(reservation(XENMEM_populate_physmap, d, 2, mfn) == 1, "the ceiling holds");
	cr_assert(*(uint64_t *)(c.buf + 8192) == first + 9);
	cr_assert(((uint64_t *)(shared + PVN_M2P_OFFSET))[PVN_HEAP_FRAMES + 9] == 2000);
}

Test(paravaned_domctl, more_memory_than_the_host_has_is_enomem)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_physinfo };
	struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = 1 };

	test_domain(&c, 4);
	cr_assert(test_sysctl(&c, &s) == 0);
	op.u.max_mem.max_memkb = s.u.physinfo.total_pages * 4;
	cr_assert(test_domctl(&c, &op) == -ENOMEM);
	op.u.max_mem.max_memkb = ~0UL;
	cr_assert(test_domctl(&c, &op) == -ENOMEM);
}

Test(paravaned_domctl, pauses_nest_and_contexts_are_checked)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_unpausedomain, .domain = test_domain(&c, 4) };
	struct vcpu_guest_context *ctx = (void *)(c.buf + 8192);

	cr_assert(test_domctl(&c, &op) == -EINVAL, "nothing to run yet");
	op.cmd = XEN_DOMCTL_getvcpucontext;
	op.u.vcpucontext.vcpu = 0;
	op.u.vcpucontext.ctxt.p = (void *)(TEST_BUF_VA + 8192);
	cr_assert(test_domctl(&c, &op) == -ENODATA);
	cr_assert(test_context(&c, op.domain) == 0);
	ctx->user_regs.rsi = 77;
	memset(ctx, 0, sizeof(*ctx));
	op.cmd = XEN_DOMCTL_getvcpucontext;
	op.u.vcpucontext.vcpu = 0;
	op.u.vcpucontext.ctxt.p = (void *)(TEST_BUF_VA + 8192);
	cr_assert(test_domctl(&c, &op) == 0 && ctx->ctrlreg[3] != 0);
	op.cmd = XEN_DOMCTL_setvcpucontext;
	ctx->ctrlreg[3] += 1UL << 32;
	cr_assert(test_domctl(&c, &op) == -EINVAL, "cr3 of a frame it does not have");
	ctx->ctrlreg[3] -= 1UL << 32;
	ctx->user_regs.rip = 1UL << 47;
	cr_assert(test_domctl(&c, &op) == -EINVAL, "rip not canonical");
	op.u.vcpucontext.vcpu = 1;
	cr_assert(test_domctl(&c, &op) == -EINVAL, "no such vCPU");
	op.cmd = XEN_DOMCTL_pausedomain;
	cr_assert(test_domctl(&c, &op) == 0);
	op.cmd = XEN_DOMCTL_unpausedomain;
	cr_assert(test_domctl(&c, &op) == 0, "one of two pauses");
}

static int64_t affinity(struct xen_domctl *op, uint32_t cmd, uint32_t flags, uint8_t hard, uint8_t soft)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;

	op->cmd = cmd;
	c.buf[8192] = hard;
	c.buf[8200] = soft;
	a->flags = flags;
	a->cpumap_hard.nr_bits = a->cpumap_soft.nr_bits = 8;
	a->cpumap_hard.bitmap.p = (void *)(TEST_BUF_VA + 8192);
	a->cpumap_soft.bitmap.p = (void *)(TEST_BUF_VA + 8200);
	return test_domctl(&c, op);
}

#define HARD	XEN_VCPUAFFINITY_HARD
#define SOFT	XEN_VCPUAFFINITY_SOFT

Test(paravaned_domctl, affinity_is_kept_whole_and_answered_as_far_as_it_is_in_force)
{
	struct xen_domctl op = { .domain = test_domain(&c, 4) };
	const uint32_t set = XEN_DOMCTL_setvcpuaffinity, get = XEN_DOMCTL_getvcpuaffinity;

	cr_assert(affinity(&op, get, HARD | SOFT, 0, 0) == 0 && c.buf[8192] == 0xff && c.buf[8200] == 0xff);
	cr_assert(affinity(&op, set, HARD | SOFT, 0x81, 0xfe) == 0);
	cr_assert((c.buf[8192] & 1) && !(c.buf[8200] & 1), "what is in force");
	cr_assert(affinity(&op, get, HARD | SOFT, 0, 0) == 0 && c.buf[8192] == 0x81 && c.buf[8200] == 0xfe);
	cr_assert(affinity(&op, set, SOFT, 0, 0) == 0, "no preference is none");
	cr_assert(affinity(&op, set, HARD, 0, 0) == -EINVAL, "no CPU at all");
	cr_assert(affinity(&op, set, HARD | XEN_VCPUAFFINITY_FORCE, 0xff, 0) == 0);
	cr_assert(affinity(&op, set, XEN_VCPUAFFINITY_FORCE, 1, 1) == -EINVAL, "nothing to set");
	op.u.vcpuaffinity.vcpu = 1;
	cr_assert(affinity(&op, set, HARD, 1, 0) == -EINVAL && affinity(&op, get, HARD, 0, 0) == -EINVAL);
	op.u.vcpuaffinity.vcpu = 0;
	op.cmd = set;
	op.u.vcpuaffinity.flags = HARD;
	op.u.vcpuaffinity.cpumap_hard.bitmap.p = NULL;
	cr_assert(test_domctl(&c, &op) == -EINVAL);
	op.u.vcpuaffinity.cpumap_hard.bitmap.p = (void *)8;
	cr_assert(test_domctl(&c, &op) == -EFAULT);
	op.domain = 0;
	cr_assert(affinity(&op, set, HARD, 1, 0) == -EINVAL, "the control domain's are the host's");
	cr_assert(affinity(&op, get, HARD, 0, 0) == 0 && c.buf[8192] == 0xff);
}

Test(paravaned_domctl, triggers_of_a_pv_domain)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_sendtrigger, .domain = test_domain(&c, 4) };
	static const struct {
		uint32_t trigger;
		int64_t ret;
	} v[] = { { XEN_DOMCTL_SENDTRIGGER_NMI, 0 }, { XEN_DOMCTL_SENDTRIGGER_RESET, -ENOSYS },
		  { XEN_DOMCTL_SENDTRIGGER_INIT, -ENOSYS }, { XEN_DOMCTL_SENDTRIGGER_POWER, -EINVAL },
		  { XEN_DOMCTL_SENDTRIGGER_SLEEP, -EINVAL }, { 99, -ENOSYS } };
	unsigned int i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		op.u.sendtrigger.trigger = v[i].trigger;
		cr_assert(test_domctl(&c, &op) == v[i].ret, "trigger %u", v[i].trigger);
	}
	op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_NMI;
	op.u.sendtrigger.vcpu = 1;
	cr_assert(test_domctl(&c, &op) == -ESRCH);
}

Test(paravaned_domctl, version_is_xen_4_17)
{
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, XENVER_version, 0, 0) == (4 << 16 | 17));
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, XENVER_capabilities, TEST_BUF_VA, 0) == 0);
	cr_assert_str_eq((char *)c.buf, "xen-3.0-x86_64 ");
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0) == 4096);
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, XENVER_pagesize, 1, 0) == -EINVAL);
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, 77, 0, 0) == -ENOSYS);
}

Test(paravaned_domctl, console_ring_is_read_incrementally)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_readconsole };
	uint32_t index;

	s.u.readconsole.count = 4096;
	s.u.readconsole.buffer.p = (void *)(TEST_BUF_VA + 8192);
	cr_assert(test_sysctl(&c, &s) == 0 && s.u.readconsole.count > 0);
	index = s.u.readconsole.index;
	memcpy(c.buf + 8192, "hello\n", 6);
	cr_assert(test_hypercall(&c, __HYPERVISOR_console_io, CONSOLEIO_write, 6, TEST_BUF_VA + 8192) == 0);
	s.u.readconsole.incremental = 1;
	s.u.readconsole.count = 4096;
	s.u.readconsole.index = index;
	s.u.readconsole.buffer.p = (void *)(TEST_BUF_VA + 8192);
	cr_assert(test_sysctl(&c, &s) == 0);
	cr_assert(s.u.readconsole.count == 11 && !memcmp(c.buf + 8192, "(d0) hello\n", 11));
}
