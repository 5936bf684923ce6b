/* SPDX-License-Identifier: MIT */
/*
 * Time: system time from the TSC by the machine's parameters, the guest's pvclock and
 * wall clock (<xen/xen.h>, struct vcpu_time_info), its timers, and run states.
 */
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>

#define PERIODIC_DEFAULT_NS	10000000UL	/* Xen presets 100 Hz until the guest stops it */

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

uint64_t now_ns(void)
{
	const struct pvn_clock *c = &header.clock;
	uint64_t d = rdtsc() - c->tsc_base;

	d = c->tsc_shift < 0 ? d >> -c->tsc_shift : d << c->tsc_shift;
	return (uint64_t)(((unsigned __int128)d * c->tsc_to_system_mul) >> 32);
}

/* version is odd while the rest changes (barriers pair with the guest's read loop). */
void time_update_vcpu(void)
{
	struct vcpu_time_info *t = &vcpu_info_ptr->time;

	WRITE_ONCE(t->version, t->version | 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	t->tsc_timestamp = header.clock.tsc_base;
	t->system_time = 0;
	t->tsc_to_system_mul = header.clock.tsc_to_system_mul;
	t->tsc_shift = (int8_t)header.clock.tsc_shift;
	t->flags = XEN_PVCLOCK_TSC_STABLE_BIT;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(t->version, t->version + 1);
}

void time_init(void)
{
	struct shared_info *s = &shared_info_page;

	s->wc_version = 1;
	s->wc_sec = (uint32_t)header.clock.wc_sec;
	s->wc_sec_hi = (uint32_t)(header.clock.wc_sec >> 32);
	s->wc_nsec = header.clock.wc_nsec;
	s->wc_version = 2;
	time_update_vcpu();
	vcpu.state_since_ns = now_ns();
	memcpy(vcpu.runstate_time, pvcpu(vcpu.id).runstate_time, sizeof(vcpu.runstate_time));
	vcpu.periodic_ns = PERIODIC_DEFAULT_NS;
	vcpu.periodic_next_ns = vcpu.state_since_ns + PERIODIC_DEFAULT_NS;
	timers_arm();
}

uint64_t timers_next(void)
{
	uint64_t a = vcpu.singleshot_ns, b = this_domain.virq_port[vcpu.id][VIRQ_TIMER] ? vcpu.periodic_next_ns : 0;

	return !a || (b && b < a) ? b : a;
}

void timers_arm(void)
{
	uint64_t next = timers_next();

	if (next && (!vcpu.armed_ns || next < vcpu.armed_ns)) {
		vcpu.armed_ns = next;
		platform_set_timer(next);
	}
}

void timers_run(void)
{
	if (!vcpu.timer_due)
		return;
	vcpu.timer_due = 0;
	vcpu.armed_ns = 0; /* the host timer is spent, even if our clock says it was early */
	timers_run_at(now_ns());
}

void timers_run_at(uint64_t now)
{
	uint64_t next = timers_next();

	if (vcpu.armed_ns <= now)
		vcpu.armed_ns = 0;
	if (!next)
		return;
	if (next > now) {
		timers_arm();
		return;
	}
	if (vcpu.singleshot_ns && vcpu.singleshot_ns <= now)
		vcpu.singleshot_ns = 0;
	if (vcpu.periodic_next_ns && vcpu.periodic_next_ns <= now) {
		uint64_t missed = (now - vcpu.periodic_next_ns) / vcpu.periodic_ns;

		vcpu.periodic_next_ns += (missed + 1) * vcpu.periodic_ns;
	}
	evtchn_raise_virq(VIRQ_TIMER);
	timers_arm();
}

/* A copy of vcpu_info.time by the same rule.  It holds for ever: once written it is done with. */
void time_publish(void)
{
	struct vcpu_time_info t = vcpu_info_ptr->time;
	uint64_t at = vcpu.time_va;

	if (!at)
		return;
	t.version |= 1;
	if (copy_to_guest(at, &t, sizeof(t)))
		return;
	barrier();
	t.version++;
	copy_to_guest(at, &t.version, sizeof(t.version));
	vcpu.time_va = 0;
}

void runstate_publish(void)
{
	const uint64_t entry_time_va = vcpu.runstate_va + offsetof(struct vcpu_runstate_info, state_entry_time);
	int flagged = !!(this_domain.vm_assist & 1UL << VMASST_TYPE_runstate_update_flag);
	struct vcpu_runstate_info ri;

	if (!vcpu.runstate_va)
		return;
	memset(&ri, 0, sizeof(ri));
	ri.state = RUNSTATE_running;
	ri.state_entry_time = vcpu.state_since_ns | (flagged ? XEN_RUNSTATE_UPDATE : 0);
	memcpy(ri.time, vcpu.runstate_time, sizeof(ri.time));
	if (flagged) {
		copy_to_guest(entry_time_va, &ri.state_entry_time, sizeof(uint64_t));
		barrier(); /* stores are seen in order: update is said first, and taken back last */
	}
	if (copy_to_guest(vcpu.runstate_va, &ri, sizeof(ri)) || !flagged)
		return; /* unmapped just now: the next change tries again */
	barrier();
	ri.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
	copy_to_guest(entry_time_va, &ri.state_entry_time, sizeof(uint64_t));
}

/* The state being left is charged; the guest sees its own record when it runs again. */
void runstate_change(int new_state, uint64_t now)
{
	int old = new_state == RUNSTATE_running ? RUNSTATE_blocked : RUNSTATE_running;

	vcpu.runstate_time[old] += now - vcpu.state_since_ns;
	vcpu.state_since_ns = now;
	memcpy(pvcpu(vcpu.id).runstate_time, vcpu.runstate_time, sizeof(vcpu.runstate_time));
	if (new_state == RUNSTATE_running) {
		runstate_publish();
		time_publish();
	}
}
