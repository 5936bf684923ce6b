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
}

/* The vCPU has been offline since the machine gave the domain its clock. */
void time_init_vcpu(void)
{
	struct vcpu_public *p = &this_vcpu;
	uint64_t now = now_ns();

	time_update_vcpu();
	runstate_change(RUNSTATE_running, now);
	p->periodic_ns = PERIODIC_DEFAULT_NS;
	p->periodic_next_ns = now + PERIODIC_DEFAULT_NS;
	timers_arm();
}

uint64_t timers_next(void)
{
	uint64_t a = vcpu.singleshot_ns, b = this_domain.virq_port[vcpu.id][VIRQ_TIMER] ? this_vcpu.periodic_next_ns : 0;

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
	uint64_t next = timers_next(), period;

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
	period = this_vcpu.periodic_ns;
	if (this_vcpu.periodic_next_ns && this_vcpu.periodic_next_ns <= now && period)
		this_vcpu.periodic_next_ns += ((now - this_vcpu.periodic_next_ns) / period + 1) * period;
	evtchn_raise_virq(VIRQ_TIMER);
	timers_arm();
}

/* A copy of vcpu_info.time by the same rule.  It holds for ever: once written it is done with. */
void time_publish(void)
{
	struct vcpu_time_info t = vcpu_info_ptr->time;
	uint64_t at = this_vcpu.time_va;

	if (!at)
		return;
	t.version |= 1;
	if (copy_to_guest(at, &t, sizeof(t)))
		return;
	barrier();
	t.version++;
	copy_to_guest(at, &t.version, sizeof(t.version));
	this_vcpu.time_va = 0;
}

/* Of any vCPU, at one moment; the present state counts up to now. */
void runstate_get(unsigned int v, struct vcpu_runstate_info *ri)
{
	const struct vcpu_public *p = &this_domain.vcpu[v];
	uint32_t version;
	uint64_t now;

	memset(ri, 0, sizeof(*ri));
	do {
		version = __atomic_load_n(&p->runstate_version, __ATOMIC_ACQUIRE);
		ri->state = (int)READ_ONCE(p->runstate);
		ri->state_entry_time = READ_ONCE(p->state_since_ns);
		memcpy(ri->time, p->runstate_time, sizeof(ri->time));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((version & 1) || READ_ONCE(p->runstate_version) != version);
	now = now_ns();
	if (now > ri->state_entry_time)
		ri->time[ri->state & 3] += now - ri->state_entry_time;
}

void runstate_publish(void)
{
	const struct vcpu_public *p = &this_vcpu;
	const uint64_t entry_time_va = p->runstate_va + offsetof(struct vcpu_runstate_info, state_entry_time);
	int flagged = !!(this_domain.vm_assist & 1UL << VMASST_TYPE_runstate_update_flag);
	struct vcpu_runstate_info ri;

	if (!p->runstate_va)
		return;
	memset(&ri, 0, sizeof(ri));
	ri.state = (int)p->runstate;
	ri.state_entry_time = p->state_since_ns | (flagged ? XEN_RUNSTATE_UPDATE : 0);
	memcpy(ri.time, p->runstate_time, sizeof(ri.time));
	if (flagged) {
		copy_to_guest(entry_time_va, &ri.state_entry_time, sizeof(uint64_t));
		barrier(); /* stores are seen in order: update is said first, and taken back last */
	}
	if (copy_to_guest(p->runstate_va, &ri, sizeof(ri)) || !flagged)
		return; /* unmapped just now: the next change tries again */
	barrier();
	ri.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
	copy_to_guest(entry_time_va, &ri.state_entry_time, sizeof(uint64_t));
}

/* The state being left is charged; the guest sees its own record when it runs again. */
void runstate_change(int new_state, uint64_t now)
{
	struct vcpu_public *p = &this_vcpu;

	WRITE_ONCE(p->runstate_version, p->runstate_version + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	p->runstate_time[p->runstate & 3] += now - p->state_since_ns;
	p->runstate = (uint32_t)new_state;
	p->state_since_ns = now;
	__atomic_store_n(&p->runstate_version, p->runstate_version + 1, __ATOMIC_RELEASE);
	memcpy(pvcpu(vcpu.id).runstate_time, p->runstate_time, sizeof(p->runstate_time));
	if (new_state == RUNSTATE_running) {
		runstate_publish();
		time_publish();
	}
}
