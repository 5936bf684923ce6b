/* SPDX-License-Identifier: MIT */
/*
 * Trap and emulate: the privileged instructions a PV kernel still executes, each arriving
 * as a fault of ring 3.
 *
 * What Xen emulates is listed in xen/arch/x86/pv/emul-priv-op.c; what is not here faults
 * in the guest, as it would there.  Instruction bytes are copied once.
 */
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>
#include <xen/arch-x86/cpuid.h>

#define MSR_APIC_BASE	0x0000001bU
#define MSR_EFER	0xc0000080U
#define MSR_FS_BASE	0xc0000100U
#define MSR_GS_BASE	0xc0000101U
#define MSR_KERNEL_GS_BASE 0xc0000102U

#define GUEST_EFER	0x00000d01UL	/* SCE LME LMA NXE */
#define CR0_TS		8UL

/* Bytes at rip, as many as are readable. */
static unsigned int fetch(uint8_t *insn, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && !copy_from_guest(&insn[n], vcpu.regs.rip + n, 1))
		n++;
	return n;
}

static uint64_t *reg_by_number(unsigned int n)
{
	struct cpu_regs *r = &vcpu.regs;
	uint64_t *const map[16] = {
		&r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi, &r->rdi,
		&r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15,
	};

	return map[n & 15];
}

static int read_cr(unsigned int cr, uint64_t *val)
{
	switch (cr) {
	case 0:
		*val = GUEST_CR0 | (vcpu.cr0_ts ? CR0_TS : 0);
		return 1;
	case 2:
		*val = vcpu_info_ptr->arch.cr2;
		return 1;
	case 3:
		*val = xen_pfn_to_cr3(vcpu.cr3_mfn);
		return 1;
	case 4:
		*val = GUEST_CR4;
		return 1;
	}
	return 0;
}

static int write_cr(unsigned int cr, uint64_t val)
{
	switch (cr) {
	case 0: /* only TS may change */
		if ((val ^ GUEST_CR0) & ~CR0_TS)
			return 0;
		vcpu.cr0_ts = val & CR0_TS;
		return 1;
	case 2:
		vcpu_info_ptr->arch.cr2 = val;
		return 1;
	case 4:
		return 1; /* accepted and ignored, as Xen does for bits a guest cannot have */
	}
	return 0;
}

static int read_msr(uint32_t msr, uint64_t *val)
{
	switch (msr) {
	case MSR_FS_BASE:
		*val = platform_get_segment_base(0);
		return 1;
	case MSR_GS_BASE:
		*val = platform_get_segment_base(1);
		return 1;
	case MSR_KERNEL_GS_BASE:
		*val = vcpu.gs_base_user;
		return 1;
	case MSR_EFER:
		*val = GUEST_EFER;
		return 1;
	case MSR_APIC_BASE:
		*val = 0xfee00000UL | 0x900;
		return 1;
	}
	*val = 0; /* before a guest can take a #GP it is told zero (as Xen) */
	return !vcpu.traps[TRAP_GP].address;
}

static int write_msr(uint32_t msr, uint64_t val)
{
	int canonical = (val >> 47) == 0 || (val >> 47) == 0x1ffff;

	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
		if (!canonical)
			return 0;
		platform_set_segment_base(msr == MSR_GS_BASE, val);
		return 1;
	case MSR_KERNEL_GS_BASE:
		if (!canonical)
			return 0;
		vcpu.gs_base_user = val;
		return 1;
	case MSR_EFER:
		return val == GUEST_EFER;
	}
	return 0;
}

/* Two-byte opcodes; i points behind 0f. Returns bytes used after i, 0 = not ours. */
static unsigned int emulate_0f(const uint8_t *insn, unsigned int i, unsigned int n, unsigned int rex)
{
	struct cpu_regs *r = &vcpu.regs;
	uint64_t val;

	if (i >= n)
		return 0;
	switch (insn[i]) {
	case 0x06: /* clts */
		vcpu.cr0_ts = 0;
		return 1;
	case 0x08: /* invd */
	case 0x09: /* wbinvd: the caches are the host's */
		return 1;
	case 0x20: /* mov cr -> reg */
	case 0x22: /* mov reg -> cr */
		if (i + 1 >= n || (insn[i + 1] & 0xc0) != 0xc0)
			return 0;
		uint64_t *reg = reg_by_number((insn[i + 1] & 7) | (rex & 1 ? 8 : 0));
		unsigned int cr = ((insn[i + 1] >> 3) & 7) | (rex & 4 ? 8 : 0);

		if (insn[i] == 0x20)
			return read_cr(cr, reg) ? 2 : 0;
		return write_cr(cr, *reg) ? 2 : 0;
	case 0x30: /* wrmsr */
		return write_msr((uint32_t)r->rcx, r->rdx << 32 | (uint32_t)r->rax);
	case 0x32: /* rdmsr */
		if (!read_msr((uint32_t)r->rcx, &val))
			return 0;
		r->rax = (uint32_t)val;
		r->rdx = val >> 32;
		return 1;
	}
	return 0;
}

