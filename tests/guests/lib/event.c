/* SPDX-License-Identifier: MIT */
/* Event channels and time of the guests. */
#include "tests/guests/lib/guest.h"

volatile unsigned upcall_count;
volatile uint64_t port_seen[64];
void (*volatile upcall_hook)(void);

static void take(unsigned word)
{
	uint64_t bits = shared->evtchn_pending[word] & ~shared->evtchn_mask[word];

	while (bits) {
		uint64_t bit = bits & -bits;

		__atomic_and_fetch(&shared->evtchn_pending[word], ~bit, __ATOMIC_SEQ_CST);
		port_seen[word] |= bit;
		bits &= ~bit;
	}
}

void upcall_c(struct regs *r);
void upcall_c(struct regs *r)
{
	uint64_t sel;

	upcall_count++;
	vcpu0()->evtchn_upcall_pending = 0;
	mb();
	sel = __atomic_exchange_n(&vcpu0()->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	for (unsigned word = 0; word < 64; word++)
		if (sel >> word & 1)
			take(word);
	if (upcall_hook)
		upcall_hook();
}

void events_install(void)
{
	struct callback_register ev = { .type = CALLBACKTYPE_event,
					.address = (unsigned long)upcall_entry };
	struct callback_register fs = { .type = CALLBACKTYPE_failsafe,
					.address = (unsigned long)failsafe_entry };

	memset(shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
	if (HC(callback_op, (long)CALLBACKOP_register, (long)&ev) ||
	    HC(callback_op, (long)CALLBACKOP_register, (long)&fs))
		print("not ok - callback_op at start fails\n");
}

void events_mask(void)
{
	vcpu0()->evtchn_upcall_mask = 1;
	barrier();
}

void events_unmask(void)
{
	vcpu0()->evtchn_upcall_mask = 0;
	mb();
	if (vcpu0()->evtchn_upcall_pending)
		HC(xen_version, (long)XENVER_version, 0L);
}

long evtchn_op(int cmd, void *arg)
{
	return HC(event_channel_op, (long)cmd, (long)arg);
}

int port_ipi(void)
{
	struct evtchn_bind_ipi b = { .vcpu = 0 };
	long ret = evtchn_op(EVTCHNOP_bind_ipi, &b);

	if (ret)
		return (int)ret;
	port_forget(b.port);
	port_clear(b.port);
	port_mask(b.port, false);
	return (int)b.port;
}

void port_close(unsigned port)
{
	struct evtchn_close c = { .port = port };

	port_mask(port, true);
	evtchn_op(EVTCHNOP_close, &c);
}

void port_mask(unsigned port, bool masked)
{
	uint64_t bit = 1UL << port % 64;

	if (masked)
		__atomic_or_fetch(&shared->evtchn_mask[port / 64], bit, __ATOMIC_SEQ_CST);
	else
		__atomic_and_fetch(&shared->evtchn_mask[port / 64], ~bit, __ATOMIC_SEQ_CST);
}

bool port_pending(unsigned port)
{
	return __atomic_load_n(&shared->evtchn_pending[port / 64], __ATOMIC_SEQ_CST) >> port % 64 & 1;
}

void port_clear(unsigned port)
{
	__atomic_and_fetch(&shared->evtchn_pending[port / 64], ~(1UL << port % 64), __ATOMIC_SEQ_CST);
}

bool port_taken(unsigned port)
{
	return port_seen[port / 64] >> port % 64 & 1;
}

void port_forget(unsigned port)
{
	port_seen[port / 64] &= ~(1UL << port % 64);
}

uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) :: "memory");
	return (uint64_t)hi << 32 | lo;
}

uint64_t now_ns(void)
{
	const volatile struct vcpu_time_info *t = &vcpu0()->time;
	uint64_t delta, time;
	uint32_t version;

	do {
		version = t->version;
		barrier();
		delta = rdtsc() - t->tsc_timestamp;
		delta = t->tsc_shift >= 0 ? delta << t->tsc_shift : delta >> -t->tsc_shift;
		time = t->system_time +
		       (uint64_t)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
		barrier();
	} while (version & 1 || version != t->version);
	return time;
}
