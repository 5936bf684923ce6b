/* SPDX-License-Identifier: MIT */
/*
 * Kernel files the builder must take, and those it must refuse with a reason.  What would break:
 * a kernel that lies in its headers would reach the loader, which trusts what is checked here.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/elfnote.h>

#include "libs/util/lowaddr.h"
#include "tests/unit/builder_image.h"
#include "toolstack/builder/builder.h"
#include "toolstack/builder/kernel.h"

static struct image im;

static void check(int want, const char *says)
{
	char error[256] = "";
	const char *path = image_save(&im);
	int got = pvn_kernel_check(path, error, sizeof(error));

	cr_assert_eq(got, want, "got %d (%s), want %d (%s)", got, error, want, says);
	if (want) {
		cr_assert_not_null(strstr(error, says), "\"%s\" does not say \"%s\"", error, says);
		cr_assert_eq(strncmp(error, path, strlen(path)), 0, "\"%s\" does not name the file", error);
		cr_assert_null(strchr(error, '\n'));
	}
	image_free(&im);
}

Test(builder_kernel, good_is_accepted)
{
	struct kernel k;
	char error[256];
	struct report r = { .text = error, .size = sizeof(error) };

	image_good(&im);
	check(0, "");
	cr_assert_eq(kernel_open(&k, image_save(&im), &r), 0);
	cr_assert_eq(k.nr_segments, 2);
	cr_assert_eq(k.phys_start, IMAGE_PHYS);
	cr_assert_eq(k.phys_end, IMAGE_PHYS + 0x6000);
	cr_assert_eq(k.virt_base, IMAGE_BASE);
	cr_assert_eq(k.entry, IMAGE_BASE + IMAGE_PHYS + 0x10);
	cr_assert_eq(k.hypercall_page, IMAGE_BASE + IMAGE_PHYS + 0x1000);
	cr_assert_not(k.notes.mod_start_pfn);
	kernel_close(&k);
	image_free(&im);
}

Test(builder_kernel, entry_falls_back_to_the_elf_header)
{
	struct kernel k;
	char error[256];
	struct report r = { .text = error, .size = sizeof(error) };

	image_bare(&im);
	image_string(&im, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	image_string(&im, XEN_ELFNOTE_GUEST_OS, "linux");
	image_number(&im, XEN_ELFNOTE_VIRT_BASE, IMAGE_BASE);
	cr_assert_eq(kernel_open(&k, image_save(&im), &r), 0, "%s", error);
	cr_assert_eq(k.entry, IMAGE_BASE + IMAGE_PHYS);
	cr_assert_eq(k.hypercall_page, NOTE_UNSET);
	kernel_close(&k);
	image_free(&im);
}

Test(builder_kernel, paddr_offset_is_subtracted)
{
	struct kernel k;
	char error[256];
	struct report r = { .text = error, .size = sizeof(error) };

	image_good(&im);
	image_number(&im, XEN_ELFNOTE_PADDR_OFFSET, IMAGE_BASE);
	image_phdr(&im, 0)->p_paddr += IMAGE_BASE;
	image_phdr(&im, 1)->p_paddr += IMAGE_BASE;
	cr_assert_eq(kernel_open(&k, image_save(&im), &r), 0, "%s", error);
	cr_assert_eq(k.phys_start, IMAGE_PHYS);
	kernel_close(&k);
	image_phdr(&im, 1)->p_paddr = 0x1000;
	check(-EINVAL, "below PADDR_OFFSET");
}

Test(builder_kernel, notes_in_a_section_are_found)
{
	Elf64_Shdr *sh;

	image_good(&im);
	image_phdr(&im, 2)->p_type = PT_GNU_STACK;
	check(-ENOEXEC, "without Xen notes");
	image_good(&im);
	image_phdr(&im, 2)->p_type = PT_GNU_STACK;
	sh = (Elf64_Shdr *)(im.b + im.size);
	sh[1] = (Elf64_Shdr){ .sh_type = SHT_NOTE, .sh_offset = IMAGE_NOTES, .sh_size = im.notes };
	image_ehdr(&im)->e_shoff = im.size;
	image_ehdr(&im)->e_shentsize = sizeof(*sh);
	image_ehdr(&im)->e_shnum = 2;
	im.size += 2 * sizeof(*sh);
	check(0, "");
	image_ehdr(&im)->e_shoff = UINT64_MAX - 8;
	check(-EINVAL, "section headers are outside");
}

Test(builder_kernel, what_is_not_a_kernel_is_named)
{
	image_bare(&im);
	check(-ENOEXEC, "without Xen notes");
	image_good(&im);
	im.size = 0;
	check(-ENOEXEC, "is empty");
	im.size = 40;
	check(-ENOEXEC, "not an ELF file");
	image_good(&im);
	memset(im.b, 'x', 64);
	check(-ENOEXEC, "not an ELF file");
	memcpy(im.b + 0x202, "HdrS", 4);
	check(-ENOEXEC, "bzImage");
	im.b[0x202] = 0;
	im.b[0] = 0x1f;
	im.b[1] = 0x8b;
	check(-ENOEXEC, "gzip-compressed");
	image_good(&im);
	im.b[EI_CLASS] = ELFCLASS32;
	check(-ENOEXEC, "64-bit x86");
	image_good(&im);
	image_ehdr(&im)->e_machine = EM_AARCH64;
	check(-ENOEXEC, "64-bit x86");
	image_good(&im);
	image_ehdr(&im)->e_type = ET_REL;
	check(-ENOEXEC, "not an executable");
}

Test(builder_kernel, path_errors_are_named)
{
	char error[256], fifo[] = "/tmp/builder-fifo.XXXXXX";

	cr_assert_eq(pvn_kernel_check("/nonexistent/kernel", error, sizeof(error)), -ENOENT);
	cr_assert_not_null(strstr(error, "/nonexistent/kernel: cannot open the kernel: No such file"));
	cr_assert_eq(pvn_kernel_check("/", error, sizeof(error)), -ENOEXEC);
	cr_assert_not_null(strstr(error, "not a regular file"));
	cr_assert_not_null(mkdtemp(fifo));
	rmdir(fifo);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	cr_assert_eq(pvn_kernel_check(fifo, error, sizeof(error)), -ENOEXEC, "a fifo must not block");
	unlink(fifo);
	/* A buffer too small for the sentence is cut, not overrun. */
	char tiny[8];
	cr_assert_eq(pvn_kernel_check("/nonexistent/kernel", tiny, sizeof(tiny)), -ENOENT);
	cr_assert_eq(strlen(tiny), 7);
}

