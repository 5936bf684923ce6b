/* SPDX-License-Identifier: MIT */
/* The guest as the common part of the hypervisor sees it: entering it, its traps, its
 * events, its time. */
#ifndef HV_GUEST_H
#define HV_GUEST_H

#include <hv/hv.h>

/* The current vcpu_info: the shared_info slot, or where the guest registered it.  A
 * variable of its own because entry.S looks at it on every hypercall. */
extern struct vcpu_info *vcpu_info_ptr;
extern int platform_have_fsgsbase;

/* guest.c: start of day from the vcpu context in the page set. */
void guest_start(void) __attribute__((noreturn));

/* smp.c: VCPUOP_up and _down, of any vCPU */
struct vcpu_guest_context;
/* Of VCPUOP_initialise: reference what the context names, as Xen checks it.  0, -EINVAL. */
int guest_context_take(const struct vcpu_guest_context *c);
int smp_is_up(unsigned int v);
long smp_up(unsigned int v);
long smp_down(unsigned int v);
void smp_rest_if_down(void);	/* on the way to the guest: stay here until up */

/* What iretq takes from the stack. */
struct return_frame {
	uint64_t rip, cs, rflags, rsp, ss;
};

/* traps.c: vcpu.regs is the interrupted context; on return it is the handler's.
 * The frame is that of <xen/arch-x86/xen-x86_64.h>; a stack that cannot take it, or a
 * missing handler, crashes the domain as on Xen. */
#define NO_ERROR_CODE	(~0U)
void guest_trap(unsigned int vector, uint32_t error_code);
void guest_page_fault(uint64_t cr2, uint32_t error_code);
void guest_soft_int(unsigned int vector, unsigned int insn_bytes);
/* The context an iret of either kind goes to; one that cannot be gives the guest #GP there. */
void guest_return_to(const struct return_frame *f);
/* Take vcpu.regs from the struct iret_context at vcpu.regs.rsp. */
void guest_iret(void);
/* The same where a multicall asked for it (vcpu.iret_in_batch), with vcpu.regs complete. */
void guest_iret_in_batch(void);
/* A segment register cannot be loaded any more: the failsafe callback, with its own frame. */
struct data_selectors {
	uint16_t ds, es, fs, gs;
};
void guest_failsafe(const struct data_selectors *sel);
/* Make an NMI pending for this vCPU; delivered on the way out. */
void guest_nmi(void);
int guest_nmi_due(void);
/* SYSCALL in user mode. */
void guest_syscall(void);
/* What came in from outside: events, timers. */
void guest_take_in(void);
/* Deliver what is deliverable; vcpu.regs may become the upcall handler's. */
void guest_exit_work(void);

/* debugreg.c: 0, -ENODEV, -EINVAL, -EPERM */
int debugreg_set(unsigned int reg, uint64_t val);
int debugreg_get(unsigned int reg, uint64_t *val);

/* What a guest's control registers are before it changes what it may. */
#define GUEST_CR0	0x80050033UL
#define GUEST_CR4	0x00000660UL
#define XCR0_FP		1UL

/* emulate/: the instruction at vcpu.regs.rip whose #GP had this error code.  Returns 1 if vcpu.regs are
 * past it (or where its own fault goes), 0 if the fault is the guest's to handle. */
int emulate_privileged(uint32_t error_code);
/* The vCPU was away: are its segments still there? */
void segments_reload(void);
int emulate_forced(void);	/* ud2a;"xen" prefix */

/* evtchn.c: whichever ABI is in force. */
void evtchn_set_pending(uint32_t port);	/* for the vCPU it notifies */
void evtchn_drain(void);
int evtchn_pending_any(void);	/* an upcall is due: pending and not masked */
void evtchn_raise_virq(unsigned int virq);
int evtchn_send(uint32_t port);
int evtchn_port_valid(uint32_t port);	/* there is such a port, in use or not */
int evtchn_port_usable(uint32_t port);	/* and it is in use */
int evtchn_port_pending(uint32_t port);
void evtchn_port_unmask(uint32_t port);
void evtchn_port_clear(uint32_t port);	/* forget what came for it */
void evtchn_port_move(uint32_t port, unsigned int v);	/* it notifies v from now on */
void vcpu_nudge(unsigned int v);	/* have it look at what it waits for */

/* time.c: ns of system time. */
uint64_t now_ns(void);
void time_init(void);			/* of the domain */
void time_init_vcpu(void);
void time_update_vcpu(void);		/* fill vcpu_info.time */
void timers_run(void);			/* raise VIRQ_TIMER for what is due, if timer_due */
void timers_run_at(uint64_t now);	/* the same, for a caller who knows the time */
uint64_t timers_next(void);		/* 0 = none */
void timers_arm(void);
void runstate_change(int new_state, uint64_t now);
void runstate_publish(void);		/* to the area the guest registered, if it can be written just now */
void time_publish(void);		/* likewise */
void runstate_get(unsigned int v, struct vcpu_runstate_info *ri);

/* hypercall_page.c */
void hypercall_page_fill(void *page);

#endif
