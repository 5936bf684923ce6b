/* SPDX-License-Identifier: MIT */
/*
 * Reads a PV kernel: the ELF header, the load segments, the notes.  Called by build.c, and by
 * `xl create` before it makes a domain.  The file is hostile: it is read with bounded reads into
 * local buffers (never mapped, so a file cut short meanwhile is an error, not a SIGBUS), each
 * field is checked against the file's size before use.
 */
#include "toolstack/builder/kernel.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paravane/shared.h"

#define MAX_PHDRS	256
#define MAX_SHDRS	4096
#define MAX_NOTES	(64 * 1024)	/* bytes of one note segment */

int file_read(int fd, void *buf, size_t n, uint64_t off, struct report *r)
{
	char *at = buf;

	while (n > 0) {
		ssize_t got = pread(fd, at, n, (off_t)off);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return report_fail(r, -errno, "cannot read: %s", strerror(errno));
		if (got == 0)
			return report_fail(r, -EINVAL, "the file ends too early");
		at += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* off and n come from the file: is that range inside it? */
static bool in_file(const struct kernel *k, uint64_t off, uint64_t n)
{
	return n <= k->file_size && off <= k->file_size - n;
}

/* Kernels are shipped packed more often than not: say so instead of "not ELF". */
static int not_elf(const struct kernel *k, struct report *r)
{
	uint8_t head[6] = { 0 };
	char boot[4] = { 0 };

	if (k->file_size >= sizeof(head) && file_read(k->fd, head, sizeof(head), 0, r))
		return -EIO;
	if (k->file_size >= 0x206 && file_read(k->fd, boot, sizeof(boot), 0x202, r))
		return -EIO;
	if (!memcmp(boot, "HdrS", 4))
		return report_fail(r, -ENOEXEC,
				   "is a bzImage, not an ELF kernel; unpack it (extract-vmlinux) first");
	if (head[0] == 0x1f && head[1] == 0x8b)
		return report_fail(r, -ENOEXEC, "is gzip-compressed; unpack it (gunzip) first");
	if (!memcmp(head, "\xfd" "7zXZ", 6))
		return report_fail(r, -ENOEXEC, "is xz-compressed; unpack it (unxz) first");
	if (!memcmp(head, "\x28\xb5\x2f\xfd", 4))
		return report_fail(r, -ENOEXEC, "is zstd-compressed; unpack it (unzstd) first");
	return report_fail(r, -ENOEXEC, "is not an ELF file");
}

static int read_ehdr(struct kernel *k, Elf64_Ehdr *eh, struct report *r)
{
	int err;

	if (k->file_size < sizeof(*eh))
		return report_fail(r, -ENOEXEC, k->file_size ? "is not an ELF file" : "is empty");
	err = file_read(k->fd, eh, sizeof(*eh), 0, r);
	if (err)
		return err;
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG))
		return not_elf(k, r);
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB ||
	    eh->e_machine != EM_X86_64)
		return report_fail(r, -ENOEXEC, "is an ELF file, but not for 64-bit x86");
	if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
		return report_fail(r, -ENOEXEC, "is an ELF file, but not an executable");
	if (eh->e_phnum == 0 || eh->e_phnum > MAX_PHDRS)
		return report_fail(r, -EINVAL, "has %u program headers", eh->e_phnum);
	if (eh->e_phentsize != sizeof(Elf64_Phdr) ||
	    !in_file(k, eh->e_phoff, eh->e_phnum * sizeof(Elf64_Phdr)))
		return report_fail(r, -EINVAL, "its program headers are outside the file");
	return 0;
}

/* Notes of one segment or section; sizes as the file has them. */
static int read_notes(struct kernel *k, uint64_t off, uint64_t n, struct report *r)
{
	void *buf;
	int err;

	if (n == 0)
		return 0;
	if (!in_file(k, off, n))
		return report_fail(r, -EINVAL, "its ELF notes are outside the file");
	if (n > MAX_NOTES)
		return report_fail(r, -EINVAL, "its ELF notes have %" PRIu64 " bytes", n);
	buf = malloc(n);
	if (!buf)
		return report_fail(r, -ENOMEM, "out of memory");
	err = file_read(k->fd, buf, n, off, r);
	if (!err)
		err = kernel_notes_parse(&k->notes, buf, n, r);
	free(buf);
	return err;
}

