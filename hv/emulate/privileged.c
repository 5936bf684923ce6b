/* SPDX-License-Identifier: MIT */
/*
 * Trap and emulate: the privileged instructions a PV kernel still executes, each arriving
 * as a fault of ring 3.
 *
 * What Xen emulates is listed in xen/arch/x86/pv/emul-priv-op.c; what is not here faults
 * in the guest, as it would there.  Instruction bytes are copied once.
 */
#include <hv/emulate/emulate.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hypercalls/dispatch.h>

#define CR0_TS		8UL
#define CR4_TSD		0x00000004UL
#define CR4_DE		0x00000008UL
#define CR4_FSGSBASE	0x00010000UL
#define CR4_OSXSAVE	0x00040000UL

#define XCR0_SSE	2UL
#define XCR0_AVX	4UL
#define XCR0_AVX512	0xe0UL

static int read_cr(unsigned int cr, uint64_t *val)
{
	switch (cr) {
	case 0:
		*val = GUEST_CR0 | (vcpu.cr0_ts ? CR0_TS : 0);
		return 1;
	case 2:
		*val = vcpu.cr2;
		return 1;
	case 3:
		*val = xen_pfn_to_cr3(vcpu.cr3_mfn);
		return 1;
	case 4:
		*val = vcpu.cr4;
		return 1;
	}
	return 0;
}

/* The bits that are the guest's to choose, if the processor has them. */
static uint64_t cr4_mask(void)
{
	return CR4_TSD | CR4_DE | (platform_have_fsgsbase ? CR4_FSGSBASE : 0) |
	       (guest_xcr0_max() ? CR4_OSXSAVE : 0);
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
		vcpu.cr2 = vcpu_info_ptr->arch.cr2 = val;
		return 1;
	case 3:
		return !mmu_new_baseptr(xen_cr3_to_pfn(val));
	case 4:
		vcpu.cr4 = GUEST_CR4 | (val & cr4_mask());
		return 1;
	}
	return 0;
}

static int mov_cr_dr(const struct insn *i)
{
	uint64_t *reg = insn_reg(MODRM_RM(i));

	switch (i->opcode) {
	case 0x0f20:
		return read_cr(MODRM_REG(i), reg);
	case 0x0f22:
		return write_cr(MODRM_REG(i), *reg);
	case 0x0f21:
		return !debugreg_get(MODRM_REG(i), reg);
	default:
		return !debugreg_set(MODRM_REG(i), *reg);
	}
}

static int rdmsr(void)
{
	struct cpu_regs *r = &vcpu.regs;
	uint64_t val;

	if (!msr_read((uint32_t)r->rcx, &val))
		return 0;
	r->rax = (uint32_t)val;
	r->rdx = val >> 32;
	return 1;
}

/* The processor's rules for XCR0; the register itself stays the host's, which enables more. */
static int xcr0_ok(uint64_t val)
{
	if (!(val & XCR0_FP) || val & ~guest_xcr0_max())
		return 0;
	if (val & XCR0_AVX && !(val & XCR0_SSE))
		return 0;
	return !(val & XCR0_AVX512) || ((val & XCR0_AVX512) == XCR0_AVX512 && val & XCR0_AVX);
}

static enum emul xsetbv(const struct insn *i)
{
	const struct cpu_regs *r = &vcpu.regs;
	uint64_t val = r->rdx << 32 | (uint32_t)r->rax;

	if (i->modrm != 0xd1 || i->rep || i->opsize16)
		return EMUL_unhandled;
	if (!(vcpu.cr4 & CR4_OSXSAVE)) {
		guest_trap(TRAP_UD, NO_ERROR_CODE);
		return EMUL_moved;
	}
	if ((uint32_t)r->rcx || !xcr0_ok(val))
		return EMUL_unhandled;
	vcpu.xcr0 = val;
	return EMUL_done;
}

/* What only the virtual ring 0 may do. */
static enum emul emulate_kernel_only(const struct insn *i)
{
	const struct cpu_regs *r = &vcpu.regs;
	int ok = 0;

	switch (i->opcode) {
	case 0x0f06: /* clts */
		vcpu.cr0_ts = 0;
		return EMUL_done;
	case 0x0f09: /* wbinvd: the caches are the host's */
		return EMUL_done;
	case 0x0f20: case 0x0f21: case 0x0f22: case 0x0f23:
		ok = mov_cr_dr(i);
		break;
	case 0x0f30:
		ok = msr_write((uint32_t)r->rcx, r->rdx << 32 | (uint32_t)r->rax);
		break;
	case 0x0f32:
		ok = rdmsr();
		break;
	case 0x0f01:
		return xsetbv(i);
	}
	return ok ? EMUL_done : EMUL_unhandled;
}

static enum emul emulate_one(const struct insn *i)
{
	if (i->lock)
		return EMUL_unhandled;
	switch (i->opcode) {
	case 0xfa: /* cli, sti: events are masked in vcpu_info, not by IF */
	case 0xfb:
		return iopl_ok() ? EMUL_done : EMUL_unhandled;
	case 0x6c: case 0x6d: case 0x6e: case 0x6f:
	case 0xe4: case 0xe5: case 0xe6: case 0xe7:
	case 0xec: case 0xed: case 0xee: case 0xef:
		return emulate_io(i);
	}
	return vcpu.in_user ? EMUL_unhandled : emulate_kernel_only(i);
}

/* Behind an instruction that was carried out; a single-stepper sees it like any other. */
static void retire(const struct insn *i)
{
	vcpu.regs.rip += i->length;
	vcpu.regs.rflags &= ~X86_EFLAGS_RF;
	if (vcpu.regs.rflags & X86_EFLAGS_TF)
		guest_trap(TRAP_DB, NO_ERROR_CODE);
}

int emulate_privileged(uint32_t error_code)
{
	struct insn i;
	enum emul result;

	if (error_code & 2) { /* INT n, and the vector */
		guest_soft_int(error_code >> 3 & 255, 2);
		return 1;
	}
	/* A program's selectors would have to be loaded in its own process. */
	if ((error_code && vcpu.in_user) || !insn_fetch(&i, vcpu.regs.rip))
		return 0;
	result = error_code ? emulate_segment(&i) : emulate_one(&i);
	if (result == EMUL_done)
		retire(&i);
	return result != EMUL_unhandled;
}

int emulate_forced(void)
{
	static const uint8_t prefix[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
	struct cpu_regs *r = &vcpu.regs;
	uint8_t insn[sizeof(prefix)];
	uint32_t out[4];

	if (copy_from_guest(insn, r->rip, sizeof(insn)) || memcmp(insn, prefix, sizeof(prefix)))
		return 0;
	guest_cpuid((uint32_t)r->rax, (uint32_t)r->rcx, out);
	r->rax = out[0], r->rbx = out[1], r->rcx = out[2], r->rdx = out[3];
	r->rip += sizeof(insn);
	r->rflags &= ~X86_EFLAGS_RF;
	if (r->rflags & X86_EFLAGS_TF)
		guest_trap(TRAP_DB, NO_ERROR_CODE);
	return 1;
}
