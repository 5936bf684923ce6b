/* SPDX-License-Identifier: MIT */
/*
 * Builds domains into a plain buffer and looks at them the way a guest would: by walking the page
 * tables from cr3.  What would break: the hv image refuses tables with a wrong type or a writable
 * mapping of a table, and the guest reads its world from start_info.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/elfnote.h>

#include "tests/unit/builder_image.h"
#include "toolstack/builder/load.h"

#define NR_PAGES	2048
#define MFN_BASE	0x7700
#define P		1
#define RW		2

/* A domain that is a buffer.  mfns are scattered, so that pfn and mfn are never mixed up. */
struct fake {
	struct guest_mem m;
	char *ram;
	xen_pfn_t p2m[NR_PAGES];
	uint64_t touched;	/* frames ever mapped */
	int left;		/* mappings not taken back */
};

static struct fake f;
static struct image im;
static struct kernel k;
static struct layout l;
static char error[256];
static struct report r = { .text = error, .size = sizeof(error) };

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
	struct fake *fk = (struct fake *)m;

	if (nr == 0 || pfn + nr > m->nr_pages) {
		errno = EINVAL;
		return NULL;
	}
	fk->touched += nr;
	fk->left++;
	return fk->ram + pfn * 4096;
}

static void fake_unmap(struct guest_mem *m, void *p, uint64_t nr)
{
	((struct fake *)m)->left--;
}

