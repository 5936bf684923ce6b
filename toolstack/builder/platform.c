/* SPDX-License-Identifier: MIT */
/*
 * Which kernels the process platform can run: those whose addresses a host process can have.
 * The guest gets [0, PVN_GUEST_END) of the process, less what vm.mmap_min_addr keeps back from
 * users without privilege.  Other kernels (stock Linux in the upper half; as an ordinary user,
 * GRUB at 0) need the vm platform.
 */
#include <errno.h>
#include <inttypes.h>

#include "libs/util/lowaddr.h"
#include "paravane/shared.h"
#include "toolstack/builder/kernel.h"

int kernel_platform_check(const struct kernel *k, uint64_t mapped_end, struct report *r)
{
	uint64_t min = pvn_lowest_address();

	if (k->virt_base < min)
		return report_fail(r, -EOPNOTSUPP,
				   "is linked at address %#" PRIx64 ", below %#" PRIx64
				   ", the lowest this user's processes can have (vm.mmap_min_addr); "
				   "run Paravane as root, or use the vm platform", k->virt_base, min);
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