Test(builder_kernel, headers_that_lie_are_refused)
{
	image_good(&im);
	image_ehdr(&im)->e_phnum = 0;
	check(-EINVAL, "0 program headers");
	image_ehdr(&im)->e_phnum = 0xffff;
	check(-EINVAL, "65535 program headers");
	image_good(&im);
	image_ehdr(&im)->e_phoff = UINT64_MAX - 10;
	check(-EINVAL, "program headers are outside");
	image_ehdr(&im)->e_phoff = im.size - 8;
	check(-EINVAL, "program headers are outside");
	image_good(&im);
	image_ehdr(&im)->e_phentsize = 8;
	check(-EINVAL, "program headers");
}

Test(builder_kernel, segments_that_lie_are_refused)
{
	image_good(&im);
	image_phdr(&im, 1)->p_filesz = 0x3001;
	check(-EINVAL, "larger in the file");
	image_good(&im);
	image_phdr(&im, 1)->p_offset = im.size - 0x7ff;
	check(-EINVAL, "outside the file");
	image_phdr(&im, 1)->p_offset = UINT64_MAX - 0x100;
	check(-EINVAL, "outside the file");
	image_good(&im);
	image_phdr(&im, 1)->p_paddr -= 1;
	check(-EINVAL, "overlap");
	image_phdr(&im, 1)->p_paddr = UINT64_MAX - 0x1000;
	check(-EINVAL, "beyond any domain's memory");
	image_good(&im);
	image_phdr(&im, 1)->p_memsz = UINT64_MAX;
	check(-EINVAL, "beyond any domain's memory");
	image_phdr(&im, 1)->p_memsz = (uint64_t)INT64_MIN;
	check(-EINVAL, "beyond any domain's memory");
	image_good(&im);
	image_phdr(&im, 0)->p_type = image_phdr(&im, 1)->p_type = PT_NULL;
	check(-EINVAL, "nothing to load");
}

