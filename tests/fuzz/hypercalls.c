/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: every hypercall of the table, and the ways into a guest (traps, events, iret,
 * emulated instructions).  Input: a program of steps; each writes some of the guest's argument
 * pages and then makes a call with arguments that fuzz_value() chooses, or lets something
 * happen to the guest.  Checked after each: fuzz_check().  Nothing here can be fixed up by the
 * fuzzer behind the image's back: it writes where the guest could.
 */
#include "tests/fuzz/hv.h"
#include <hv/guest.h>
#include <hypercalls/dispatch.h>

#define STEPS	64

static const uint8_t numbers[] = {
#define X(name, args, served, brief) __HYPERVISOR_##name,
	HYPERCALL_TABLE(X)
#undef X
};

static void something_happens(struct tape *t)
{
	uint8_t what = tape_u8(t);

	switch (what & 7) {
	case 0:
		evtchn_set_pending(tape_u8(t) % header.valid_ports);
		break;
	case 1:
		evtchn_drain();
		timers_run();
		break;
	case 2:
		guest_exit_work();
		break;
	case 3:
		guest_trap(tape_u8(t) % 20, what & 8 ? NO_ERROR_CODE : 0);
		break;
	case 4:
		guest_iret();
		break;
	case 5:
		vcpu.regs.rip = ARG + tape_u8(t);
		vcpu.regs.rax = fuzz_value(t);
		vcpu.regs.rcx = fuzz_value(t);
		if (what & 8)
			emulate_forced();
		else
			emulate_privileged(what & 4 ? (uint32_t)fuzz_value(t) & 0xfffe : 0);
		break;
	case 6:
		guest_page_fault(fuzz_value(t), tape_u8(t));
		break;
	default:
		vcpu.regs.rsp = fuzz_value(t);
		vcpu.regs.rflags = fuzz_value(t);
	}
}

static void step(struct tape *t)
{
	uint8_t op = tape_u8(t), how;
	uint64_t a[5], nr;
	unsigned int i;

	fuzz_write_arguments(t);
	if (op >= 224) {
		something_happens(t);
		return;
	}
	nr = op >= 216 ? tape_u8(t) : numbers[op % ARRAY_SIZE(numbers)];
	how = tape_u8(t);
	for (i = 0; i < 5; i++)
		a[i] = fuzz_value(t);
	fuzz_call(nr, a, how);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tape t;
	static unsigned int i;

	t = (struct tape){ data, size };
	fuzz_reset();
	for (i = 0; i < STEPS && t.left; i++) {
		if (!fuzz_alive())
			break;
		step(&t);
		fuzz_check(0);
	}
	return 0;
}
