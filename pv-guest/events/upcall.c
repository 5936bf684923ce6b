/* SPDX-License-Identifier: MIT */
/*
 * The event upcall: which channels are pending, and their handlers.
 *
 * Tour: guest 6. Runs on the interrupted thread's stack with events masked. Ours is the 2-level
 * layout: evtchn_pending_sel names words of shared_info.evtchn_pending. A word holds ports of several
 * vCPUs, and each takes only its own. The flag is cleared before the selector is read, so an event
 * that comes later raises a new upcall.
 */
#include <pv/boot.h>
#include <pv/event.h>
#include <pv/event_internal.h>
#include <pv/thread_struct.h>
#include <pv/trap.h>

static void word_drain(struct cpu *c, unsigned int word)
{
	uint64_t bits = ((volatile struct shared_info *)&shared_info)->evtchn_pending[word] &
			~((volatile struct shared_info *)&shared_info)->evtchn_mask[word] & c->ports[word];

	while (bits != 0) {
		unsigned int bit = __builtin_ctzl(bits);

		bits &= bits - 1;
		__atomic_fetch_and(&shared_info.evtchn_pending[word], ~(1UL << bit),
				   __ATOMIC_SEQ_CST);
		evtchn_deliver(word * 64 + bit);
	}
}

void upcall_dispatch(struct trap_frame *f)
{
	struct cpu *c = this_cpu();

	c->upcalls++;
	c->in_upcall = true;
	do {
		uint64_t sel;

		c->info->evtchn_upcall_pending = 0;
		sel = __atomic_exchange_n((uint64_t *)&c->info->evtchn_pending_sel, 0,
					  __ATOMIC_SEQ_CST);
		while (sel != 0) {
			word_drain(c, __builtin_ctzl(sel));
			sel &= sel - 1;
		}
	} while (c->info->evtchn_upcall_pending);
	c->in_upcall = false;
	if (c->need_resched && current()->preempt_count == 0)
		schedule(true);
}
