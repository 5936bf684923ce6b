/* SPDX-License-Identifier: MIT */
/* Dispatch by the table; multicall, which dispatches again. */
#include <hypercalls/dispatch.h>
#include <hv/guest.h>
#include <hv/mm.h>

#define NR_HYPERCALLS	64

typedef long hypercall_fn(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

static hypercall_fn *const handlers[NR_HYPERCALLS] = {
#define X(name, args, served, brief) [__HYPERVISOR_##name] = do_##name,
	HYPERCALL_TABLE(X)
#undef X
};

static long absent(uint64_t nr, uint64_t a1)
{
	static uint64_t traced;
	uint64_t bit = 1UL << (nr < NR_HYPERCALLS ? nr : NR_HYPERCALLS - 1);

	if (header.trace || !(traced & bit)) {
		traced |= bit;
		machine_log("hypercall %lu (%#lx, ...) is not there: -ENOSYS", nr, a1);
	}
	return -XEN_ENOSYS;
}

long hypercall_dispatch(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
			uint64_t nr)
{
	if (unlikely(nr >= NR_HYPERCALLS || !handlers[nr]))
		return absent(nr, a1);
	if (unlikely(header.trace)) {
		long ret = handlers[nr](a1, a2, a3, a4, a5);

		hypercall_trace(nr, a1, ret);
		return ret;
	}
	return handlers[nr](a1, a2, a3, a4, a5);
}

/* The page's stub and a bare SYSCALL of its number never come here: their entry code takes the frame.
 * This is the iret of a batch.  It ends the batch; the frame is taken when the multicall returns, with
 * the registers complete. */
long do_iret(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	vcpu.iret_in_batch = 1;
	hv_exit_work = 1;
	return 0;
}

int hypercall_preempt_check(void)
{
	return hv_exit_work || evtchn_pending_any();
}

long hypercall_continue(uint64_t nr, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	vcpu.again = (struct hypercall_again){ .active = 1, .nr = nr, .arg = { a1, a2, a3, a4 } };
	hv_exit_work = 1; /* leave by the slow path, where hypercall_restart() is called */
	return 0;
}

int hypercall_restart(uint64_t insn)
{
	if (!vcpu.again.active)
		return 0;
	vcpu.again.active = 0;
	vcpu.regs.rip = insn;
	vcpu.regs.rax = vcpu.again.nr;
	vcpu.regs.rdi = vcpu.again.arg[0];
	vcpu.regs.rsi = vcpu.again.arg[1];
	vcpu.regs.rdx = vcpu.again.arg[2];
	vcpu.regs.r10 = vcpu.again.arg[3];
	return 1;
}

/* An entry that stopped half-way: the guest's list says how it goes on. */
static int multicall_rewrite(uint64_t entry)
{
	struct multicall_entry e;

	if (copy_from_guest(&e, entry, sizeof(e)))
		return -XEN_EFAULT;
	e.op = vcpu.again.nr;
	memcpy(e.args, vcpu.again.arg, sizeof(vcpu.again.arg));
	return copy_to_guest(entry, &e, sizeof(e));
}

long do_multicall(uint64_t calls, uint64_t count, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct multicall_entry e;
	uint64_t i;
	long rc = 0;

	if (vcpu.in_multicall)
		return -XEN_EINVAL;
	count = (uint32_t)count;
	if (!guest_handle_ok(calls) || !guest_handle_ok(calls + count * sizeof(e)))
		return -XEN_EFAULT;
	vcpu.in_multicall = 1;
	for (i = 0; i < count; i++, calls += sizeof(e)) {
		if (i && hypercall_preempt_check()) {
			rc = hypercall_continue(__HYPERVISOR_multicall, calls, count - i, 0, 0);
			break;
		}
		rc = copy_from_guest(&e, calls, sizeof(e));
		if (rc)
			break;
		e.result = (xen_ulong_t)hypercall_dispatch(e.args[0], e.args[1], e.args[2], e.args[3],
							   e.args[4], e.op);
		if (vcpu.again.active) {
			rc = multicall_rewrite(calls);
			if (!rc)
				hypercall_continue(__HYPERVISOR_multicall, calls, count - i, 0, 0);
			else
				vcpu.again.active = 0;
			break;
		}
		rc = copy_to_guest(calls + offsetof(struct multicall_entry, result), &e.result,
				   sizeof(e.result));
		if (vcpu.iret_in_batch) {
			vcpu.iret_result_va = calls + offsetof(struct multicall_entry, result);
			rc = 0;
		}
		if (rc || vcpu.iret_in_batch)
			break;
	}
	vcpu.in_multicall = 0;
	return rc;
}
