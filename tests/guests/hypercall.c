/* SPDX-License-Identifier: MIT */
/*
 * How a hypercall is made.  What would break: GRUB and recent Linux issue a bare SYSCALL from their
 * own text, older kernels call the hypercall page, and both count on every register but rax, rcx
 * and r11 (and, through the page, on those two as well); of the argument registers a call may
 * change only those it has arguments for, here rdi and rsi.
 */
#include "tests/guests/lib/guest.h"

struct kept {
	uint64_t rbx, rbp, r9, r12, r13, r14, r15, rcx, r11, rax, rip, rsp_before, rsp_after;
	uint64_t rdx, r8, r10;
};

/* Call target (or execute SYSCALL itself if target is 0) with nr in rax and every other register
 * poisoned; store what they are afterwards. */
void probe(uint64_t nr, uint64_t target, struct kept *k);
__asm__(
"	.text\n"
"	.globl probe\n"
"probe:	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdx\n"
"	mov %rdi, %rax\n"
"	mov %rsi, probe_target(%rip)\n"
"	mov %rdx, %rbx\n"
"	mov %rsp, 88(%rdx)\n"
"	mov $0, %edi\n"
"	mov $0, %esi\n"
"	mov $0x1001, %ebx; mov $0x1002, %ebp; mov $0x1003, %r9d\n"
"	mov $0x1004, %r12d; mov $0x1005, %r13d; mov $0x1006, %r14d; mov $0x1007, %r15d\n"
"	mov $0x1008, %ecx; mov $0x1009, %r11d\n"
"	mov $0x100a, %edx; mov $0x100b, %r8d; mov $0x100c, %r10d\n"
"	cmpq $0, probe_target(%rip)\n"
"	mov $0x1009, %r11d\n"
"	je 1f\n"
"	call *probe_target(%rip)\n"
"	jmp 2f\n"
"1:	syscall\n"
"probe_after:\n"
"2:	push %rdx\n"
"	mov 8(%rsp), %rdx\n"
"	mov %rbx, 0(%rdx); mov %rbp, 8(%rdx); mov %r9, 16(%rdx)\n"
"	mov %r12, 24(%rdx); mov %r13, 32(%rdx); mov %r14, 40(%rdx); mov %r15, 48(%rdx)\n"
"	mov %rcx, 56(%rdx); mov %r11, 64(%rdx); mov %rax, 72(%rdx)\n"
"	lea probe_after(%rip), %rax; mov %rax, 80(%rdx)\n"
"	pop %rax; mov %rax, 104(%rdx); push %rax; mov %r8, 112(%rdx); mov %r10, 120(%rdx)\n"
"	add $8, %rsp\n"
"	mov %rsp, 96(%rdx)\n"
"	pop %rdx; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
"	ret\n"
"	.bss\n"
"	.balign 8\n"
"probe_target: .skip 8\n"
"	.text\n");

static void check_kept(const struct kept *k)
{
	CHECK_EQ(k->rbx, 0x1001);
	CHECK_EQ(k->rbp, 0x1002);
	CHECK_EQ(k->r9, 0x1003);
	CHECK_EQ(k->r12, 0x1004);
	CHECK_EQ(k->r13, 0x1005);
	CHECK_EQ(k->r14, 0x1006);
	CHECK_EQ(k->r15, 0x1007);
	CHECK_EQ(k->rdx, 0x100a);
	CHECK_EQ(k->r8, 0x100b);
	CHECK_EQ(k->r10, 0x100c);
	CHECK_EQ(k->rsp_after, k->rsp_before);
	CHECK_EQ(k->rax >> 16, 4);		/* XENVER_version: major */
}

TEST(hypercall_page_call_preserves_registers)
{
	struct kept k;

	if (!page_or_null()) {
		test_skip("this guest has no hypercall page");
		return;
	}
	probe(__HYPERVISOR_xen_version, (uint64_t)hypercall_page + 32 * __HYPERVISOR_xen_version, &k);
	check_kept(&k);
	CHECK_EQ(k.rcx, 0x1008);
	CHECK_EQ(k.r11, 0x1009);
}

TEST(hypercall_bare_syscall_preserves_registers)
{
	struct kept k;

	probe(__HYPERVISOR_xen_version, 0, &k);
	check_kept(&k);
	CHECK_EQ(k.rcx, k.rip);
	CHECK(k.r11 & 2, "r11 is %#lx, not rflags", k.r11);
}

