/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that are not an unprivileged PV domain's: what each says to one, with no argument, and the numbers that are no
 * hypercall at all.  Kernels probe some of these (xenpmu_op, platform_op) and choose by the error.
 *
 * covers: platform_op bad
 * covers: update_va_mapping_otherdomain bad
 * covers: sysctl bad
 * covers: domctl bad
 * covers: kexec_op bad
 * covers: arch_0 bad
 * covers: hypfs_op bad
 * covers: xenpmu_op bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "hypercalls an unprivileged domain may not make, and numbers that are none";

static uint64_t zero[512] PAGE_ALIGNED;

/* The call with a structure of zeros, the way most take one. */
#define ASK(name) answer(#name, (uint64_t)hcall(__HYPERVISOR_##name, (long)zero, 0L, 0L, 0L, 0L))
/* The call with a command and a structure. */
#define ASK_CMD(name) answer(#name, (uint64_t)hcall(__HYPERVISOR_##name, 0L, (long)zero, 0L, 0L, 0L))

void test_main(void)
{
	ASK(platform_op);
	ASK(sysctl);
	ASK(domctl);
	ASK_CMD(kexec_op);
	answer("mca", (uint64_t)hcall(__HYPERVISOR_arch_0, (long)zero, 0L, 0L, 0L, 0L));
	ASK_CMD(hvm_op);
	ASK_CMD(xenpmu_op);
	ASK_CMD(xsm_op);
	ASK(tmem_op);
	ASK_CMD(xenoprof_op);
	answer("argo_op", (uint64_t)hcall(39, 0L, 0L, 0L, 0L, 0L));
	answer("hypfs_op", (uint64_t)hcall(42, 0L, 0L, 0L, 0L, 0L));
	answer("dm_op", (uint64_t)hcall(__HYPERVISOR_dm_op, (long)DOMID_SELF, 0L, 0L, 0L, 0L));
	answer("update_va_mapping_otherdomain",
	       (uint64_t)HC(update_va_mapping_otherdomain, (long)zero, 0L, 0L, 0L));
	answer("number-11", (uint64_t)hcall(11));
	answer("number-43", (uint64_t)hcall(43));
	answer("number-47", (uint64_t)hcall(47));
	answer("number-55", (uint64_t)hcall(55));
	answer("number-63", (uint64_t)hcall_bare(63, 0, 0, 0, 0, 0));
	answer("number-64", (uint64_t)hcall_bare(64, 0, 0, 0, 0, 0));
	answer("number-4294967295", (uint64_t)hcall_bare(0xffffffff, 0, 0, 0, 0, 0));
	test_success("");
}
