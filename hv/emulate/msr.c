/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers of a PV guest: the few that Xen gives it.  All others are a #GP, but for a
 * kernel that has no #GP handler yet reads give zero.
 */
#include <hv/emulate/emulate.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>
#include <xen/arch-x86/cpuid.h>

#define MSR_P5_MC_ADDR		0x00000000U
#define MSR_P5_MC_TYPE		0x00000001U
#define MSR_IA32_TSC		0x00000010U
#define MSR_APIC_BASE		0x0000001bU
#define MSR_PLATFORM_INFO	0x000000ceU
#define MSR_MISC_FEATURES	0x00000140U
#define MSR_MCG_CAP		0x00000179U
#define MSR_MISC_ENABLE		0x000001a0U
#define MSR_PAT			0x00000277U
#define MSR_HYPERCALL_PAGE	0x40000000U
#define MSR_EFER		0xc0000080U
#define MSR_FS_BASE		0xc0000100U
#define MSR_GS_BASE		0xc0000101U
#define MSR_KERNEL_GS_BASE	0xc0000102U
#define MSR_HWCR		0xc0010015U

#define APIC_BASE		0xfee00000UL
#define APIC_BASE_BSP		0x100UL
#define APIC_BASE_ENABLE	0x800UL
#define GUEST_EFER		0x00000d01UL	/* SCE LME LMA NXE */
#define XEN_PAT			0x050100070406UL	/* what the PAT bits of an entry mean under Xen */
#define MISC_ENABLE		0x00001801UL	/* fast strings; no branch trace, no PEBS */

static int is_intel(void)
{
	uint32_t out[4];

	guest_cpuid(0, 0, out);
	return out[1] == 0x756e6547; /* "Genu" */
}

static int canonical(uint64_t va)
{
	return (va >> 47) == 0 || (va >> 47) == 0x1ffff;
}

static uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

int msr_read(uint32_t msr, uint64_t *val)
{
	*val = 0;
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
	case MSR_IA32_TSC:
		*val = rdtsc();
		return 1;
	case MSR_EFER:
		*val = GUEST_EFER;
		return 1;
	case MSR_APIC_BASE:
		*val = APIC_BASE | APIC_BASE_ENABLE | (vcpu.id ? 0 : APIC_BASE_BSP);
		return 1;
	case MSR_PAT:
		*val = XEN_PAT;
		return 1;
	case MSR_HYPERCALL_PAGE: /* write-only */
	case MSR_PLATFORM_INFO: /* neither of them announces CPUID faulting, on any vendor's processor */
	case MSR_MISC_FEATURES:
	case MSR_MCG_CAP: /* no banks of machine checks */
	case MSR_P5_MC_ADDR:
	case MSR_P5_MC_TYPE:
		return 1;
	case MSR_MISC_ENABLE:
		if (!is_intel())
			break;
		*val = MISC_ENABLE;
		return 1;
	case MSR_HWCR:
		if (!is_intel())
			return 1;
		break;
	}
	return msr >> 16 != 0x4000 && !vcpu.traps[TRAP_GP].address;
}

/* The hypercall page by MSR (CPUID leaf +2): a frame number, and the index of the page, of which there is one. */
static int fill_hypercall_page(uint64_t val)
{
	uint64_t mfn = val >> PAGE_SHIFT;
	int ok;

	if (val & ~PAGE_MASK || !mfn_page(mfn))
		return 0;
	spin_lock(&this_domain.mm_lock);
	ok = !page_get_type(mfn, PGT_writable);
	if (ok) {
		hypercall_page_fill(mfn_ptr(mfn));
		page_put_type(mfn);
	}
	spin_unlock(&this_domain.mm_lock);
	return ok;
}

int msr_write(uint32_t msr, uint64_t val)
{
	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
		if (!canonical(val))
			return 0;
		platform_set_segment_base(msr == MSR_GS_BASE, val);
		return 1;
	case MSR_KERNEL_GS_BASE:
		if (!canonical(val))
			return 0;
		vcpu.gs_base_user = val;
		return 1;
	case MSR_EFER:
		return val == GUEST_EFER;
	case MSR_MISC_ENABLE:
		return is_intel() && val == MISC_ENABLE;
	case MSR_MISC_FEATURES:
		return !val;
	case MSR_MCG_CAP: /* read-only, but no fault, as on Xen */
		return 1;
	case MSR_HYPERCALL_PAGE:
		return fill_hypercall_page(val);
	}
	return 0;
}
