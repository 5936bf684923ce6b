/* SPDX-License-Identifier: MIT */
/*
 * emulator: RDMSR and WRMSR from guest-kernel mode: the few that a PV kernel has, and #GP for those it has not.
 *
 * Kernels read EFER and the APIC base at boot and set segment bases by MSR; a #GP there is the end of the boot.
 *
 * covers: set_segment_base good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "emulator: model-specific registers";

static uint32_t msr;
static uint64_t value;

static void rdmsr(void *arg)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	value = (uint64_t)hi << 32 | lo;
}

static void wrmsr(void *arg)
{
	__asm__ volatile("wrmsr" : : "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr));
}

static void read(const char *key, uint32_t nr)
{
	msr = nr;
	value = 0;
	answer_caught(key, rdmsr, NULL);
}

static void write(const char *key, uint32_t nr, uint64_t v)
{
	msr = nr;
	value = v;
	answer_caught(key, wrmsr, NULL);
}

#define EFER	0xc0000080U
#define FS_BASE	0xc0000100U
#define GS_BASE	0xc0000101U
#define KGS_BASE 0xc0000102U

void test_main(void)
{
	uint64_t efer;

	read("efer", EFER);
	efer = value;
	answer("efer.lme-lma-sce", efer & 0x501);
	write("efer.same", EFER, efer);
	write("efer.no-nx", EFER, efer ^ 0x800);
	write("efer.svm", EFER, efer | 0x1000);
	read("apic-base", 0x1b);
	answer("apic-base.enabled", value >> 11 & 1);
	write("apic-base.write", 0x1b, 0);
	write("fs-base", FS_BASE, 0x123456789000);
	read("fs-base.read", FS_BASE);
	answer("fs-base.value", value);
	write("fs-base.noncanonical", FS_BASE, 0x800000000000);
	write("fs-base.0", FS_BASE, 0);
	write("gs-base", GS_BASE, 0x5000);
	read("gs-base.read", GS_BASE);
	answer("gs-base.value", value);
	write("gs-base.0", GS_BASE, 0);
	write("kgs-base", KGS_BASE, 0x6000);
	read("kgs-base.read", KGS_BASE);
	answer("kgs-base.value", value);
	write("kgs-base.noncanonical", KGS_BASE, 1UL << 63);
	read("nowhere", 0x12345678);
	write("nowhere.write", 0x12345678, 0);
	read("xen-range", 0x40000000);
	write("hypercall-page.bad", 0x40000000, 0xfffffffffffff000);
	write("star", 0xc0000081, 0);
	write("lstar", 0xc0000082, 0);
	read("lstar.read", 0xc0000082);
	write("sysenter-eip", 0x176, 0);
	read("pat", 0x277);
	answer("pat.value", value);
	write("pat.write", 0x277, 0x0606060606060606);
	write("debugctl", 0x1d9, 0);
	write("spec-ctrl.reserved", 0x48, 1UL << 40);
	write("mcg-cap", 0x179, 0);
	read("mcg-cap.read", 0x179);
	read("p5-mc-addr", 0);
	answer("p5-mc-addr.value", value);
	read("p5-mc-type", 1);
	write("p5-mc-addr.write", 0, 0);
	read("platform-info.read", 0xce);
	answer("platform-info.cpuid-faulting", value >> 31 & 1);
	read("misc-features", 0x140);
	answer("misc-features.value", value);
	write("misc-features.0", 0x140, 0);
	write("misc-features.reserved", 0x140, 2);
	test_success("");
}
