/* SPDX-License-Identifier: MIT */
/* Entry points of the guest kernel: traps, callbacks, stack, segment bases, assists. */
#include <hypercalls/dispatch.h>
#include <hv/mm.h>
#include <hv/platform.h>
#include <xen/callback.h>
#include <xen/physdev.h>

#define MAX_TRAP_ENTRIES 4096	/* each vector many times over */

static int canonical(uint64_t va)
{
	return (va >> 47) == 0 || (va >> 47) == 0x1ffff;
}

long do_set_trap_table(uint64_t traps, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct trap_info t;
	unsigned int n;

	if (!traps) {
		memset(vcpu.traps, 0, sizeof(vcpu.traps));
		return 0;
	}
	for (n = 0; n < MAX_TRAP_ENTRIES; n++, traps += sizeof(t)) {
		if (copy_from_guest(&t, traps, sizeof(t)))
			return -XEN_EFAULT;
		if (!t.address)
			return 0;
		if (!canonical(t.address))
			return -XEN_EINVAL;
		vcpu.traps[t.vector] = (struct pv_trap){ t.address, t.cs, t.flags };
	}
	return -XEN_EINVAL; /* no end in sight; Xen would go on, preemptibly */
}

long do_stack_switch(uint64_t ss, uint64_t esp, uint64_t a3, uint64_t a4, uint64_t a5)
{
	vcpu.kernel_ss = ss | 3;
	vcpu.kernel_sp = esp;
	return 0;
}

long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall, uint64_t a4, uint64_t a5)
{
	if (canonical(event))
		vcpu.event_callback = event;
	if (canonical(failsafe))
		vcpu.failsafe_callback = failsafe;
	if (canonical(syscall))
		vcpu.syscall_callback = syscall;
	return 0;
}

static long callback_register(const struct callback_register *r)
{
	if (!canonical(r->address))
		return -XEN_EINVAL;
	switch (r->type) {
	case CALLBACKTYPE_event:
		vcpu.event_callback = r->address;
		return 0;
	case CALLBACKTYPE_failsafe:
		vcpu.failsafe_callback = r->address;
		vcpu.failsafe_masks_events = r->flags & CALLBACKF_mask_events;
		return 0;
	case CALLBACKTYPE_syscall:
		vcpu.syscall_callback = r->address;
		vcpu.syscall_masks_events = r->flags & CALLBACKF_mask_events;
		return 0;
	}
	return -XEN_ENOSYS;
}

long do_callback_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct callback_register r;

	cmd = (uint32_t)cmd;
	if (cmd == CALLBACKOP_unregister)
		return -XEN_EINVAL; /* only the NMI callback can go, and there is none */
	if (cmd != CALLBACKOP_register)
		return -XEN_ENOSYS;
	if (copy_from_guest(&r, arg, sizeof(r)))
		return -XEN_EFAULT;
	return callback_register(&r);
}

long do_fpu_taskswitch(uint64_t set, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	vcpu.cr0_ts = !!set;
	return 0;
}

long do_set_segment_base(uint64_t which, uint64_t base, uint64_t a3, uint64_t a4, uint64_t a5)
{
	if ((uint32_t)which != SEGBASE_GS_USER_SEL && !canonical(base))
		return -XEN_EINVAL;
	switch ((uint32_t)which) {
	case SEGBASE_FS:
		platform_set_segment_base(0, base);
		return 0;
	case SEGBASE_GS_KERNEL:
		platform_set_segment_base(1, base);
		return 0;
	case SEGBASE_GS_USER:
		vcpu.gs_base_user = base;
		return 0;
	case SEGBASE_GS_USER_SEL:
		return 0; /* a selector that cannot be loaded is no error here (Xen likewise) */
	}
	return -XEN_EINVAL;
}

long do_vm_assist(uint64_t cmd, uint64_t type, uint64_t a3, uint64_t a4, uint64_t a5)
{
	cmd = (uint32_t)cmd;
	type = (uint32_t)type;
	if (type > VMASST_TYPE_runstate_update_flag && type != VMASST_TYPE_m2p_strict)
		return -XEN_EINVAL;
	if (cmd == VMASST_CMD_enable)
		this_domain.vm_assist |= 1UL << type;
	else if (cmd == VMASST_CMD_disable)
		this_domain.vm_assist &= ~(1UL << type);
	else
		return -XEN_ENOSYS;
	return 0;
}

long do_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct physdev_set_iopl iopl;

	switch ((uint32_t)cmd) {
	case PHYSDEVOP_set_iopl:
		if (copy_from_guest(&iopl, arg, sizeof(iopl)))
			return -XEN_EFAULT;
		if (iopl.iopl > 3)
			return -XEN_EINVAL;
		vcpu.iopl = iopl.iopl;
		return 0;
	case PHYSDEVOP_set_iobitmap:
		return 0; /* no guest has a port of its own */
	case PHYSDEVOP_eoi:
	case PHYSDEVOP_irq_status_query:
		return -XEN_EPERM;
	}
	return -XEN_ENOSYS;
}
