/* SPDX-License-Identifier: MIT */
/* What a static ELF64 program asks for, checked. Host-tested (tests/unit/guest_elf.c). */
#ifndef PV_ELF_H
#define PV_ELF_H

#include <pv/types.h>

#define ELF_SEGMENTS_MAX	16U
#define ELF_PHDRS_MAX		64U
#define ELF_HEADER_BYTES	64U
#define ELF_PHDR_BYTES		56U

struct elf_segment {
	uint64_t start, end;		/* of its pages */
	uint64_t offset;		/* in the file, of start: a multiple of the page size */
	uint64_t file_end;		/* contents end here, zeroes follow */
	uint32_t prot;
};

struct elf_image {
	bool moves;			/* position independent */
	uint64_t entry;
	uint64_t phdr_va;		/* where the program headers are in memory, 0 = nowhere */
	uint32_t phnum;
	uint64_t phoff;
	uint64_t low, high;		/* all pages lie in [low, high) */
	unsigned int nr_segments;
	struct elf_segment segment[ELF_SEGMENTS_MAX];
};

/* The file header: fills moves, entry, phoff, phnum. 0 or -ENOEXEC. */
int elf_parse_header(const void *header, size_t bytes, struct elf_image *image);
/* The program headers; bytes = phnum * ELF_PHDR_BYTES. 0, -ENOEXEC, -ELIBBAD (it wants an
 * interpreter: not a static program). */
int elf_parse_phdrs(const void *phdrs, uint64_t file_size, struct elf_image *image);

#endif
