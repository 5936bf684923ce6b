/* SPDX-License-Identifier: MIT */
/*
 * CPUID as a PV guest of Xen sees it, when it asks by the forced-emulation prefix.
 *
 * A feature is shown if Xen 4.17 gives it to PV guests and this host has it usable; so the lists
 * are of what may be shown.  A plain CPUID sees the host's processor, as on Xen
 * without CPUID faulting.
 */
#include <hv/emulate/emulate.h>
#include <hv/guest.h>
#include <xen/arch-x86/cpuid.h>

#define BIT(n)		(1U << (n))
#define HYPERVISOR	BIT(31)
#define XSAVE		BIT(26)
#define OSXSAVE		BIT(27)
#define CR4_OSXSAVE	0x00040000UL

#define XCR0_BASE	0x007U		/* x87, SSE, AVX */
#define XCR0_AVX512	0x0e0U
#define XSAVE_LEGACY	576U		/* x87 and SSE, and the header */

#define MAX_BASIC	0x0dU
#define MAX_EXTENDED	0x80000008U

/* Leaf 1: no MONITOR, VMX, SMX, EIST, TM2, CNXT-ID, xTPR, PDCM, PCID, DCA, x2APIC, TSC deadline */
#define L1_ECX	(BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | BIT(23) | \
		 BIT(25) | XSAVE | BIT(28) | BIT(29) | BIT(30))
/* no VME, PSE, MTRR, PGE, PSE36, PSN, DS, TM, PBE */
#define L1_EDX	(BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(9) | BIT(11) | BIT(14) | \
		 BIT(15) | BIT(16) | BIT(19) | BIT(22) | BIT(23) | BIT(24) | BIT(25) | BIT(26) | BIT(27) | BIT(28))
/* Leaf 7: FSGSBASE BMI1 AVX2 BMI2 ERMS RDSEED ADX CLFLUSHOPT CLWB SHA and AVX-512; no SMEP, SMAP,
 * INVPCID, TSX, resource control or tracing */
#define L7_EBX	(BIT(0) | BIT(3) | BIT(5) | BIT(8) | BIT(9) | BIT(18) | BIT(19) | BIT(23) | BIT(24) | BIT(29) | \
		 L7_EBX_AVX512)
#define L7_EBX_AVX512 (BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31))
/* no UMIP, PKU, CET, LA57 */
#define L7_ECX	(BIT(0) | BIT(8) | BIT(9) | BIT(10) | BIT(22) | BIT(25) | BIT(27) | BIT(28) | L7_ECX_AVX512)
#define L7_ECX_AVX512 (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
/* FSRM, SERIALIZE; speculation controls are MSRs, which are the host's */
#define L7_EDX	(BIT(4) | BIT(14) | L7_EDX_AVX512)
#define L7_EDX_AVX512 (BIT(2) | BIT(3) | BIT(8))
#define L7_1_EAX (BIT(4) | BIT(10) | BIT(11) | BIT(12) | L7_1_EAX_AVX512)
#define L7_1_EAX_AVX512 BIT(5)
#define LD_1_EAX (BIT(0) | BIT(1) | BIT(2))	/* XSAVEOPT, XSAVEC, XGETBV1; no XSAVES */
/* LAHF ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM; no SVM, no profiling */
#define E1_ECX	(BIT(0) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(11) | BIT(16) | BIT(21))
/* SYSCALL NX MMXEXT FFXSR RDTSCP LM 3DNOW and, on AMD, leaf 1's again */
#define E1_EDX	(BIT(11) | BIT(20) | BIT(22) | BIT(25) | BIT(27) | BIT(29) | BIT(30) | BIT(31))
#define E1_EDX_COMMON 0x0183f3ffU
#define E8_EBX	(BIT(0) | BIT(2))	/* CLZERO, RSTR_FP_ERR_PTRS */