/* Only asked when no program header led to a Xen note: some linkers keep the notes in a section
 * that no segment covers. */
static int read_section_notes(struct kernel *k, const Elf64_Ehdr *eh, struct report *r)
{
	Elf64_Shdr sh;
	int err = 0;

	if (eh->e_shnum == 0 || eh->e_shentsize != sizeof(sh))
		return 0;
	if (eh->e_shnum > MAX_SHDRS || !in_file(k, eh->e_shoff, eh->e_shnum * sizeof(sh)))
		return report_fail(r, -EINVAL, "its section headers are outside the file");
	for (unsigned i = 0; !err && i < eh->e_shnum; i++) {
		err = file_read(k->fd, &sh, sizeof(sh), eh->e_shoff + i * sizeof(sh), r);
		if (!err && sh.sh_type == SHT_NOTE)
			err = read_notes(k, sh.sh_offset, sh.sh_size, r);
	}
	return err;
}

static int add_segment(struct kernel *k, const Elf64_Phdr *ph, struct report *r)
{
	struct kernel_segment *s = &k->segment[k->nr_segments];

	if (ph->p_memsz == 0 || !(ph->p_flags & (PF_R | PF_W | PF_X)))
		return 0;
	if (k->nr_segments == KERNEL_MAX_SEGMENTS)
		return report_fail(r, -EINVAL, "has more than %u load segments", KERNEL_MAX_SEGMENTS);
	if (ph->p_filesz > ph->p_memsz)
		return report_fail(r, -EINVAL, "load segment %u is larger in the file than in memory",
				   k->nr_segments);
	if (!in_file(k, ph->p_offset, ph->p_filesz))
		return report_fail(r, -EINVAL, "load segment %u lies outside the file", k->nr_segments);
	/* p_paddr stays as the file has it until PADDR_OFFSET is known. */
	*s = (struct kernel_segment){ .phys = ph->p_paddr, .memsz = ph->p_memsz,
				      .offset = ph->p_offset, .filesz = ph->p_filesz };
	k->nr_segments++;
	return 0;
}

static int read_phdrs(struct kernel *k, const Elf64_Ehdr *eh, struct report *r)
{
	Elf64_Phdr ph;
	int err;

	for (unsigned i = 0; i < eh->e_phnum; i++) {
		err = file_read(k->fd, &ph, sizeof(ph), eh->e_phoff + i * sizeof(ph), r);
		if (!err && ph.p_type == PT_LOAD)
			err = add_segment(k, &ph, r);
		else if (!err && ph.p_type == PT_NOTE)
			/* p_filesz, not p_memsz: GRUB's note segment has memsz 0. */
			err = read_notes(k, ph.p_offset, ph.p_filesz, r);
		if (err)
			return err;
	}
	if (k->notes.seen == 0)
		return read_section_notes(k, eh, r);
	return 0;
}

/* p_paddr -> physical, extent, overlaps. */
static int place_segments(struct kernel *k, struct report *r)
{
	if (k->nr_segments == 0)
		return report_fail(r, -EINVAL, "has nothing to load");
	k->phys_start = UINT64_MAX;
	for (unsigned i = 0; i < k->nr_segments; i++) {
		struct kernel_segment *s = &k->segment[i];

		if (s->phys < k->notes.paddr_offset)
			return report_fail(r, -EINVAL, "load segment %u lies below PADDR_OFFSET", i);
		s->phys -= k->notes.paddr_offset;
		if (s->phys >= KERNEL_MAX_PHYS || s->memsz > KERNEL_MAX_PHYS - s->phys)
			return report_fail(r, -EINVAL,
					   "load segment %u ends beyond any domain's memory", i);
		for (unsigned j = 0; j < i; j++) {
			const struct kernel_segment *o = &k->segment[j];

			if (s->phys < o->phys + o->memsz && o->phys < s->phys + s->memsz)
				return report_fail(r, -EINVAL, "load segments %u and %u overlap", j, i);
		}
		if (s->phys < k->phys_start)
			k->phys_start = s->phys;
		if (s->phys + s->memsz > k->phys_end)
			k->phys_end = s->phys + s->memsz;
	}
	return 0;
}

