/* SPDX-License-Identifier: MIT */
/*
 * The domain builder: turns a PV kernel file into a domain that is ready for its first unpause.
 *
 * Called by xl between createdomain and unpausedomain.  The kernel and the ramdisk are files of
 * the operator but their content is nobody's: every header, note and size in them is checked
 * before it is used, and a bad one is an error that names the file.  Nothing here trusts the
 * domain, which has not run yet; the domain's frames must be freshly populated, so they read zero.
 */
#ifndef PVN_BUILDER_H
#define PVN_BUILDER_H

#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>

struct pvn_ctl;

struct pvn_build {
	/* in */
	const char *kernel;		/* path */
	const char *ramdisk;		/* path, or NULL */
	const char *cmdline;		/* or NULL; at most 1023 bytes */
	uint64_t nr_pages;		/* memory of the domain in 4 KiB frames */
	const xen_pfn_t *p2m;		/* nr_pages mfns as XENMEM_populate_physmap gave them for pfn 0..;
					 * NULL: the builder populates the domain itself */
	uint16_t domid;
	uint32_t store_port;		/* unbound ports of the domain, remote domain 0 */
	uint32_t console_port;
	unsigned vcpus;			/* already set by XEN_DOMCTL_max_vcpus */
	/* out */
	uint64_t store_mfn;
	uint64_t console_mfn;
	char error[512];		/* on failure: one sentence, no newline, names the file at fault */
};

/*
 * Read and check a kernel without a domain: is it an ELF64 PV kernel, are its headers and notes
 * sound, can this platform run it.  To be called before any domain is made.
 * Returns 0; or -errno with one sentence naming the file in error[n]: -errno of open/read,
 * -ENOEXEC not a PV kernel, -EINVAL its headers lie, -EOPNOTSUPP it needs what this platform lacks.
 */
int pvn_kernel_check(const char *path, char *error, size_t n);

/*
 * Build domain b->domid: memory, kernel, ramdisk, p2m, start_info, page tables, grants 0 and 1,
 * hypercall page, registers of vCPU 0.  The domain must exist, paused and never run, with its
 * vCPUs and memory ceiling set and its two ports allocated.
 * Returns 0; or -errno with b->error set: as pvn_kernel_check, -ENOMEM the domain is too small
 * for kernel, ramdisk and page tables or the host has not the memory, or -errno of a hypercall.
 * A failed domain is the caller's to destroy.
 */
int pvn_build_domain(struct pvn_ctl *ctl, struct pvn_build *b);

#endif
