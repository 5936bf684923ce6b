/* SPDX-License-Identifier: MIT */
/*
 * The FPU registers of user mode: all that CPUID offers and XCR0 enables, saved when a process is
 * switched out and loaded when it comes back. The kernel itself uses general registers only, so
 * between entry and exit they simply stay where they are.
 *
 * Matrix tiles are left out: a process would have to ask for them, and cannot.
 */
#include <pv/cpu.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/string.h>
#include <pv/thread_struct.h>

#define CPUID1_ECX_XSAVE	(1U << 26)
#define CR4_OSXSAVE		(1UL << 18)
#define XCR0_TILES		(3UL << 17)
#define FXSAVE_BYTES		512U
#define MXCSR_OFFSET		24
#define MXCSR_DEFAULT		0x1f80U
#define HEADER_OFFSET		512
#define HEADER_BYTES		64

static uint64_t mask;			/* state components; 0: fxsave */
static size_t area_bytes = FXSAVE_BYTES;
static uint32_t mxcsr_mask = 0xffbf;

/* As the hypervisor wants us to see it: the forced-emulation prefix. */
static void cpuid(uint32_t leaf, uint32_t sub, uint32_t *r)
{
	__asm__ volatile("ud2a; .ascii \"xen\"; cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(sub));
}

static uint64_t xgetbv(void)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}

#define PROBED(insn)							\
	"1: " insn "\n2:\n"						\
	".pushsection ex_table, \"a\"\n .quad 1b, 2b\n .popsection\n"

/* Emulated, or refused where the machine has its state enabled already. */
static uint64_t enable(uint64_t want)
{
	uint64_t cr4;

	__asm__ volatile(PROBED("movq %%cr4, %0") : "=r"(cr4) : "0"(CR4_OSXSAVE));
	if (!(cr4 & CR4_OSXSAVE))
		__asm__ volatile(PROBED("movq %0, %%cr4") : : "r"(cr4 | CR4_OSXSAVE));
	if (xgetbv() != want)
		__asm__ volatile(PROBED("xsetbv") : : "a"((uint32_t)want),
				 "d"((uint32_t)(want >> 32)), "c"(0));
	return xgetbv() & want;
}

/* On each vCPU; the first one decides the size. */
int fpu_cpu_init(void)
{
	uint8_t image[FXSAVE_BYTES] __attribute__((aligned(16))) = { 0 };
	uint32_t r[4], m;

	__asm__ volatile("fxsave %0" : "=m"(image));
	memcpy(&m, &image[28], sizeof(m));
	if (m != 0)
		mxcsr_mask = m;
	cpuid(1, 0, r);
	if (!(r[2] & CPUID1_ECX_XSAVE))
		return 0;
	cpuid(0xd, 0, r);
	mask = enable((uint64_t)r[3] << 32 | r[0]) & ~XCR0_TILES;
	cpuid(0xd, 0, r);
	area_bytes = MAX((size_t)r[1], (size_t)HEADER_OFFSET + HEADER_BYTES);
	return 0;
}

size_t fpu_bytes(void)
{
	return area_bytes;
}

uint64_t fpu_mask(void)
{
	return mask;
}

/* kmalloc aligns to the size class, which is more than the 64 bytes xsave wants. */
int fpu_alloc(struct thread *t)
{
	t->fpu = kzalloc(area_bytes);
	if (t->fpu == NULL)
		return -ENOMEM;
	BUG_ON((unsigned long)t->fpu & 63);
	memcpy((char *)t->fpu + MXCSR_OFFSET, &(uint32_t){ MXCSR_DEFAULT }, 4);
	*(uint16_t *)t->fpu = 0x37f;	/* read by fxrstor only */
	return 0;
}

void fpu_free(struct thread *t)
{
	kfree(t->fpu);
	t->fpu = NULL;
}

void fpu_save(struct thread *t)
{
	if (mask != 0)
		__asm__ volatile("xsave64 (%0)" : : "r"(t->fpu), "a"((uint32_t)mask),
				 "d"((uint32_t)(mask >> 32)) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(t->fpu) : "memory");
}

void fpu_restore(struct thread *t)
{
	if (mask != 0)
		__asm__ volatile("xrstor64 (%0)" : : "r"(t->fpu), "a"((uint32_t)mask),
				 "d"((uint32_t)(mask >> 32)) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(t->fpu) : "memory");
}

/* An all-zero header means: everything in its initial state. */
void fpu_reset(struct thread *t)
{
	unsigned long flags = irq_save();

	memset(t->fpu, 0, area_bytes);
	memcpy((char *)t->fpu + MXCSR_OFFSET, &(uint32_t){ MXCSR_DEFAULT }, 4);
	*(uint16_t *)t->fpu = 0x37f;
	fpu_restore(t);
	irq_restore(flags);
}

/* An image from user memory (a signal frame): false if loading it would fault. */
bool fpu_check_user_image(void *image)
{
	uint32_t *mxcsr = (uint32_t *)((char *)image + MXCSR_OFFSET);
	uint64_t *header = (uint64_t *)((char *)image + HEADER_OFFSET);

	*mxcsr &= mxcsr_mask;
	if (mask == 0)
		return true;
	if (header[0] & ~mask)
		return false;
	for (unsigned int i = 1; i < HEADER_BYTES / 8; i++) {
		if (header[i] != 0)
			return false;
	}
	return true;
}
