/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls, through the page the hypervisor filled. Each returns what Xen returns: 0 or
 * more, or a negative Xen errno. The argument registers come back undefined.
 */
#ifndef PV_HYPERCALL_H
#define PV_HYPERCALL_H

#include <pv/types.h>
#include <xen/xen.h>
#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define HYPERCALL_STUB(nr) "call hypercall_page + 32 * %c[" #nr "]"

#define hypercall2(op, a1, a2) ({						\
	long hc_ret;								\
	unsigned long hc_1 = (unsigned long)(a1), hc_2 = (unsigned long)(a2);	\
	__asm__ volatile(HYPERCALL_STUB(nr) : "=a"(hc_ret), "+D"(hc_1), "+S"(hc_2) \
			 : [nr] "i"(op) : "memory", "rdx", "r10", "r8");	\
	hc_ret; })

#define hypercall3(op, a1, a2, a3) ({						\
	long hc_ret;								\
	unsigned long hc_1 = (unsigned long)(a1), hc_2 = (unsigned long)(a2);	\
	unsigned long hc_3 = (unsigned long)(a3);				\
	__asm__ volatile(HYPERCALL_STUB(nr) : "=a"(hc_ret), "+D"(hc_1), "+S"(hc_2), "+d"(hc_3) \
			 : [nr] "i"(op) : "memory", "r10", "r8");		\
	hc_ret; })

#define hypercall4(op, a1, a2, a3, a4) ({					\
	long hc_ret;								\
	unsigned long hc_1 = (unsigned long)(a1), hc_2 = (unsigned long)(a2);	\
	unsigned long hc_3 = (unsigned long)(a3);				\
	register unsigned long hc_4 __asm__("r10") = (unsigned long)(a4);	\
	__asm__ volatile(HYPERCALL_STUB(nr) : "=a"(hc_ret), "+D"(hc_1), "+S"(hc_2), "+d"(hc_3), \
			 "+r"(hc_4) : [nr] "i"(op) : "memory", "r8");		\
	hc_ret; })

#define HYPERVISOR_set_trap_table(table)	hypercall2(__HYPERVISOR_set_trap_table, table, 0)
#define HYPERVISOR_set_callbacks(ev, failsafe)	hypercall3(__HYPERVISOR_set_callbacks, ev, failsafe, 0)
#define HYPERVISOR_callback_op(cmd, arg)	hypercall2(__HYPERVISOR_callback_op, cmd, arg)
#define HYPERVISOR_mmu_update(req, n, done, dom) hypercall4(__HYPERVISOR_mmu_update, req, n, done, dom)
#define HYPERVISOR_mmuext_op(op, n, done, dom)	hypercall4(__HYPERVISOR_mmuext_op, op, n, done, dom)
#define HYPERVISOR_update_va_mapping(va, pte, flags) \
	hypercall3(__HYPERVISOR_update_va_mapping, va, pte, flags)
#define HYPERVISOR_multicall(calls, n)		hypercall2(__HYPERVISOR_multicall, calls, n)
#define HYPERVISOR_memory_op(cmd, arg)		hypercall2(__HYPERVISOR_memory_op, cmd, arg)
#define HYPERVISOR_xen_version(cmd, arg)	hypercall2(__HYPERVISOR_xen_version, cmd, arg)
#define HYPERVISOR_console_io(cmd, n, buf)	hypercall3(__HYPERVISOR_console_io, cmd, n, buf)
#define HYPERVISOR_grant_table_op(cmd, arg, n)	hypercall3(__HYPERVISOR_grant_table_op, cmd, arg, n)
#define HYPERVISOR_event_channel_op(cmd, arg)	hypercall2(__HYPERVISOR_event_channel_op, cmd, arg)
#define HYPERVISOR_sched_op(cmd, arg)		hypercall2(__HYPERVISOR_sched_op, cmd, arg)
#define HYPERVISOR_vcpu_op(cmd, vcpu, arg)	hypercall3(__HYPERVISOR_vcpu_op, cmd, vcpu, arg)
#define HYPERVISOR_stack_switch(ss, sp)		hypercall2(__HYPERVISOR_stack_switch, ss, sp)
#define HYPERVISOR_set_segment_base(which, base) hypercall2(__HYPERVISOR_set_segment_base, which, base)
#define HYPERVISOR_set_timer_op(ns)		hypercall2(__HYPERVISOR_set_timer_op, ns, 0)

extern char hypercall_page[];

#endif
