/* SPDX-License-Identifier: MIT */
/*
 * A hoarder: a guest that jumps to the image's SYSCALL instruction to make the host spend memory
 * on it beyond its own.  What would break: "memory" in a domain's configuration means nothing, and one guest
 * takes the host down.
 *
 * lone_page_tables is for people who want to measure: it maps pages of its own at step=BYTES apart
 * until the host refuses, touches each, and then sleeps; VmPTE in /proc/PID/status says the rest.
 */
#include "tests/guests/lib/guest.h"

#include <asm/unistd_64.h>

#include "paravane/shared.h"

#define GATE		(PVN_GATE_RIP - 2)	/* the SYSCALL instruction of the image */
#define FIXED_SHARED	0x11
#define HOLE		0x4032			/* MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE */
#define ALIASES		0x100000000000UL	/* nothing else is there */
#define MIB		(1UL << 20)

static long gate(long nr, long a0, long a1, long a2, long a3, long a4, long a5)
{
	register long r10 __asm__("r10") = a3;
	register long r8 __asm__("r8") = a4;
	register long r9 __asm__("r9") = a5;
	long ret = nr;

	__asm__ volatile("call *%[gate]" : "+a"(ret) : "D"(a0), "S"(a1), "d"(a2), "r"(r10), "r"(r8), "r"(r9),
			 [gate] "b"(GATE) : "rcx", "r11", "memory");
	return ret;
}

static bool refused(long ret)
{
	return ret < 0 && ret >= -4095;
}

/* The first bytes of our own memory, once more. */
static long alias(uint64_t va, uint64_t bytes)
{
	return gate(__NR_mmap, (long)va, (long)bytes, 3, FIXED_SHARED, PVN_FD_MEM, 0);
}

/* As many as the host allows, end to end; their number. */
static unsigned long alias_many(uint64_t va, uint64_t bytes)
{
	unsigned long n = 0;

	while (n < 100000 && !refused(alias(va, bytes))) {
		va += bytes;
		n++;
	}
	return n;
}

static void poke(void *p)
{
	*(volatile char *)p = 1;
}

TEST(sandbox_no_memory_that_is_nobodys)
{
	long ret = gate(__NR_mmap, ALIASES, 64 * MIB, 0, HOLE, -1, 0);

	CHECK(refused(ret), "an empty mapping: %#lx", ret);
	ret = gate(__NR_mmap, ALIASES, 64 * MIB, 3, HOLE, -1, 0);
	CHECK(refused(ret), "anonymous memory: %#lx", ret);
	ret = gate(__NR_mprotect, ALIASES, 64 * MIB, 3, 0, 0, 0);
	CHECK(refused(ret), "mprotect of it: %ld", ret);
	CHECK(catch_call(poke, (void *)ALIASES), "there is memory at %#lx", ALIASES);
	ret = gate(__NR_mprotect, PVN_IMAGE_BASE, 4096, 7, 0, 0, 0);
	CHECK(refused(ret), "mprotect of the image: %ld", ret);
	ret = gate(__NR_brk, 0, 0, 0, 0, 0, 0);
	CHECK(refused(ret), "brk: %#lx", ret);
	ret = gate(__NR_mmap, ALIASES, 4096, 3, FIXED_SHARED | 0x8000, PVN_FD_MEM, 0);
	CHECK(refused(ret), "a mapping populated at once: %#lx", ret);
	ret = gate(__NR_mmap, ALIASES, 4096, 3, FIXED_SHARED | 0x0100, PVN_FD_MEM, 0);
	CHECK(refused(ret), "a mapping that grows down: %#lx", ret);
	gate(__NR_munmap, ALIASES, 64 * MIB, 0, 0, 0, 0);
}

/*
 * The host pays a page of page table for each 2 MiB we use, and a small domain could map itself
 * again and again all over the address space.
 */
TEST(sandbox_address_space_is_bounded)
{
	uint64_t bytes = si->nr_pages * PAGE_SIZE, total;
	unsigned long n = alias_many(ALIASES, bytes);

	total = n * bytes;
	print("# %lu mappings of %lu MiB\n", n, bytes / MIB);
	CHECK(n > 2, "%lu", n);
	CHECK(total <= 4 * bytes + 512 * MIB, "%lu MiB mapped by a domain of %lu MiB", total / MIB, bytes / MIB);
	gate(__NR_munmap, ALIASES, (long)(total + bytes), 0, 0, 0, 0);
}