static void build(const struct start_of_day *s)
{
	f.ram = mmap(NULL, NR_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(f.ram, MAP_FAILED);
	for (uint64_t i = 0; i < NR_PAGES; i++)
		f.p2m[i] = mfn_of(i);
	f.m = (struct guest_mem){ .p2m = f.p2m, .nr_pages = NR_PAGES, .map = fake_map,
				  .unmap = fake_unmap };
	cr_assert_eq(kernel_open(&k, image_save(&im), &r), 0, "%s", error);
	cr_assert_eq(layout_compute(&l, &k, NR_PAGES, 0x1801, &r), 0, "%s", error);
	cr_assert_eq(load_kernel(&f.m, &k, &l, &r), 0, "%s", error);
	cr_assert_eq(load_ramdisk(&f.m, im.fd, &l, &r), 0, "%s", error);
	cr_assert_eq(load_p2m(&f.m, &l, &r), 0, "%s", error);
	cr_assert_eq(load_start_info(&f.m, &l, s, &r), 0, "%s", error);
	cr_assert_eq(load_page_tables(&f.m, &l, &r), 0, "%s", error);
	cr_assert_eq(f.left, 0);
}

/* The L1 entry for va, 0 if there is none; every table on the way must be present and known. */
static uint64_t walk(uint64_t cr3, uint64_t va)
{
	uint64_t e = cr3;

	for (int shift = 39; shift >= 12; shift -= 9) {
		uint64_t pfn = pfn_of(e >> 12 & 0xffffffffff);

		cr_assert_lt(pfn, NR_PAGES);
		cr_assert(layout_is_table(&l, pfn), "va %#lx: pfn %#lx is no table", va, pfn);
		e = ((uint64_t *)(f.ram + pfn * 4096))[va >> shift & 511];
		if (!(e & P))
			return 0;
	}
	return e;
}

/* Same, but as a pointer to the byte. */
static void *at(uint64_t cr3, uint64_t va)
{
	uint64_t e = walk(cr3, va);

	cr_assert_neq(e, 0, "va %#lx is not mapped", va);
	return f.ram + pfn_of(e >> 12 & 0xffffffffff) * 4096 + (va & 4095);
}

static const struct start_of_day sod = { .shared_info_maddr = 0x123000, .store_port = 1,
					 .console_port = 2, .cmdline = "root=/dev/xvda" };

Test(builder_load, tables_map_everything_and_themselves_read_only)
{
	vcpu_guest_context_t c;
	uint64_t cr3;

	image_good(&im);
	build(&sod);
	load_context(&c, &f.m, &k, &l);
	cr3 = c.ctrlreg[3];
	for (uint64_t va = l.virt_base; va < l.virt_end; va += 4096) {
		uint64_t e = walk(cr3, va), pfn = (va - l.virt_base) >> 12;

		cr_assert_eq(e >> 12, mfn_of(pfn), "va %#lx", va);
		cr_assert_eq(!(e & RW), layout_is_table(&l, pfn), "va %#lx: flags %#lx", va, e & 0xfff);
	}
	cr_assert_eq(walk(cr3, l.virt_base - 4096), 0);
	cr_assert_eq(walk(cr3, l.virt_end), 0);
}

Test(builder_load, guest_sees_its_start_info)
{
	vcpu_guest_context_t c;
	start_info_t *si;
	uint64_t *list;

	image_good(&im);
	build(&sod);
	load_context(&c, &f.m, &k, &l);
	si = at(c.ctrlreg[3], c.user_regs.rsi);
	cr_assert_str_eq(si->magic, "xen-3.0-x86_64");
	cr_assert_eq(si->nr_pages, NR_PAGES);
	cr_assert_eq(si->shared_info, 0x123000);
	cr_assert_eq(si->flags, 0);
	cr_assert_eq(si->store_mfn, mfn_of(l.xenstore));
	cr_assert_eq(si->store_evtchn, 1);
	cr_assert_eq(si->console.domU.mfn, mfn_of(l.console));
	cr_assert_eq(si->console.domU.evtchn, 2);
	cr_assert_eq(walk(c.ctrlreg[3], si->pt_base) >> 12, c.ctrlreg[3] >> 12);
	cr_assert_eq(si->nr_pt_frames, l.map[0].tables.nr);
	cr_assert_str_eq((char *)si->cmd_line, "root=/dev/xvda");
	cr_assert_eq(si->mod_len, 0x1801);
	cr_assert_eq(memcmp(at(c.ctrlreg[3], si->mod_start), im.b, 0x1000), 0);
	cr_assert_eq(memcmp(at(c.ctrlreg[3], si->mod_start + 0x1000), im.b + 0x1000, 0x801), 0);
	list = at(c.ctrlreg[3], si->mfn_list);
	for (uint64_t i = 0; i < 512; i++)
		cr_assert_eq(list[i], mfn_of(i));
	cr_assert_eq(si->first_p2m_pfn, 0);
}

Test(builder_load, registers_and_kernel_are_as_documented)
{
	vcpu_guest_context_t c;
	uint64_t cr3, va = IMAGE_BASE + IMAGE_PHYS;

	image_good(&im);
	build(&sod);
	load_context(&c, &f.m, &k, &l);
	cr3 = c.ctrlreg[3];
	cr_assert_eq(c.user_regs.rip, va + 0x10);
	cr_assert_eq(c.user_regs.rsp, layout_va(&l, l.stack + 1));
	cr_assert_eq(c.user_regs.rflags, 0x200);
	cr_assert_eq(c.user_regs.cs, 0xe033);
	cr_assert_eq(c.user_regs.ss, 0xe02b);
	cr_assert_eq(c.kernel_sp, c.user_regs.rsp);
	cr_assert_eq(c.kernel_ss, 0xe02b);
	cr_assert_eq(c.flags, VGCF_in_kernel | VGCF_online);
	for (uint64_t i = 0; i < 0x3800; i++)
		cr_assert_eq(*(uint8_t *)at(cr3, va + i), im.b[IMAGE_TEXT + i], "byte %#lx", i);
	for (uint64_t i = 0x3800; i < 0x6000; i++)
		cr_assert_eq(*(uint8_t *)at(cr3, va + i), 0, "bss byte %#lx", i);
}

Test(builder_load, only_what_is_written_gets_mapped)
{
	image_good(&im);
	build(&sod);
	/* kernel 6, ramdisk 2, p2m 4, start_info 1, tables L4 L3 L2 and two L1s */
	cr_assert_eq(f.touched, 6 + 2 + 4 + 1 + 5);
}

Test(builder_load, init_p2m_and_unmapped_ramdisk)
{
	vcpu_guest_context_t c;
	start_info_t *si;

	image_good(&im);
	image_number(&im, XEN_ELFNOTE_INIT_P2M, 0x8000000);
	image_number(&im, XEN_ELFNOTE_MOD_START_PFN, 1);
	build(&sod);
	load_context(&c, &f.m, &k, &l);
	si = at(c.ctrlreg[3], c.user_regs.rsi);
	cr_assert_eq(si->flags, SIF_MOD_START_PFN);
	cr_assert_eq(si->mod_start, l.ramdisk.pfn);
	cr_assert_eq(si->mod_len, 0x2000);
	cr_assert_eq(si->mfn_list, 0x8000000);
	cr_assert_eq(si->first_p2m_pfn, l.p2m.pfn);
	cr_assert_eq(si->nr_p2m_frames, 4 + l.map[1].tables.nr);
	for (uint64_t i = 0; i < NR_PAGES; i++)
		cr_assert_eq(*(uint64_t *)at(c.ctrlreg[3], si->mfn_list + i * 8), mfn_of(i));
	for (uint64_t va = l.virt_base; va < l.virt_end; va += 4096)
		cr_assert_eq(walk(c.ctrlreg[3], va) >> 12, mfn_of((va - l.virt_base) >> 12));
}

Test(builder_load, a_file_cut_short_is_an_error)
{
	image_good(&im);
	build(&sod);
	cr_assert_eq(ftruncate(im.fd, IMAGE_TEXT + 0x100), 0);
	cr_assert_eq(load_kernel(&f.m, &k, &l, &r), -EINVAL);
	cr_assert_not_null(strstr(error, "ends too early"));
	cr_assert_eq(f.left, 0);
}