static int check_notes(struct kernel *k, struct report *r)
{
	const struct kernel_notes *n = &k->notes;

	if (n->seen == 0)
		return report_fail(r, -ENOEXEC, "is an ELF file without Xen notes, not a PV kernel");
	if (!n->generic_loader && !n->linux_os)
		return report_fail(r, -ENOEXEC, "its LOADER note is not \"generic\"");
	if (!n->xen_3)
		return report_fail(r, -ENOEXEC, "its XEN_VERSION note is not \"xen-3.0\"");
	if (n->bsd_symtab)
		return report_fail(r, -EOPNOTSUPP,
				   "asks for its symbol table in memory (BSD_SYMTAB), which is not offered");
	return 0;
}

/* The notes' addresses against the segments.  VIRT_BASE + physical must be an address. */
static int check_addresses(struct kernel *k, const Elf64_Ehdr *eh, struct report *r)
{
	const struct kernel_notes *n = &k->notes;
	uint64_t start, end;

	k->virt_base = n->virt_base;
	if (k->virt_base & (PVN_PAGE_SIZE - 1))
		return report_fail(r, -EINVAL, "its VIRT_BASE %#" PRIx64 " is not page-aligned",
				   k->virt_base);
	if (k->virt_base > UINT64_MAX - k->phys_end)
		return report_fail(r, -EINVAL, "it ends beyond the address space");
	start = k->virt_base + k->phys_start;
	end = k->virt_base + k->phys_end;
	k->entry = n->entry == NOTE_UNSET ? eh->e_entry : n->entry;
	if (k->entry < start || k->entry >= end)
		return report_fail(r, -EINVAL, "its entry point %#" PRIx64 " is outside what it loads",
				   k->entry);
	k->hypercall_page = n->hypercall_page;
	if (k->hypercall_page != NOTE_UNSET &&
	    (k->hypercall_page & (PVN_PAGE_SIZE - 1) || k->hypercall_page < start ||
	     k->hypercall_page >= end))
		return report_fail(r, -EINVAL, "its HYPERCALL_PAGE %#" PRIx64
				   " is not a page of what it loads", k->hypercall_page);
	if (n->init_p2m != NOTE_UNSET && n->init_p2m >= start && n->init_p2m < end)
		return report_fail(r, -EINVAL, "its INIT_P2M lies inside the kernel");
	return 0;
}

int kernel_open(struct kernel *k, const char *path, struct report *r)
{
	Elf64_Ehdr eh;
	struct stat st;
	int err;

	*k = (struct kernel){ .path = path, .fd = -1 };
	r->path = path;
	kernel_notes_init(&k->notes);
	/* O_NONBLOCK: a fifo must be an error, not a wait. */
	k->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (k->fd < 0)
		return report_fail(r, -errno, "cannot open the kernel: %s", strerror(errno));
	err = fstat(k->fd, &st) ? -errno : 0;
	if (err)
		report_fail(r, err, "cannot read: %s", strerror(-err));
	else if (!S_ISREG(st.st_mode))
		err = report_fail(r, -ENOEXEC, "the kernel is not a regular file");
	k->file_size = err ? 0 : (uint64_t)st.st_size;
	err = err ?: read_ehdr(k, &eh, r);
	err = err ?: read_phdrs(k, &eh, r);
	err = err ?: check_notes(k, r);
	err = err ?: place_segments(k, r);
	err = err ?: check_addresses(k, &eh, r);
	if (err)
		kernel_close(k);
	return err;
}

void kernel_close(struct kernel *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}
