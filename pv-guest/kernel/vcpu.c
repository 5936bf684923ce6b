/* SPDX-License-Identifier: MIT */
/* A vCPU's vcpu_info, moved from shared_info into struct cpu where the hypervisor can. */
#include <pv/boot.h>
#include <pv/cpu.h>
#include <pv/hypercall.h>
#include <pv/mm.h>

void vcpu_info_init(struct cpu *c)
{
	struct vcpu_register_vcpu_info reg = {
		.mfn = virt_to_mfn((void *)((unsigned long)&c->info_area & PAGE_MASK)),
		.offset = (unsigned long)&c->info_area & (PAGE_SIZE - 1),
	};

	c->info_area.evtchn_upcall_mask = 1;
	if (HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_info, c->id, &reg) == 0)
		c->info = &c->info_area;
}
