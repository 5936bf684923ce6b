/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel file, read and checked: what is to be loaded where, and what its Xen notes ask.
 *
 * Addresses: the ELF file has p_paddr; "physical" here is the guest's pseudo-physical address
 * p_paddr - PADDR_OFFSET, so pfn = physical >> 12, and a byte at physical p is seen by the kernel
 * at VIRT_BASE + p.  p_vaddr is never used (Linux has per-cpu data at p_vaddr 0).
 *
 * After kernel_open succeeds all of this holds for every segment: filesz <= memsz, the bytes are
 * inside the file as it was then, no sum overflows, and no two segments overlap.
 */
#ifndef PVN_BUILDER_KERNEL_H
#define PVN_BUILDER_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "toolstack/builder/report.h"

#define KERNEL_MAX_SEGMENTS	64
#define KERNEL_MAX_PHYS		(1ULL << 46)	/* 64 TiB: what a 64-bit PV domain can have */
#define NOTE_UNSET		UINT64_MAX

/* The Xen notes that decide something (numbers: xen/elfnote.h). */
struct kernel_notes {
	unsigned seen;		/* Xen notes found, of any type */
	uint64_t entry;
	uint64_t hypercall_page;
	uint64_t virt_base;
	uint64_t paddr_offset;
	uint64_t init_p2m;
	uint64_t hv_start_low;
	bool mod_start_pfn;
	bool bsd_symtab;
	bool generic_loader;	/* LOADER starts with "generic" */
	bool linux_os;		/* GUEST_OS starts with "linux" */
	bool xen_3;		/* XEN_VERSION starts with "xen-3.0" */
};

struct kernel_segment {
	uint64_t phys;		/* where it goes */
	uint64_t memsz;
	uint64_t offset;	/* in the file */
	uint64_t filesz;
};

struct kernel {
	const char *path;
	int fd;
	uint64_t file_size;
	unsigned nr_segments;
	struct kernel_segment segment[KERNEL_MAX_SEGMENTS];
	uint64_t phys_start;	/* lowest and one past the highest byte of all segments */
	uint64_t phys_end;
	uint64_t virt_base;
	uint64_t entry;		/* virtual */
	uint64_t hypercall_page; /* virtual, NOTE_UNSET if none */
	struct kernel_notes notes;
};

/* Parse one block of ELF notes (p of n bytes, as in a PT_NOTE segment) into *notes, which starts
 * from kernel_notes_init.  Notes of other owners are skipped.  0, -EINVAL lies, -EOPNOTSUPP. */
void kernel_notes_init(struct kernel_notes *notes);
int kernel_notes_parse(struct kernel_notes *notes, const void *p, size_t n, struct report *r);

/* Open and check a kernel; on failure nothing stays open.  Errors as pvn_kernel_check, except
 * that what the platform can run is not looked at. */
int kernel_open(struct kernel *k, const char *path, struct report *r);
void kernel_close(struct kernel *k);

/* Can the process platform give this kernel the addresses it is linked at?  mapped_end is one
 * past the last virtual address the builder would map.  0 or -EOPNOTSUPP. */
int kernel_platform_check(const struct kernel *k, uint64_t mapped_end, struct report *r);

/* Read exactly n bytes at off; a file that ends early is -EINVAL "ends too early". */
int file_read(int fd, void *buf, size_t n, uint64_t off, struct report *r);

#endif
