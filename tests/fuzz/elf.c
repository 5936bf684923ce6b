/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the domain builder on a kernel file that is anything.
 * Input: the domain's pages (2 bytes), the pages behind the file's bytes (1), the ramdisk's pages (1),
 * then the file.  Checked: an error has a text and no error has none; nothing is touched outside
 * the domain; and of what was built, the guest's view: every page of the initial mapping is there,
 * and page tables are mapped read-only.
 */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>

#include "tests/fuzz/tape.h"
#include "toolstack/builder/load.h"

#define PAGES_MAX	8192U
#define MFN_BASE	0x7700U
#define MAPS_MAX	4096

struct fake {
	struct guest_mem m;
	uint8_t *ram;
	xen_pfn_t p2m[PAGES_MAX];
	int left;			/* mappings not taken back */
	unsigned int nr_touched;
	struct { uint64_t pfn, nr; } touched[MAPS_MAX];
};

static struct fake f;
static int fd = -1;
static char path[64];

/* mfns are scattered, so that pfn and mfn are never mixed up. */
static uint64_t mfn_of(uint64_t pfn)
{
	return MFN_BASE + (pfn ^ 5);
}

static uint64_t pfn_of(uint64_t mfn)
{
	return (mfn - MFN_BASE) ^ 5;
}

static void *fake_map(struct guest_mem *m, uint64_t pfn, uint64_t nr)
{
	FUZZ_CHECK(nr > 0 && pfn < m->nr_pages && nr <= m->nr_pages - pfn, "maps %#lx+%#lx of %#lx", pfn,
		   nr, m->nr_pages);
	if (f.nr_touched == MAPS_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	f.touched[f.nr_touched].pfn = pfn;
	f.touched[f.nr_touched++].nr = nr;
	f.left++;
	return f.ram + pfn * 4096;
}

static void fake_unmap(struct guest_mem *m, void *p, uint64_t nr)
{
	f.left--;
}

static void set_up(void)
{
	uint64_t i;

	if (f.ram)
		return;
	f.ram = mmap(NULL, PAGES_MAX * 4096UL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = memfd_create("kernel", MFD_CLOEXEC);
	if (f.ram == MAP_FAILED || fd < 0)
		abort();
	for (i = 0; i < PAGES_MAX; i++)
		f.p2m[i] = mfn_of(i);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
}

static int write_file(const struct tape *t, uint8_t more)
{
	return ftruncate(fd, 0) == 0 && pwrite(fd, t->p, t->left, 0) == (ssize_t)t->left &&
	       ftruncate(fd, (off_t)(t->left + more * 4096UL)) == 0;
}

/* The L1 entry of va, 0: none. */
static uint64_t walk(const struct layout *l, uint64_t cr3, uint64_t va)
{
	uint64_t e = cr3;
	int shift;

	for (shift = 39; shift >= 12; shift -= 9) {
		uint64_t pfn = pfn_of(e >> 12 & 0xffffffffffUL);

		FUZZ_CHECK(pfn < f.m.nr_pages && layout_is_table(l, pfn), "va %#lx: pfn %#lx is no table", va, pfn);
		e = ((uint64_t *)(f.ram + pfn * 4096))[va >> shift & 511];
		if (!(e & 1))
			return 0;
	}
	return e;
}

static void check_tables(const struct kernel *k, const struct layout *l)
{
	vcpu_guest_context_t c;
	uint64_t va;

	load_context(&c, &f.m, k, l);
	FUZZ_CHECK(l->end <= f.m.nr_pages, "end %#lx of %#lx", l->end, f.m.nr_pages);
	for (va = l->virt_base; va < l->virt_end; va += 4096) {
		uint64_t e = walk(l, c.ctrlreg[3], va), pfn = (va - l->virt_base) >> 12;

		/* Behind the domain's last page there is nothing to map. */
		if (pfn >= f.m.nr_pages)
			break;
		FUZZ_CHECK((e >> 12 & 0xffffffffffUL) == mfn_of(pfn), "va %#lx: entry %#lx, not of pfn %#lx", va, e, pfn);
		FUZZ_CHECK(!(e & 2) == layout_is_table(l, pfn), "va %#lx of pfn %#lx: entry %#lx", va, pfn, e);
	}
}

static int build(struct kernel *k, struct layout *l, uint64_t ramdisk, struct report *r)
{
	static const struct start_of_day s = { .shared_info_maddr = 0x123000, .store_port = 1, .console_port = 2,
					       .cmdline = "root=/dev/xvda" };
	int err = layout_compute(l, k, f.m.nr_pages, ramdisk, r);

	err = err ?: load_kernel(&f.m, k, l, r);
	err = err || !ramdisk ? err : load_ramdisk(&f.m, fd, l, r);
	err = err ?: load_p2m(&f.m, l, r);
	err = err ?: load_start_info(&f.m, l, &s, r);
	return err ?: load_page_tables(&f.m, l, r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tape t = { data, size };
	static struct kernel k;
	static struct layout l;
	char error[256] = "";
	struct report r = { .text = error, .size = sizeof(error) };
	uint64_t ramdisk;
	uint8_t more;
	int err;

	set_up();
	f.m = (struct guest_mem){ .p2m = f.p2m, .nr_pages = 1 + tape_u16(&t) % PAGES_MAX, .map = fake_map,
				  .unmap = fake_unmap };
	more = tape_u8(&t);
	ramdisk = tape_u8(&t) * 512UL;
	if (!write_file(&t, more))
		return 0;
	err = kernel_open(&k, path, &r);
	if (!err) {
		err = build(&k, &l, ramdisk, &r);
		if (!err)
			check_tables(&k, &l);
		kernel_close(&k);
	}
	FUZZ_CHECK((err != 0) == (error[0] != 0), "error %d with \"%s\"", err, error);
	FUZZ_CHECK(f.left == 0, "%d mappings left", f.left);
	while (f.nr_touched) {
		f.nr_touched--;
		memset(f.ram + f.touched[f.nr_touched].pfn * 4096, 0, f.touched[f.nr_touched].nr * 4096);
	}
	return 0;
}
