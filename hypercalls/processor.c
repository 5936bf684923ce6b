/* SPDX-License-Identifier: MIT */
/* The virtual processor's registers: debug registers, CR0.TS, segment bases; and assists. */
#include <hypercalls/dispatch.h>
#include <hv/descriptor.h>
#include <hv/guest.h>
#include <hv/platform.h>

static int canonical(uint64_t va)
{
	return (va >> 47) == 0 || (va >> 47) == 0x1ffff;
}

long do_set_debugreg(uint64_t reg, uint64_t val, uint64_t a3, uint64_t a4, uint64_t a5)
{
	return debugreg_set((uint32_t)reg, val);
}

long do_get_debugreg(uint64_t reg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t val = 0;
	int rc = debugreg_get((uint32_t)reg, &val);

	return rc ? rc : (long)val;
}

long do_fpu_taskswitch(uint64_t set, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	vcpu.cr0_ts = !!(uint32_t)set;
	return 0;
}

/* The user's GS selector: its base comes from the descriptor.  One that cannot be loaded is no
 * error here, it is a null one (Linux would die of an error). */
static void set_gs_user_selector(uint16_t sel)
{
	unsigned int vector;
	uint32_t error_code;
	uint64_t d;

	if (sel > 3)
		sel |= 3;
	vcpu.gs_base_user = 0;
	if (sel > 3 && selector_data_ok(sel, &vector, &error_code) && descriptor_read(sel, &d))
		vcpu.gs_base_user = descriptor_base(d);
}

long do_set_segment_base(uint64_t which, uint64_t base, uint64_t a3, uint64_t a4, uint64_t a5)
{
	which = (uint32_t)which;
	if (which == SEGBASE_GS_USER_SEL) {
		set_gs_user_selector((uint16_t)base);
		return 0;
	}
	if (which > SEGBASE_GS_USER_SEL || !canonical(base))
		return -XEN_EINVAL;
	if (which == SEGBASE_GS_USER)
		vcpu.gs_base_user = base;
	else
		platform_set_segment_base(which == SEGBASE_GS_KERNEL, base);
	return 0;
}

#define VM_ASSIST_VALID	(1UL << VMASST_TYPE_4gb_segments | 1UL << VMASST_TYPE_4gb_segments_notify | \
			 1UL << VMASST_TYPE_writable_pagetables | 1UL << VMASST_TYPE_pae_extended_cr3 | \
			 1UL << VMASST_TYPE_architectural_iopl | \
			 1UL << VMASST_TYPE_runstate_update_flag | 1UL << VMASST_TYPE_m2p_strict)

long do_vm_assist(uint64_t cmd, uint64_t type, uint64_t a3, uint64_t a4, uint64_t a5)
{
	type = (uint32_t)type;
	if (type >= 64 || !(VM_ASSIST_VALID >> type & 1))
		return -XEN_EINVAL;
	switch ((uint32_t)cmd) {
	case VMASST_CMD_enable:
		__atomic_fetch_or(&this_domain.vm_assist, 1UL << type, __ATOMIC_SEQ_CST);
		return 0;
	case VMASST_CMD_disable:
		__atomic_fetch_and(&this_domain.vm_assist, ~(1UL << type), __ATOMIC_SEQ_CST);
		return 0;
	}
	return -XEN_ENOSYS;
}