Test(builder_kernel, addresses_outside_are_refused)
{
	image_good(&im);
	image_number(&im, XEN_ELFNOTE_ENTRY, IMAGE_BASE + IMAGE_PHYS + 0x6000);
	check(-EINVAL, "entry point");
	image_good(&im);
	image_number(&im, XEN_ELFNOTE_ENTRY, 0);
	check(-EINVAL, "entry point");
	image_good(&im);
	image_number(&im, XEN_ELFNOTE_HYPERCALL_PAGE, IMAGE_BASE + IMAGE_PHYS + 0x1001);
	check(-EINVAL, "HYPERCALL_PAGE");
	image_number(&im, XEN_ELFNOTE_HYPERCALL_PAGE, IMAGE_BASE + IMAGE_PHYS + 0x6000);
	check(-EINVAL, "HYPERCALL_PAGE");
	image_number(&im, XEN_ELFNOTE_HYPERCALL_PAGE, 0x1000);
	check(-EINVAL, "HYPERCALL_PAGE");
	image_good(&im);
	image_number(&im, XEN_ELFNOTE_VIRT_BASE, IMAGE_BASE + 8);
	check(-EINVAL, "page-aligned");
	image_number(&im, XEN_ELFNOTE_VIRT_BASE, ~0xfffULL);
	check(-EINVAL, "beyond the address space");
	image_good(&im);
	image_number(&im, XEN_ELFNOTE_INIT_P2M, IMAGE_BASE + IMAGE_PHYS + 0x1000);
	check(-EINVAL, "INIT_P2M");
}

Test(builder_kernel, notes_that_lie_are_refused)
{
	image_good(&im);
	image_phdr(&im, 2)->p_filesz = UINT64_MAX;
	check(-EINVAL, "notes are outside the file");
	image_phdr(&im, 2)->p_filesz = im.notes - 20;
	check(-EINVAL, "longer than its segment");
	image_good(&im);
	((Elf64_Nhdr *)(im.b + IMAGE_NOTES))->n_descsz = UINT32_MAX;
	check(-EINVAL, "longer than its segment");
	image_good(&im);
	((Elf64_Nhdr *)(im.b + IMAGE_NOTES))->n_namesz = UINT32_MAX - 1;
	check(-EINVAL, "longer than its segment");
	image_good(&im);
	image_note(&im, XEN_ELFNOTE_LOADER, "generic", 7);
	check(-EINVAL, "without an end");
	image_good(&im);
	image_note(&im, XEN_ELFNOTE_LOADER, "", 0);
	check(-EINVAL, "without an end");
	image_good(&im);
	image_note(&im, XEN_ELFNOTE_ENTRY, "abc", 3);
	check(-EINVAL, "number of 3 bytes");
}

Test(builder_kernel, kernels_for_others_are_refused)
{
	image_good(&im);
	image_string(&im, XEN_ELFNOTE_FEATURES, "!dom0");
	check(-EOPNOTSUPP, "control domain");
	image_good(&im);
	image_string(&im, XEN_ELFNOTE_FEATURES, "dom0|whatever|!writable_page_tables");
	check(0, "");
	image_string(&im, XEN_ELFNOTE_FEATURES, "!writable_page_table");
	check(-EOPNOTSUPP, "unknown feature \"writable_page_table\"");
	image_string(&im, XEN_ELFNOTE_FEATURES, "!");
	check(-EOPNOTSUPP, "unknown feature");
	image_good(&im);
	image_string(&im, XEN_ELFNOTE_XEN_VERSION, "xen-2.0");
	check(-ENOEXEC, "XEN_VERSION");
	image_good(&im);
	image_string(&im, XEN_ELFNOTE_LOADER, "special");
	check(-ENOEXEC, "LOADER");
	image_good(&im);
	image_string(&im, XEN_ELFNOTE_BSD_SYMTAB, "yes");
	check(-EOPNOTSUPP, "BSD_SYMTAB");
}

/* Root may have page 0, and then a kernel there is no error. */
static void drop_privilege(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	cr_assert_eq(syscall(SYS_capset, &head, none), 0);
}

Test(builder_kernel, addresses_no_process_has_are_refused)
{
	drop_privilege();
	image_bare(&im);
	image_string(&im, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	image_string(&im, XEN_ELFNOTE_LOADER, "generic");
	image_number(&im, XEN_ELFNOTE_ENTRY, IMAGE_PHYS);
	if (pvn_mmap_min_addr())
		check(-EOPNOTSUPP, "vm.mmap_min_addr");
	image_good(&im);
	image_number(&im, XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
	image_number(&im, XEN_ELFNOTE_ENTRY, 0xffffffff80000000 + IMAGE_PHYS);
	image_number(&im, XEN_ELFNOTE_HYPERCALL_PAGE, 0xffffffff80000000 + IMAGE_PHYS);
	check(-EOPNOTSUPP, "vm platform");
}