static char anywhere[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* To the image a host that refuses a mapping is a full TLB: it begins anew, and we go on. */
TEST(sandbox_full_address_space_does_no_harm)
{
	uint64_t bytes = si->nr_pages * PAGE_SIZE, va = ALIASES;
	struct mmuext_op op = { .cmd = MMUEXT_INVLPG_LOCAL };

	va += alias_many(va, bytes) * bytes;
	va += alias_many(va, MIB) * MIB;
	va += alias_many(va, PAGE_SIZE) * PAGE_SIZE;
	anywhere[0] = 1;
	op.arg1.linear_addr = (unsigned long)anywhere;
	CHECK_EQ(HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF), 0);
	alias_many(va, PAGE_SIZE);
	anywhere[0]++;
	CHECK_EQ(anywhere[0], 2);
	CHECK(catch_call(poke, (void *)ALIASES), "the aliases are still there");
	gate(__NR_munmap, ALIASES, (long)(va + MIB - ALIASES), 0, 0, 0, 0);
}

#define FRAGMENTS	140	/* L1 tables: more pages than the host has mappings for a process */
#define FRAGMENT_VA(n)	(BASE + (256UL << 20) + ((uint64_t)(n) << 21))

/* Every page a mapping of its own: no neighbour has the next frame, or the same rights. */
static uint64_t *fragment_table(const uint64_t *ro, const uint64_t *rw)
{
	uint64_t *l1 = page_alloc();

	for (unsigned i = 0; i < 512; i++)
		l1[i] = va_mfn(i & 1 ? rw : ro) << 12 | (i & 1 ? PTE_KERNEL : PTE_KERNEL & ~PTE_RW);
	return page_protect(l1, false) ? NULL : l1;
}

static long l2_set(uint64_t va, uint64_t val)
{
	uint64_t *e = pte_of((void *)va, 2);
	struct mmu_update u = { .ptr = va_mfn((void *)((uint64_t)e & ~4095UL)) << 12 | ((uint64_t)e & 4095), .val = val };

	return HC(mmu_update, (long)&u, 1L, 0L, (long)DOMID_SELF);
}

/* Slower is all that may become of it: the mappings are a cache that begins anew when it is full. */
TEST(sandbox_fragmented_tables_do_no_harm)
{
	uint64_t *ro = page_alloc(), *rw = page_alloc(), wrong = 0;
	unsigned n, i, pass;

	*ro = 1, *rw = 2;
	for (n = 0; n < FRAGMENTS; n++) {
		uint64_t *l1 = fragment_table(ro, rw);

		CHECK(l1, "no table %u", n);
		CHECK_EQ(l2_set(FRAGMENT_VA(n), va_mfn(l1) << 12 | PTE_KERNEL), 0);
	}
	for (pass = 0; pass < 2; pass++)
		for (n = 0; n < FRAGMENTS; n++)
			for (i = 0; i < 512; i++)
				wrong += *(volatile uint64_t *)(FRAGMENT_VA(n) + i * PAGE_SIZE) != 1 + (i & 1);
	CHECK_EQ(wrong, 0);
	CHECK(catch_call(poke, (void *)FRAGMENT_VA(3)), "a read-only page could be written");
	for (n = 0; n < FRAGMENTS; n++)
		CHECK_EQ(l2_set(FRAGMENT_VA(n), 0), 0);
	CHECK(catch_call(poke, (void *)FRAGMENT_VA(3)), "an unhooked page could be written");
	*rw = 3;
	CHECK_EQ(*rw, 3);
}

TEST(lone_page_tables)
{
	uint64_t step = option_number("step", 1UL << 30), va, n = 0;

	for (va = ALIASES; va < PVN_GUEST_END && !refused(alias(va, PAGE_SIZE)); va += step) {
		*(volatile char *)va;
		n++;
	}
	print("# %lu pages mapped, %lu MiB apart; sleeping\n", n, step / MIB);
	for (;;)
		HC(sched_op, SCHEDOP_block, 0L);
}
