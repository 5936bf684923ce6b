/* SPDX-License-Identifier: MIT */
/*
 * The guest kernel's reading of ELF programs. Headers come from a file: one that is believed too
 * far maps a program over the kernel, or reads beyond the file.
 */
#include <criterion/criterion.h>
#include <pv/elf.h>
#include <pv/errno.h>
#include <pv/user_mm.h>
#include <elf.h>
#include <string.h>

#define FILE_SIZE 0x5000UL

static Elf64_Ehdr eh;
static Elf64_Phdr ph[3];
static struct elf_image image;

static void good(void)
{
	memset(&eh, 0, sizeof(eh));
	memset(ph, 0, sizeof(ph));
	memcpy(eh.e_ident, "\177ELF\2\1\1", 7);
	eh.e_type = ET_EXEC;
	eh.e_machine = EM_X86_64;
	eh.e_entry = 0x401000;
	eh.e_phoff = 64;
	eh.e_phentsize = sizeof(ph[0]);
	eh.e_phnum = 3;
	ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x400000,
			      .p_filesz = 0x1234, .p_memsz = 0x1234 };
	ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = 0x2100,
			      .p_vaddr = 0x403100, .p_filesz = 0x100, .p_memsz = 0x3000 };
	ph[2] = (Elf64_Phdr){ .p_type = PT_GNU_STACK };
}

static int parse(void)
{
	int rc = elf_parse_header(&eh, sizeof(eh), &image);

	return rc ? rc : elf_parse_phdrs(ph, FILE_SIZE, &image);
}

bool user_range_ok(uint64_t start, uint64_t bytes)
{
	uint64_t end;

	if (__builtin_add_overflow(start, bytes, &end))
		return false;
	return start >= USER_HIGH ? end <= USER_END : start >= USER_LOW_START && end <= USER_LOW_END;
}

Test(guest_elf, segments_are_pages_with_their_contents)
{
	good();
	cr_assert_eq(parse(), 0);
	cr_expect_eq(image.nr_segments, 2);
	cr_expect_eq(image.segment[0].start, 0x400000);
	cr_expect_eq(image.segment[0].end, 0x402000);
	cr_expect_eq(image.segment[0].prot, PROT_READ | PROT_EXEC);
	cr_expect_eq(image.segment[1].start, 0x403000);
	cr_expect_eq(image.segment[1].end, 0x407000);
	cr_expect_eq(image.segment[1].offset, 0x2000);
	cr_expect_eq(image.segment[1].file_end, 0x403200);
	cr_expect_eq(image.phdr_va, 0x400040);
	cr_expect_eq(image.low, 0x400000);
	cr_expect_eq(image.high, 0x407000);
}

#define REFUSED(change) do { good(); change; cr_expect_lt(parse(), 0, #change); } while (0)

Test(guest_elf, what_cannot_be_is_refused)
{
	REFUSED(eh.e_ident[0] = 0);
	REFUSED(eh.e_ident[4] = ELFCLASS32);
	REFUSED(eh.e_machine = EM_386);
	REFUSED(eh.e_type = ET_REL);
	REFUSED(eh.e_phentsize = 32);
	REFUSED(eh.e_phnum = 0);
	REFUSED(eh.e_phnum = 65);
	REFUSED(eh.e_entry = 0x500000);
	REFUSED(ph[0].p_filesz = 0x2000);			/* more than memsz */
	REFUSED(ph[1].p_offset = FILE_SIZE);			/* beyond the file */
	REFUSED(ph[1].p_offset = ~0xeffUL);
	REFUSED(ph[1].p_offset = 0x2101);			/* not the address's place in a page */
	REFUSED(ph[1].p_vaddr = 0x401100);			/* a page of two segments */
	REFUSED(ph[1].p_vaddr = 0xffffffffffffe100);		/* wraps */
	REFUSED(ph[1].p_memsz = 1UL << 40);
	REFUSED(ph[0].p_vaddr = 0);				/* the null page */
	REFUSED(ph[1].p_vaddr = 0x10100100);			/* the kernel's own addresses */
}

Test(guest_elf, a_dynamic_program_is_told_apart)
{
	good();
	ph[2].p_type = PT_INTERP;
	cr_expect_eq(parse(), -ELIBBAD);
}

Test(guest_elf, a_position_independent_program_may_begin_at_zero)
{
	good();
	eh.e_type = ET_DYN;
	eh.e_entry = 0x1000;
	ph[0].p_vaddr = 0;
	ph[1].p_vaddr = 0x3100;
	cr_assert_eq(parse(), 0);
	cr_expect(image.moves);
	cr_expect_eq(image.low, 0);
	cr_expect_eq(image.high, 0x7000);
}
