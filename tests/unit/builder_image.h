/* SPDX-License-Identifier: MIT */
/*
 * PV kernel files made up for the builder's unit tests: a small good one, to be bent by each test.
 * The file is a memfd and its path /proc/self/fd/N, so nothing is left on disk.
 */
#ifndef BUILDER_IMAGE_H
#define BUILDER_IMAGE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAX	(64 * 1024)
#define IMAGE_TEXT	0x1000		/* file offset of the first segment's bytes */
#define IMAGE_NOTES	0x400		/* file offset of the notes */
#define IMAGE_BASE	0x10000000ULL	/* VIRT_BASE */
#define IMAGE_PHYS	0x100000ULL	/* p_paddr of the first segment */

struct image {
	uint8_t b[IMAGE_MAX];
	size_t size;
	size_t notes;		/* bytes of notes so far */
	int fd;
	char path[64];
};

/* Two load segments (0x3000 bytes of text, then 0x800 bytes with 0x2800 more of bss), one note
 * segment; notes XEN_VERSION, LOADER, VIRT_BASE, ENTRY, HYPERCALL_PAGE, FEATURES. */
void image_good(struct image *im);
/* The same without any note; add what the test wants. */
void image_bare(struct image *im);
void image_number(struct image *im, uint32_t type, uint64_t value);
void image_string(struct image *im, uint32_t type, const char *s);
void image_note(struct image *im, uint32_t type, const void *desc, uint32_t size);
Elf64_Ehdr *image_ehdr(struct image *im);
Elf64_Phdr *image_phdr(struct image *im, unsigned i);	/* 0, 1 load; 2 notes */
/* Write the file out; returns its path. */
const char *image_save(struct image *im);
void image_free(struct image *im);

#endif
