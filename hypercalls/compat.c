/* SPDX-License-Identifier: MIT */
/*
 * The calls that kernels of before Xen 3.0.2 make: the command is in the structure, or the argument is no structure.
 * Each is its successor's; the command is copied once, the successor copies its own argument.
 */
#include <hypercalls/dispatch.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <xen/event_channel.h>
#include <xen/physdev.h>
#include <xen/sched.h>

long do_sched_op_compat(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	switch ((uint32_t)cmd) {
	case SCHEDOP_yield:
	case SCHEDOP_block:
		return do_sched_op(cmd, 0, 0, 0, 0);
	case SCHEDOP_shutdown:
		domain_shutdown((uint8_t)arg);
	}
	return -XEN_ENOSYS;
}

long do_event_channel_op_compat(uint64_t uop, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct evtchn_op op;

	if (copy_from_guest(&op, uop, sizeof(op)))
		return -XEN_EFAULT;
	if (op.cmd > EVTCHNOP_unmask)
		return -XEN_ENOSYS;
	return do_event_channel_op(op.cmd, uop + offsetof(struct evtchn_op, u), 0, 0, 0);
}

long do_physdev_op_compat(uint64_t uop, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct physdev_op op;

	if (copy_from_guest(&op, uop, sizeof(op)))
		return -XEN_EFAULT;
	switch (op.cmd) {
	case PHYSDEVOP_irq_status_query:
	case PHYSDEVOP_set_iopl:
	case PHYSDEVOP_set_iobitmap:
	case PHYSDEVOP_apic_read:
	case PHYSDEVOP_apic_write:
	case PHYSDEVOP_alloc_irq_vector:
		return do_physdev_op(op.cmd, uop + offsetof(struct physdev_op, u), 0, 0, 0);
	}
	return -XEN_ENOSYS;
}
