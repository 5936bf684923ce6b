/* SPDX-License-Identifier: MIT */
/*
 * ELF64 programs: the headers are data from a file and may say anything. What comes out is page
 * aligned, in order, without overlaps, and inside the addresses user memory may have.
 */
#include <pv/elf.h>
#include <pv/errno.h>
#include <pv/string.h>
#include <pv/user_mm.h>

#define ET_EXEC		2
#define ET_DYN		3
#define EM_X86_64	62
#define PT_LOAD		1
#define PT_INTERP	3
#define PT_PHDR		6
#define PF_X		1U
#define PF_W		2U
#define PF_R		4U
#define IMAGE_MAX	(1UL << 32)

struct ehdr {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct ehdr) == ELF_HEADER_BYTES, "ELF header");

struct phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct phdr) == ELF_PHDR_BYTES, "program header");

int elf_parse_header(const void *header, size_t bytes, struct elf_image *image)
{
	static const uint8_t ident[7] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	struct ehdr h;

	memset(image, 0, sizeof(*image));
	if (bytes < sizeof(h))
		return -ENOEXEC;
	memcpy(&h, header, sizeof(h));
	if (memcmp(h.ident, ident, sizeof(ident)) != 0 || h.machine != EM_X86_64 ||
	    (h.type != ET_EXEC && h.type != ET_DYN))
		return -ENOEXEC;
	if (h.phentsize != sizeof(struct phdr) || h.phnum == 0 || h.phnum > ELF_PHDRS_MAX)
		return -ENOEXEC;
	image->moves = h.type == ET_DYN;
	image->entry = h.entry;
	image->phoff = h.phoff;
	image->phnum = h.phnum;
	return 0;
}

static int add_segment(struct elf_image *image, const struct phdr *p, uint64_t file_size)
{
	struct elf_segment *s = &image->segment[image->nr_segments];
	uint64_t end, file_end, skew = p->vaddr & (PAGE_SIZE - 1);

	if (p->memsz == 0)
		return 0;
	if (image->nr_segments == ELF_SEGMENTS_MAX || p->filesz > p->memsz ||
	    (p->offset & (PAGE_SIZE - 1)) != skew || p->memsz > IMAGE_MAX ||
	    p->offset > file_size || p->filesz > file_size - p->offset ||
	    __builtin_add_overflow(p->vaddr, p->memsz, &end) || end > USER_END)
		return -ENOEXEC;
	file_end = p->vaddr + p->filesz;
	*s = (struct elf_segment){ .start = p->vaddr & PAGE_MASK,
				   .end = ROUND_UP(end, PAGE_SIZE),
				   .offset = p->offset - skew,
				   .file_end = p->filesz == 0 ? 0 : file_end };
	s->prot = (p->flags & PF_R ? PROT_READ : 0) | (p->flags & PF_W ? PROT_WRITE : 0) |
		  (p->flags & PF_X ? PROT_EXEC : 0);
	/* In order, and no page belongs to two. */
	if (image->nr_segments > 0 && s->start < image->segment[image->nr_segments - 1].end)
		return -ENOEXEC;
	if (p->offset <= image->phoff && image->phoff - p->offset < p->filesz)
		image->phdr_va = p->vaddr + (image->phoff - p->offset);
	image->nr_segments++;
	return 0;
}

int elf_parse_phdrs(const void *phdrs, uint64_t file_size, struct elf_image *image)
{
	int rc = 0;

	for (uint32_t i = 0; i < image->phnum && rc == 0; i++) {
		struct phdr p;

		memcpy(&p, (const char *)phdrs + i * sizeof(p), sizeof(p));
		if (p.type == PT_INTERP)
			return -ELIBBAD;
		if (p.type == PT_LOAD)
			rc = add_segment(image, &p, file_size);
	}
	if (rc != 0)
		return rc;
	if (image->nr_segments == 0)
		return -ENOEXEC;
	image->low = image->segment[0].start;
	image->high = image->segment[image->nr_segments - 1].end;
	if (image->high - image->low > IMAGE_MAX || image->entry < image->low ||
	    image->entry >= image->high)
		return -ENOEXEC;
	if (!image->moves && !user_range_ok(image->low, image->high - image->low))
		return -ENOEXEC;
	return 0;
}
