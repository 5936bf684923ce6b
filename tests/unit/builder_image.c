/* SPDX-License-Identifier: MIT */
/* Made-up PV kernels; see builder_image.h. */
#define _GNU_SOURCE
#include "tests/unit/builder_image.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/elfnote.h>

Elf64_Ehdr *image_ehdr(struct image *im)
{
	return (Elf64_Ehdr *)im->b;
}

Elf64_Phdr *image_phdr(struct image *im, unsigned i)
{
	return (Elf64_Phdr *)(im->b + sizeof(Elf64_Ehdr)) + i;
}

void image_bare(struct image *im)
{
	memset(im, 0, sizeof(*im));
	im->fd = -1;
	im->size = IMAGE_TEXT + 0x3800;
	memcpy(image_ehdr(im)->e_ident, ELFMAG, SELFMAG);
	image_ehdr(im)->e_ident[EI_CLASS] = ELFCLASS64;
	image_ehdr(im)->e_ident[EI_DATA] = ELFDATA2LSB;
	image_ehdr(im)->e_machine = EM_X86_64;
	image_ehdr(im)->e_type = ET_EXEC;
	image_ehdr(im)->e_entry = IMAGE_BASE + IMAGE_PHYS;
	image_ehdr(im)->e_phoff = sizeof(Elf64_Ehdr);
	image_ehdr(im)->e_phentsize = sizeof(Elf64_Phdr);
	image_ehdr(im)->e_phnum = 3;
	*image_phdr(im, 0) = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = IMAGE_TEXT,
		.p_vaddr = 0, .p_paddr = IMAGE_PHYS, .p_filesz = 0x3000, .p_memsz = 0x3000 };
	*image_phdr(im, 1) = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = IMAGE_TEXT + 0x3000,
		.p_vaddr = 0, .p_paddr = IMAGE_PHYS + 0x3000, .p_filesz = 0x800, .p_memsz = 0x3000 };
	*image_phdr(im, 2) = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_flags = PF_R, .p_offset = IMAGE_NOTES };
	for (size_t i = IMAGE_TEXT; i < im->size; i++)
		im->b[i] = (uint8_t)(i * 7 + 1);
}

void image_note(struct image *im, uint32_t type, const void *desc, uint32_t size)
{
	Elf64_Nhdr h = { .n_namesz = 4, .n_descsz = size, .n_type = type };
	uint8_t *p = im->b + IMAGE_NOTES + im->notes;

	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), "Xen", 4);
	memcpy(p + sizeof(h) + 4, desc, size);
	im->notes += sizeof(h) + 4 + ((size + 3) & ~3U);
	image_phdr(im, 2)->p_filesz = im->notes;
}

void image_number(struct image *im, uint32_t type, uint64_t value)
{
	image_note(im, type, &value, sizeof(value));
}

void image_string(struct image *im, uint32_t type, const char *s)
{
	image_note(im, type, s, (uint32_t)strlen(s) + 1);
}

void image_good(struct image *im)
{
	image_bare(im);
	image_string(im, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	image_string(im, XEN_ELFNOTE_LOADER, "generic");
	image_number(im, XEN_ELFNOTE_VIRT_BASE, IMAGE_BASE);
	image_number(im, XEN_ELFNOTE_ENTRY, IMAGE_BASE + IMAGE_PHYS + 0x10);
	image_number(im, XEN_ELFNOTE_HYPERCALL_PAGE, IMAGE_BASE + IMAGE_PHYS + 0x1000);
	image_string(im, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb");
}

const char *image_save(struct image *im)
{
	if (im->fd >= 0)
		close(im->fd);
	im->fd = memfd_create("kernel", MFD_CLOEXEC);
	if (im->fd < 0 || write(im->fd, im->b, im->size) != (ssize_t)im->size)
		return NULL;
	snprintf(im->path, sizeof(im->path), "/proc/self/fd/%d", im->fd);
	return im->path;
}

void image_free(struct image *im)
{
	if (im->fd >= 0)
		close(im->fd);
	im->fd = -1;
}
