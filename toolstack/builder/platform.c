/* SPDX-License-Identifier: MIT */
/*
 * Which kernels the process platform can run: those whose addresses a host process can have.
 * The guest gets [0x10000, PVN_GUEST_END) of the process, less where vm.mmap_min_addr is higher.
 * Other kernels (stock Linux in the upper half, GRUB at 0) need the vm platform.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "paravane/shared.h"
#include "toolstack/builder/kernel.h"

#define GUEST_START	0x10000ULL	/* what the hv image keeps free below the guest */

static uint64_t host_min_addr(void)
{
	FILE *f = fopen("/proc/sys/vm/mmap_min_addr", "re");
	uint64_t min = 0;

	if (!f)
		return GUEST_START;
	if (fscanf(f, "%" SCNu64, &min) != 1)
		min = GUEST_START;
	fclose(f);
	return min;
}

int kernel_platform_check(const struct kernel *k, uint64_t mapped_end, struct report *r)
{
	uint64_t min = host_min_addr();

	if (min < GUEST_START)
		min = GUEST_START;
	if (k->virt_base < min)
		return report_fail(r, -EOPNOTSUPP,
				   "is linked at address %#" PRIx64 ", below %#" PRIx64
				   ", the lowest a host process can offer (vm.mmap_min_addr); "
				   "such a kernel needs the vm platform", k->virt_base, min);
	if (k->virt_base >= PVN_GUEST_END || mapped_end > PVN_GUEST_END || mapped_end < k->virt_base)
		return report_fail(r, -EOPNOTSUPP,
				   "is linked at address %#" PRIx64 ", above %#lx, the highest "
				   "a host process can offer; such a kernel needs the vm platform",
				   k->virt_base, PVN_GUEST_END);
	if (k->notes.init_p2m != NOTE_UNSET && k->notes.init_p2m < min)
		return report_fail(r, -EOPNOTSUPP, "its INIT_P2M %#" PRIx64 " is below %#" PRIx64
				   ", the lowest a host process can offer", k->notes.init_p2m, min);
	return 0;
}