TEST(hypercall_bare_syscall_works_from_any_page)
{
	uint8_t *code = page_alloc();
	long (*fn)(long, long) = (long (*)(long, long))(code + 4000);
	struct kept k;

	memcpy(code + 4000, "\xb8\x11\0\0\0\x0f\x05\xc3", 8);	/* mov $17,%eax; syscall; ret */
	CHECK_EQ(fn(XENVER_version, 0) >> 16, 4);
	memcpy(code, "\x0f\x05\xc3", 3);
	probe(__HYPERVISOR_xen_version, (uint64_t)code, &k);
	check_kept(&k);
}

TEST(hypercall_bare_passes_five_arguments)
{
	struct mmu_update u = { .ptr = pte_maddr((void *)BASE) | MMU_NORMAL_PT_UPDATE,
				.val = *pte_of((void *)BASE, 1) };
	unsigned done = 77;

	CHECK_EQ(hcall_bare(__HYPERVISOR_mmu_update, (long)&u, 1, (long)&done, DOMID_SELF, 0), 0);
	CHECK_EQ(done, 1);
}

TEST(hypercall_unknown_is_enosys)
{
	static const unsigned nr[] = { 11, 31, 38, 43, 47, 50, 55, 56, 63, 64, 100, 127 };

	for (unsigned i = 0; i < sizeof(nr) / sizeof(nr[0]); i++) {
		CHECK(hcall_bare(nr[i], 0, 0, 0, 0, 0) == -XEN_ENOSYS, "bare %u", nr[i]);
		if (page_or_null() && nr[i] < 64)
			CHECK(hcall(nr[i], 0L, 0L, 0L, 0L, 0L) == -XEN_ENOSYS, "page %u", nr[i]);
	}
	CHECK_EQ(hcall_bare(128, 0, 0, 0, 0, 0), -XEN_ENOSYS);
	CHECK_EQ(hcall_bare(0x7fffffff, 0, 0, 0, 0, 0), -XEN_ENOSYS);
	CHECK_EQ(hcall_bare(0xffffffff, 0, 0, 0, 0, 0), -XEN_ENOSYS);
}

TEST(hypercall_privileged_is_refused)
{
	static const unsigned nr[] = { __HYPERVISOR_domctl, __HYPERVISOR_sysctl, __HYPERVISOR_platform_op,
				       __HYPERVISOR_update_va_mapping_otherdomain };
	char arg[128];

	for (unsigned i = 0; i < sizeof(nr) / sizeof(nr[0]); i++) {
		memset(arg, 0, sizeof(arg));
		long ret = hcall(nr[i], (long)arg, 0L, 0L, 0L, 0L);

		CHECK(ret == -XEN_EPERM || ret == -XEN_ENOSYS || ret == -XEN_EACCES, "%u says %ld", nr[i], ret);
	}
}

/* A handle in the hypervisor's hole, in nothing, and across the end of a page. */
TEST(hypercall_bad_pointer_is_efault)
{
	CHECK_EQ(HC(xen_version, (long)XENVER_extraversion, 0L), -XEN_EFAULT);
	CHECK_EQ(HC(xen_version, (long)XENVER_extraversion, (long)0xffff800000000000), -XEN_EFAULT);
	CHECK_EQ(HC(xen_version, (long)XENVER_extraversion, (long)0x8000000000000000), -XEN_EFAULT);
	CHECK_EQ(HC(xen_version, (long)XENVER_extraversion, (long)0x3fffffff0000), -XEN_EFAULT);
	/* The hv image's own memory is as far away as any other hole. */
	CHECK_EQ(HC(xen_version, (long)XENVER_extraversion, (long)0x700000000000), -XEN_EFAULT);
	CHECK_EQ(HC(xen_version, (long)XENVER_extraversion, (long)0x610000000000), -XEN_EFAULT);
	/* A read-only page cannot take a result. */
	CHECK_EQ(HC(xen_version, (long)XENVER_extraversion, (long)si->pt_base), -XEN_EFAULT);
}

TEST(hypercall_many_in_a_row)
{
	for (unsigned i = 0; i < 200000; i++)
		if (HC(xen_version, (long)XENVER_version, 0L) >> 16 != 4) {
			CHECK(false, "call %u", i);
			return;
		}
}