/* What needs the AVX state: in leaf 1 FMA, AVX, F16C; in leaf 7 AVX2, VAES, VPCLMULQDQ; XOP, FMA4; AVX-VNNI */
#define AVX_L1_ECX	(BIT(12) | BIT(28) | BIT(29))
#define AVX_L7_EBX	BIT(5)
#define AVX_L7_ECX	(BIT(9) | BIT(10))
#define AVX_L7_1_EAX	BIT(4)
#define AVX_E1_ECX	(BIT(11) | BIT(16))

static void host_cpuid(uint32_t leaf, uint32_t sub, uint32_t *out)
{
	__asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(sub));
}

/* 0 without XSAVE. */
static uint64_t host_xcr0(void)
{
	uint32_t out[4], lo, hi;

	host_cpuid(1, 0, out);
	if (!(out[2] & OSXSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}

/* State components the host has enabled and a PV guest may use; 0 without XSAVE. */
uint64_t guest_xcr0_max(void)
{
	uint64_t x = host_xcr0() & (XCR0_BASE | XCR0_AVX512);

	return (x & XCR0_AVX512) == XCR0_AVX512 ? x : x & XCR0_BASE;
}

/* Leaf +3, EAX: bit 1, the TSC of the host is reliable; bit 2, RDTSCP is there. */
static uint32_t tsc_flags(void)
{
	uint32_t power[4], e1[4];

	host_cpuid(0x80000007, 0, power);
	host_cpuid(0x80000001, 0, e1);
	return (power[3] & BIT(8) ? BIT(1) : 0) | (e1[3] & BIT(27) ? BIT(2) : 0);
}

static void xen_leaf(uint32_t leaf, uint32_t sub, uint32_t *out)
{
	const struct pvn_clock *c = &header.clock;

	switch (leaf) {
	case 0:
		out[0] = XEN_CPUID_FIRST_LEAF + 5;
		out[1] = XEN_CPUID_SIGNATURE_EBX;
		out[2] = XEN_CPUID_SIGNATURE_ECX;
		out[3] = XEN_CPUID_SIGNATURE_EDX;
		return;
	case 1:
		out[0] = 4U << 16 | 17;
		return;
	case 2: /* one hypercall page, by this MSR */
		out[0] = 1;
		out[1] = 0x40000000;
		out[2] = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
		return;
	case 3:
		if (sub == 0) {
			out[0] = tsc_flags();
			out[2] = c->tsc_khz;
			out[3] = 1;
		} else if (sub == 1) {
			out[2] = c->tsc_to_system_mul;
			out[3] = (uint8_t)c->tsc_shift;
		} else if (sub == 2) {
			out[0] = c->tsc_khz;
		}
		return;
	case 5:
		if (sub == 0)
			out[1] = 44; /* machine address width: v1 grants suffice */
		return;
	}
}

/* Leaf 0xd: sizes of the XSAVE area for the components of `mask`. */
static uint32_t xsave_size(uint64_t mask, int compact)
{
	uint32_t size = XSAVE_LEGACY, out[4], n;

	for (n = 2; n < 63; n++) {
		if (!(mask >> n & 1))
			continue;
		host_cpuid(0xd, n, out);
		if (compact)
			size = (out[2] & 2 ? (size + 63) & ~63U : size) + out[0];
		else if (out[1] + out[0] > size)
			size = out[1] + out[0];
	}
	return size;
}

/* XSETBV is only noted (privileged.c): XGETBV shows the host's XCR0, and XSAVE stores what it
 * enables.  The sizes are of that, or the guest's areas would be too small. */
static void xstate_leaf(uint32_t sub, uint32_t *out)
{
	uint64_t max = guest_xcr0_max(), enabled = host_xcr0();
	uint32_t host[4];

	if (!max || sub >= 63)
		return;
	host_cpuid(0xd, sub, host);
	if (sub == 0) {
		out[0] = (uint32_t)max;
		out[1] = out[2] = xsave_size(enabled, 0);
	} else if (sub == 1) {
		out[0] = host[0] & LD_1_EAX;
		out[1] = out[0] & BIT(1) ? xsave_size(enabled, 1) : 0;
	} else if (max >> sub & 1) {
		memcpy(out, host, sizeof(host));
	}
}

static void leaf_1(uint32_t *out)
{
	uint64_t xcr0 = guest_xcr0_max();

	out[1] &= 0x00ffffff; /* no APIC id to know */
	out[2] &= L1_ECX & ~(xcr0 ? 0 : XSAVE) & ~(xcr0 & 4 ? 0 : AVX_L1_ECX);
	out[2] |= HYPERVISOR | (xcr0 && vcpu.cr4 & CR4_OSXSAVE ? OSXSAVE : 0);
	out[3] &= L1_EDX;
}

static void leaf_7(uint32_t sub, uint32_t *out)
{
	uint64_t xcr0 = guest_xcr0_max();
	int avx = !!(xcr0 & 4), avx512 = (xcr0 & XCR0_AVX512) == XCR0_AVX512;

	if (sub == 0) {
		out[0] = out[0] ? 1 : 0;
		out[1] &= L7_EBX & ~(avx ? 0 : AVX_L7_EBX) & ~(avx512 ? 0 : L7_EBX_AVX512) &
			  ~(platform_have_fsgsbase ? 0 : BIT(0));
		out[2] &= L7_ECX & ~(avx ? 0 : AVX_L7_ECX) & ~(avx512 ? 0 : L7_ECX_AVX512);
		out[3] &= L7_EDX & ~(avx512 ? 0 : L7_EDX_AVX512);
		return;
	}
	out[0] &= sub == 1 ? L7_1_EAX & ~(avx ? 0 : AVX_L7_1_EAX) & ~(avx512 ? 0 : L7_1_EAX_AVX512) : 0;
	out[1] = out[2] = out[3] = 0;
}

static void basic_leaf(uint32_t leaf, uint32_t sub, uint32_t *out)
{
	uint32_t max[4];

	host_cpuid(0, 0, max);
	if (max[0] > MAX_BASIC)
		max[0] = MAX_BASIC;
	if (leaf > max[0])
		return;
	switch (leaf) {
	case 0:
		memcpy(out, max, sizeof(max));
		return;
	case 1:
		host_cpuid(1, 0, out);
		leaf_1(out);
		return;
	case 2: /* caches */
	case 4:
		host_cpuid(leaf, sub, out);
		return;
	case 7:
		host_cpuid(7, sub, out);
		leaf_7(sub, out);
		return;
	case 0xd:
		xstate_leaf(sub, out);
		return;
	}
	/* power, topology, counters: nothing */
}

static void extended_leaf(uint32_t leaf, uint32_t *out)
{
	uint32_t max[4], l1[4];

	host_cpuid(0x80000000, 0, max);
	if (max[0] > MAX_EXTENDED)
		max[0] = MAX_EXTENDED;
	if (leaf > max[0])
		return;
	host_cpuid(leaf, 0, out);
	switch (leaf) {
	case 0x80000000:
		out[0] = max[0];
		return;
	case 0x80000001:
		guest_cpuid(1, 0, l1);
		out[2] &= E1_ECX & ~(guest_xcr0_max() & 4 ? 0 : AVX_E1_ECX);
		out[3] &= E1_EDX | (l1[3] & E1_EDX_COMMON);
		return;
	case 0x80000007: /* power */
		memset(out, 0, 16);
		return;
	case 0x80000008:
		out[1] &= E8_EBX;
		out[2] = out[3] = 0;
		return;
	}
	/* brand string, caches */
}

void guest_cpuid(uint32_t leaf, uint32_t sub, uint32_t *out)
{
	memset(out, 0, 16);
	if (leaf >= XEN_CPUID_FIRST_LEAF && leaf < XEN_CPUID_FIRST_LEAF + 0x100)
		xen_leaf(leaf - XEN_CPUID_FIRST_LEAF, sub, out);
	else if (leaf < XEN_CPUID_FIRST_LEAF)
		basic_leaf(leaf, sub, out);
	else if (leaf >= 0x80000000)
		extended_leaf(leaf, out);
}