/* iretq inside the kernel: rip, cs, rflags, rsp, ss.  The selectors that frames show cannot be
 * loaded in a host process, so the instruction faults and is carried out here. */
static int emulate_iretq(void)
{
	struct return_frame f;

	if (copy_from_guest(&f, vcpu.regs.rsp, sizeof(f)))
		return 0;
	if ((f.cs & 0xffff) != FLAT_KERNEL_CS || (f.rip >> 47 != 0 && f.rip >> 47 != 0x1ffff))
		return 0;
	guest_return_to(&f);
	return 1;
}

/* in/out on ports no guest owns: reads float high, writes vanish (Xen: guest_io_okay). */
static unsigned int emulate_io(uint8_t op, unsigned int opsize16)
{
	unsigned int bytes = !(op & 1) ? 1 : opsize16 ? 2 : 4;

	if (!(op & 2)) { /* in */
		uint64_t mask = bytes == 4 ? ~0UL : (1UL << (8 * bytes)) - 1;

		vcpu.regs.rax = bytes == 4 ? 0xffffffffUL : vcpu.regs.rax | mask;
	}
	return (op & 8) ? 1 : 2; /* dx form, immediate form */
}

int emulate_privileged(void)
{
	uint8_t insn[15];
	unsigned int n = fetch(insn, sizeof(insn)), i = 0, rex = 0, op16 = 0, used = 0;

	while (i < n && (insn[i] == 0x66 || insn[i] == 0xf2 || insn[i] == 0xf3))
		op16 |= insn[i++] == 0x66;
	if (i < n && (insn[i] & 0xf0) == 0x40)
		rex = insn[i++];
	if (i >= n)
		return 0;
	switch (insn[i]) {
	case 0xfa: /* cli, sti: events are masked in vcpu_info, not by IF */
	case 0xfb:
		used = vcpu.iopl >= 1 ? 1 : 0;
		break;
	case 0xcf:
		return (rex & 8) ? emulate_iretq() : 0;
	case 0xcd:
		if (i + 1 < n) {
			guest_soft_int(insn[i + 1], i + 2);
			return 1;
		}
		return 0;
	case 0xe4: case 0xe5: case 0xe6: case 0xe7:
	case 0xec: case 0xed: case 0xee: case 0xef:
		used = vcpu.iopl >= 1 ? emulate_io(insn[i], op16) : 0;
		break;
	case 0x0f:
		used = emulate_0f(insn, i + 1, n, rex);
		used += used ? 1 : 0;
		break;
	}
	if (!used)
		return 0;
	vcpu.regs.rip += i + used;
	return 1;
}

static void host_cpuid(uint32_t leaf, uint32_t sub, uint32_t *out)
{
	__asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(sub));
}

static void guest_cpuid(uint32_t leaf, uint32_t sub, uint32_t *out)
{
	memset(out, 0, 16);
	switch (leaf) {
	case XEN_CPUID_FIRST_LEAF:
		out[0] = XEN_CPUID_FIRST_LEAF + 5;
		out[1] = XEN_CPUID_SIGNATURE_EBX;
		out[2] = XEN_CPUID_SIGNATURE_ECX;
		out[3] = XEN_CPUID_SIGNATURE_EDX;
		return;
	case XEN_CPUID_FIRST_LEAF + 1:
		out[0] = 4U << 16 | 17;
		return;
	case XEN_CPUID_FIRST_LEAF + 2:
		/* No page by MSR: where it is wanted the ELF note names it. */
		out[2] = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
		return;
	case XEN_CPUID_FIRST_LEAF + 3:
		if (sub == 0) {
			out[2] = header.clock.tsc_khz;
			out[3] = 1;
		}
		return;
	case XEN_CPUID_FIRST_LEAF + 5:
		out[1] = 44; /* machine address width: v1 grants suffice */
		return;
	}
	if (leaf >= XEN_CPUID_FIRST_LEAF && leaf < XEN_CPUID_FIRST_LEAF + 0x100)
		return;
	host_cpuid(leaf, sub, out);
	if (leaf == 1) {
		out[2] |= 1U << 31;		/* hypervisor */
		out[2] &= ~(1U << 3 | 1U << 5);	/* MONITOR, VMX */
		out[3] &= ~(1U << 3 | 1U << 12 | 1U << 13 | 1U << 16 | 1U << 17);
					/* PSE MTRR PGE PAT PSE36: not for a PV guest */
	}
}

int emulate_forced(void)
{
	static const uint8_t prefix[] = { 0x0f, 0x0b, 'x', 'e', 'n' };
	uint8_t insn[7];
	uint32_t out[4];
	struct cpu_regs *r = &vcpu.regs;

	if (fetch(insn, sizeof(insn)) != sizeof(insn) || memcmp(insn, prefix, sizeof(prefix)) ||
	    insn[5] != 0x0f || insn[6] != 0xa2)
		return 0;
	guest_cpuid((uint32_t)r->rax, (uint32_t)r->rcx, out);
	r->rax = out[0], r->rbx = out[1], r->rcx = out[2], r->rdx = out[3];
	r->rip += sizeof(insn);
	return 1;
}
