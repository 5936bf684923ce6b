/* SPDX-License-Identifier: MIT */
/* Entry points of the guest kernel: the trap table, the callbacks, NMI, the kernel stack. */
#include <hypercalls/dispatch.h>
#include <hv/mm.h>
#include <xen/callback.h>
#include <xen/nmi.h>

#define MAX_TRAP_ENTRIES 4096	/* each vector many times over */
#define TRAP_MASKS_EVENTS 4	/* struct trap_info flags: TI_SET_IF */

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
		vcpu.traps[t.vector] = (struct pv_trap){ t.address, t.cs | 3, t.flags };
	}
	return -XEN_EINVAL; /* no end in sight; Xen would go on, preemptibly */
}

long do_stack_switch(uint64_t ss, uint64_t esp, uint64_t a3, uint64_t a4, uint64_t a5)
{
	vcpu.kernel_ss = ss | 3;
	vcpu.kernel_sp = esp;
	return 0;
}

/* The NMI callback is the trap table's vector 2. */
static long nmi_register(uint64_t address)
{
	if (!canonical(address))
		return -XEN_EINVAL;
	vcpu.traps[TRAP_NMI] = (struct pv_trap){ address, FLAT_KERNEL_CS, TRAP_MASKS_EVENTS };
	return 0;
}

static long nmi_unregister(void)
{
	vcpu.traps[TRAP_NMI] = (struct pv_trap){ 0 };
	return 0;
}

static long callback_register(const struct callback_register *r)
{
	uint32_t masks = r->flags & CALLBACKF_mask_events;

	if (!canonical(r->address))
		return -XEN_EINVAL;
	switch (r->type) {
	case CALLBACKTYPE_event:
		vcpu.event_callback = r->address;
		return 0;
	case CALLBACKTYPE_failsafe:
		vcpu.failsafe_callback = r->address;
		vcpu.failsafe_masks_events = masks;
		return 0;
	case CALLBACKTYPE_syscall:
		vcpu.syscall_callback = r->address;
		vcpu.syscall_masks_events = masks;
		return 0;
	case CALLBACKTYPE_syscall32:
		vcpu.syscall32_callback = r->address;
		vcpu.syscall32_masks_events = masks;
		return 0;
	case CALLBACKTYPE_sysenter:
		vcpu.sysenter_callback = r->address;
		vcpu.sysenter_masks_events = masks;
		return 0;
	case CALLBACKTYPE_nmi:
		return nmi_register(r->address);
	}
	return -XEN_ENOSYS;
}

long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall, uint64_t a4, uint64_t a5)
{
	const struct callback_register all[] = {
		{ .type = CALLBACKTYPE_event, .address = event },
		{ .type = CALLBACKTYPE_failsafe, .address = failsafe },
		{ .type = CALLBACKTYPE_syscall, .address = syscall },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		callback_register(&all[i]);
	return 0;
}

static long callback_unregister(uint16_t type)
{
	switch (type) {
	case CALLBACKTYPE_event:
	case CALLBACKTYPE_failsafe:
	case CALLBACKTYPE_syscall:
	case CALLBACKTYPE_syscall32:
	case CALLBACKTYPE_sysenter:
		return -XEN_EINVAL;
	case CALLBACKTYPE_nmi:
		return nmi_unregister();
	}
	return -XEN_ENOSYS;
}

long do_callback_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct callback_register r;
	struct callback_unregister u;

	switch ((uint32_t)cmd) {
	case CALLBACKOP_register:
		return copy_from_guest(&r, arg, sizeof(r)) ? -XEN_EFAULT : callback_register(&r);
	case CALLBACKOP_unregister:
		return copy_from_guest(&u, arg, sizeof(u)) ? -XEN_EFAULT : callback_unregister(u.type);
	}
	return -XEN_ENOSYS;
}

long do_nmi_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xennmi_callback cb;

	switch ((uint32_t)cmd) {
	case XENNMI_register_callback:
		return copy_from_guest(&cb, arg, sizeof(cb)) ? -XEN_EFAULT : nmi_register(cb.handler_address);
	case XENNMI_unregister_callback:
		return nmi_unregister();
	}
	return -XEN_ENOSYS;
}
