/* SPDX-License-Identifier: MIT */
/*
 * The hypercall ABI in one list.  Declarations and dispatch come from it (dispatch.h, dispatch.c), and with subops.h
 * the names in a trace (trace.c), paravane-hypercalls(7) (manual.awk) and what the conformance cases must cover.
 *
 * Tour: 8.  A row: X(name, arguments, served, brief).  The number is __HYPERVISOR_name of
 * <xen/xen.h>.  `served`: image = in the domain's own hv image; machine = the image checks
 * and asks paravaned; both; refused = an error to every domain without privilege.  The comment above a row is its
 * manual: sentences, each errno with its reason; `always 0' has no bad case.
 *
 * A hypercall without a row answers -ENOSYS and is logged, once per number and domain.
 */
#ifndef HYPERCALLS_TABLE_H
#define HYPERCALLS_TABLE_H

/* clang-format off */
#define HYPERCALL_TABLE(X) \
/* Replace trap handlers; a zero address ends the list; NULL clears all.  EFAULT, EINVAL (non-canonical address). */ \
X(set_trap_table,	"traps",			image,	 "set the virtual interrupt table") \
/* Batch of page-table entry and M2P updates; *success_count is always written.  See hypercalls/mmu.c. */ \
X(mmu_update,		"reqs, count, done, domid",	image,	 "update page-table entries") \
/* Frames of the descriptor table, and its entries (at most 7168); each frame becomes a descriptor page. \
 * EFAULT, EINVAL (too many, a frame mapped writable or with a descriptor nobody may have). */ \
X(set_gdt,		"frames, entries",		image,	 "set the global descriptor table") \
/* Stack on which traps from user mode arrive.  Always 0. */ \
X(stack_switch,		"ss, esp",			image,	 "set the kernel stack") \
/* Event, failsafe and syscall entry points; always 0, an address that is none is left out. */ \
X(set_callbacks,	"event, failsafe, syscall",	image,	 "set the entry points of the kernel") \
/* Set or clear the virtual CR0.TS.  Always 0. */ \
X(fpu_taskswitch,	"set",				image,	 "set CR0.TS") \
/* Control of the machine.  EFAULT, EACCES (interface version), EPERM: never for a guest. */ \
X(platform_op,		"op",				refused,	 "control the machine (refused)") \
X(sysctl,		"op",				refused,	 "control the hypervisor (refused)") \
X(domctl,		"op",				refused,	 "control domains (refused)") \
X(kexec_op,		"cmd, arg",			refused,	 "boot another kernel (refused)") \
X(hypfs_op,		"cmd, ...",			refused,	 "hypervisor file system (refused)") \
X(arch_0,		"arg",				refused,	 "machine checks (refused)") \
/* No performance counters.  EOPNOTSUPP. */ \
X(xenpmu_op,		"cmd, arg",			refused,	 "performance counters (not there)") \
/* Debug registers: stored, not armed.  set: ENODEV (no such register), EINVAL (upper bits), EPERM (hypervisor \
 * address, GD, I/O breakpoint without CR4.DE).  get: the value, or ENODEV. */ \
X(set_debugreg,		"reg, value",			image,	 "set a debug register") \
X(get_debugreg,		"reg",				image,	 "read a debug register") \
/* One descriptor by machine address: code, data, null and call gates.  EINVAL. */ \
X(update_descriptor,	"maddr, desc",			image,	 "update one descriptor") \
/* Queries; decrease and populate give frames back and take them.  EFAULT, EINVAL, EPERM, ESRCH, ENOSYS. */ \
X(memory_op,		"cmd, arg",			both,	 "memory reservation and maps") \
/* Entries one by one; each gets its own result.  EFAULT, EINVAL (nested). */ \
X(multicall,		"calls, count",			image,	 "several hypercalls in one") \
/* One L1 entry by address, with a flush.  EINVAL, EBUSY, EPERM. */ \
X(update_va_mapping,	"va, val, flags",		image,	 "update one mapping") \
/* The same with frames of another domain: for the privileged.  ESRCH, EPERM. */ \
X(update_va_mapping_otherdomain, "va, val, flags, domid", refused, "map a page of another domain") \
/* One-shot timer at an absolute system time; 0 stops it. */ \
X(set_timer_op,		"timeout",			image,	 "set the one-shot timer") \
/* Version, capabilities, features.  EFAULT, EINVAL, EPERM, ENOSYS. */ \
X(xen_version,		"cmd, arg",			image,	 "ask about the hypervisor") \
/* Write to the machine's console ring.  EFAULT, ENOSYS. */ \
X(console_io,		"cmd, count, buffer",		machine, "emergency console") \
/* The own table, and mapping, copying and transferring what others grant; status is in each structure. */ \
X(grant_table_op,	"cmd, uop, count",		both,	 "grant table") \
/* Enable or disable an assist.  EINVAL, ENOSYS. */ \
X(vm_assist,		"cmd, type",			image,	 "virtual machine assists") \
/* Return to the context on the stack; see hv/traps.c. */ \
X(iret,			"",				image,	 "return from a trap or event") \
/* Virtual CPU operations: timers, vcpu_info, run states.  ENOENT, EBUSY, EINVAL, ... */ \
X(vcpu_op,		"cmd, vcpuid, arg",		image,	 "virtual CPUs") \
/* FS and GS bases, or the user's GS selector (which never fails).  EINVAL (non-canonical, unknown). */ \
X(set_segment_base,	"which, base",			image,	 "set a segment base") \
/* Pin tables, load them, flush.  EINVAL, EPERM, EACCES, EOPNOTSUPP, ENOSYS; *done is always written. */ \
X(mmuext_op,		"ops, count, done, domid",	image,	 "extended paging operations") \
/* Yield, block, shut down, poll.  EFAULT, EINVAL, ENOSYS, EPERM. */ \
X(sched_op,		"cmd, arg",			both,	 "scheduling") \
/* Register entry points one by one; only the NMI callback can be unregistered.  EFAULT, EINVAL, ENOSYS. */ \
X(callback_op,		"cmd, arg",			image,	 "register entry points") \
/* The NMI callback the old way.  EFAULT, EINVAL, ENOSYS. */ \
X(nmi_op,		"cmd, arg",			image,	 "register the NMI callback") \
/* Ports: see <xen/event_channel.h>.  EFAULT, EINVAL, ENOSPC, EEXIST, ESRCH, EPERM, ENOSYS. */ \
X(event_channel_op,	"cmd, arg",			both,	 "event channels") \
/* What sched_op, event_channel_op and physdev_op were before Xen 3.0.2.  EFAULT, ENOSYS for a command of later. */ \
X(sched_op_compat,	"cmd, arg",			both,	 "scheduling, of old") \
/* The command is in the structure; else as event_channel_op. */ \
X(event_channel_op_compat, "op",			both,	 "event channels, of old") \
/* The command is in the structure; else as physdev_op. */ \
X(physdev_op_compat,	"op",				image,	 "privileged I/O state, of old") \
/* IOPL and the I/O bitmap of a kernel without devices.  EFAULT, EINVAL, EPERM, ENOSYS. */ \
X(physdev_op,		"cmd, arg",			image,	 "privileged I/O state")
/* clang-format on */

#endif
