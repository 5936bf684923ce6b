/* SPDX-License-Identifier: MIT */
/*
 * A good kernel with random damage, many times over: whatever the builder makes of it, it must
 * not crash, must give a reason when it refuses, and must stay inside the domain's memory when it
 * accepts.  The seed is fixed; PVN_FUZZ_SEED and PVN_FUZZ_RUNS change it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xen/xen.h>
#include <xen/elfnote.h>

#include "tests/unit/builder_image.h"
#include "toolstack/builder/load.h"

#define NR_PAGES 1280

static struct image good, im;
static struct kernel k;
static struct layout l;
static xen_pfn_t p2m[NR_PAGES];
static char *ram;
static uint64_t state;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t nasty(void)
{
	static const uint64_t values[] = { 0, 1, 0xfff, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffff000,
		0xffffffffffffffff, IMAGE_BASE, IMAGE_PHYS, 0x600000000000, 0xffffffff80000000 };

	return values[rnd() % (sizeof(values) / sizeof(values[0]))];
}

static void damage(void)
{
	static const size_t spans[][2] = {
		{ 0, sizeof(Elf64_Ehdr) }, { sizeof(Elf64_Ehdr), 3 * sizeof(Elf64_Phdr) },
		{ IMAGE_NOTES, 0x180 } };
	unsigned n = 1 + rnd() % 3;

	while (n--) {
		const size_t *s = spans[rnd() % 3];
		uint64_t v = nasty();

		if (rnd() % 2)
			im.b[s[0] + rnd() % s[1]] = (uint8_t)rnd();
		else
			memcpy(im.b + s[0] + (rnd() % s[1] & ~3UL), &v, rnd() % 2 ? 4 : 8);
	}
	if (rnd() % 16 == 0)
		im.size = rnd() % im.size;
}

static void *fuzz_map(struct guest_mem *m, uint64_t pfn, uint64_t nr)
{
	cr_assert(nr > 0 && pfn < NR_PAGES && nr <= NR_PAGES - pfn, "maps %#lx+%#lx", pfn, nr);
	return ram + pfn * 4096;
}

static void fuzz_unmap(struct guest_mem *m, void *p, uint64_t nr)
{
}

/* 1 if it was taken. */
static int one(void)
{
	char error[256] = "";
	struct report r = { .text = error, .size = sizeof(error) };
	struct guest_mem m = { .p2m = p2m, .nr_pages = NR_PAGES, .map = fuzz_map, .unmap = fuzz_unmap };
	struct start_of_day s = { .shared_info_maddr = 0x1000 };
	vcpu_guest_context_t c;
	int err = kernel_open(&k, image_save(&im), &r);

	if (!err) {
		err = layout_compute(&l, &k, NR_PAGES, 0, &r);
		err = err ?: load_kernel(&m, &k, &l, &r);
		err = err ?: load_p2m(&m, &l, &r);
		err = err ?: load_start_info(&m, &l, &s, &r);
		err = err ?: load_page_tables(&m, &l, &r);
		if (!err)
			load_context(&c, &m, &k, &l);
		kernel_close(&k);
	}
	cr_assert_eq(err != 0, error[0] != 0, "error %d with \"%s\"", err, error);
	image_free(&im);
	return !err;
}

Test(builder_fuzz, damaged_kernels_never_crash_the_builder)
{
	const char *seed = getenv("PVN_FUZZ_SEED"), *runs = getenv("PVN_FUZZ_RUNS");
	unsigned long taken = 0, n = runs ? strtoul(runs, NULL, 0) : 5000;

	state = seed ? strtoull(seed, NULL, 0) : 0x9e3779b97f4a7c15;
	ram = calloc(NR_PAGES, 4096);
	cr_assert_not_null(ram);
	for (uint64_t i = 0; i < NR_PAGES; i++)
		p2m[i] = 0x1000 + i;
	image_good(&good);
	image_number(&good, XEN_ELFNOTE_INIT_P2M, 0x8000000);
	image_number(&good, XEN_ELFNOTE_PADDR_OFFSET, 0);
	for (unsigned long i = 0; i < n; i++) {
		im = good;
		damage();
		taken += (unsigned)one();
	}
	/* Neither everything nor nothing: else the damage does not reach what it should. */
	cr_assert_gt(taken, n / 50);
	cr_assert_lt(taken, n - n / 50);
	free(ram);
}
