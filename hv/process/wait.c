/* SPDX-License-Identifier: MIT */
/*
 * Process platform: waiting, waking the other side, and asking the machine.
 *
 * An idle vCPU first polls: a wake-up across CPUs costs 25 us here where a look at
 * memory costs nothing.  The window grows when events come soon after sleeping and
 * shrinks to nothing when they do not, or when the vCPU is seen to be preempted while it
 * polls: then somebody else needs the CPU.
 */
#include <asm/errno.h>
#include <linux/futex.h>
#include <linux/time_types.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>
#include <hv/process/process.h>
#include <hv/process/sys.h>

#define POLL_START_NS	10000UL
#define PREEMPTED_NS	20000UL		/* a gap this long between two looks */

/* 1 if something came in before `until`; *now is the time it is then. */
static int poll_inbound(struct pvn_vcpu *pv, uint64_t *now, uint64_t until, int *preempted)
{
	uint64_t last;

	do {
		unsigned int i;

		for (i = 0; i < 32; i++) {
			if (READ_ONCE(pv->inbound_sel) || READ_ONCE(pv->nmi) || READ_ONCE(pv->down)) {
				*now = now_ns();
				return 1;
			}
			__builtin_ia32_pause();
		}
		last = *now;
		*now = now_ns();
		*preempted = *now - last > PREEMPTED_NS;
	} while (*now < until && !*preempted);
	return READ_ONCE(pv->inbound_sel) != 0;
}

static void futex_sleep(struct pvn_vcpu *pv, uint64_t now, uint64_t until)
{
	uint32_t w = __atomic_load_n(&pv->wake, __ATOMIC_SEQ_CST);
	struct __kernel_timespec ts, *timeout = NULL;

	__atomic_store_n(&pv->run_state, PVN_VCPU_BLOCKED, __ATOMIC_SEQ_CST);
	smp_mb(); /* pairs with the waker's: bit first, then run_state */
	if (READ_ONCE(pv->inbound_sel) || guest_nmi_due() || READ_ONCE(pv->down))
		return;
	if (until) {
		if (now >= until)
			return;
		ts.tv_sec = (long long)((until - now) / 1000000000UL);
		ts.tv_nsec = (long long)((until - now) % 1000000000UL);
		timeout = &ts;
	}
	sys_futex(&pv->wake, FUTEX_WAIT, w, timeout);
}

static void adapt_window(uint64_t slept_ns)
{
	uint64_t max = READ_ONCE(header.poll_max_ns);

	if (slept_ns < max)
		vcpu.poll_window_ns = vcpu.poll_window_ns ? vcpu.poll_window_ns * 2 : POLL_START_NS;
	else
		vcpu.poll_window_ns = 0;
	if (vcpu.poll_window_ns > max)
		vcpu.poll_window_ns = max;
}

uint64_t platform_wait(uint64_t now, uint64_t until)
{
	struct pvn_vcpu *pv = &pvcpu(vcpu.id);
	uint32_t in_play = this_vcpu.in_play;
	uint64_t start = now, poll_until = now + vcpu.poll_window_ns;
	int preempted = 0, came = 0;

	tlb_leave_guest();
	if (vcpu.poll_window_ns) {
		if (until && until < poll_until)
			poll_until = until;
		/* No barrier: a waker that still sees RUNNING only sends a needless signal. */
		WRITE_ONCE(pv->run_state, PVN_VCPU_POLLING);
		came = poll_inbound(pv, &now, poll_until, &preempted);
		if (preempted)
			vcpu.poll_window_ns = 0;
	}
	if (!came && !(until && now >= until)) {
		futex_sleep(pv, now, until);
		now = now_ns();
		adapt_window(now - start);
	}
	WRITE_ONCE(pv->run_state, PVN_VCPU_RUNNING);
	smp_mb(); /* a waker that saw POLLING relies on the drain that follows */
	if (in_play)
		tlb_enter_guest();
	return now;
}

void platform_yield(void)
{
	sys3(__NR_sched_yield, 0, 0, 0);
}

void platform_interrupt(unsigned int v)
{
	uint32_t pid = READ_ONCE(this_domain.vcpu[v].pid);
	static struct pvn_request q;

	if (!pid)
		return;
	if (READ_ONCE(header.sibling_signals)) {
		sys3(__NR_tgkill, pid, pid, PVN_KICK_SIGNAL);
		return;
	}
	q.op = PVN_REQ_VCPU_KICK;
	q.a[0] = v;
	machine_call(&q, NULL);
}

/* The waker's side of struct pvn_vcpu. */
void platform_kick(unsigned int v)
{
	struct pvn_vcpu *pv = &pvcpu(v);

	smp_mb();
	switch (READ_ONCE(pv->run_state)) {
	case PVN_VCPU_RUNNING:
		if (!__atomic_exchange_n(&pv->kicked, 1, __ATOMIC_SEQ_CST))
			platform_interrupt(v);
		break;
	case PVN_VCPU_BLOCKED:
		platform_restart(v);
		break;
	}
}

void platform_rest(void)
{
	struct pvn_vcpu *pv = &pvcpu(vcpu.id);

	tlb_leave_guest();
	__atomic_store_n(&pv->run_state, PVN_VCPU_DOWN, __ATOMIC_SEQ_CST);
	for (;;) {
		uint32_t w = __atomic_load_n(&pv->wake, __ATOMIC_SEQ_CST);

		if (!__atomic_load_n(&pv->down, __ATOMIC_SEQ_CST))
			break;
		sys_futex(&pv->wake, FUTEX_WAIT, w, NULL);
	}
	__atomic_store_n(&pv->run_state, PVN_VCPU_RUNNING, __ATOMIC_SEQ_CST);
	smp_mb(); /* a waker that still saw DOWN relies on the drain that follows */
}

void platform_restart(unsigned int v)
{
	struct pvn_vcpu *pv = &pvcpu(v);

	__atomic_add_fetch(&pv->wake, 1, __ATOMIC_SEQ_CST);
	sys_futex(&pv->wake, FUTEX_WAKE, 1, NULL);
}

void platform_doorbell(unsigned int link)
{
	static const uint64_t one = 1;

	sys_write(PVN_FD_DOORBELL + link, &one, sizeof(one));
}

int platform_machine(const struct pvn_request *q, struct pvn_reply *rep)
{
	long n;

	do
		n = sys_write(PVN_FD_MACHINE, q, PVN_REQUEST_HEAD + q->len);
	while (n == -EINTR);
	if (n < 0)
		return -XEN_EIO;
	while (rep) {
		n = sys_read(PVN_FD_MACHINE, rep, sizeof(*rep));
		if (n == -EINTR)
			continue;
		if (n < (long)PVN_REPLY_HEAD || rep->len > PVN_DATA_MAX)
			return -XEN_EIO;
		if (rep->seq == q->seq)
			break;
	}
	return 0;
}

/* The domain is over; the machine ends the process.  If the machine is gone, so are we. */
void platform_stop(void)
{
	static struct pvn_reply rep;

	tlb_leave_guest();
	WRITE_ONCE(pvcpu(vcpu.id).run_state, PVN_VCPU_DOWN);
	for (;;) {
		long n = sys_read(PVN_FD_MACHINE, &rep, sizeof(rep));

		if (n == 0 || (n < 0 && n != -EINTR))
			sys_exit(0);
	}
}
