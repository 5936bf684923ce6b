/* SPDX-License-Identifier: MIT */
/* Traps of the guests: recorded, and turned into a return from catch_call where a test expects
 * one.  A trap nobody expects is printed and crashes the domain. */
#include "tests/guests/lib/guest.h"

extern uint64_t catch_rsp;
extern char catch_return[];

struct regs last_trap;
unsigned trap_count;
uint64_t last_cr2;
uint8_t last_mask;
uint64_t trap_frame_rsp;
bool (*trap_hook)(struct regs *r);

static struct trap_info table[] = {
	{ 0, 0, 0, (unsigned long)trap_0 },	{ 1, 3, 0, (unsigned long)trap_1 },
	{ 3, 3, 0, (unsigned long)trap_3 },	{ 4, 3, 0, (unsigned long)trap_4 },
	{ 5, 0, 0, (unsigned long)trap_5 },	{ 6, 0, 0, (unsigned long)trap_6 },
	{ 7, 0, 0, (unsigned long)trap_7 },	{ 10, 0, 0, (unsigned long)trap_10 },
	{ 11, 0, 0, (unsigned long)trap_11 },	{ 12, 0, 0, (unsigned long)trap_12 },
	{ 13, 0, 0, (unsigned long)trap_13 },	{ 14, 4, 0, (unsigned long)trap_14 },
	{ 16, 0, 0, (unsigned long)trap_16 },	{ 17, 0, 0, (unsigned long)trap_17 },
	{ 19, 0, 0, (unsigned long)trap_19 },	{ 0, 0, 0, 0 },
};

void regs_print(const struct regs *r)
{
	print("vector %lu error %#lx rip %#lx cs %#lx rflags %#lx rsp %#lx ss %#lx cr2 %#lx\n",
	      r->vector, r->error, r->rip, r->cs, r->rflags, r->rsp, r->ss, last_cr2);
	print("rax %#lx rbx %#lx rcx %#lx rdx %#lx rsi %#lx rdi %#lx rbp %#lx r8 %#lx r9 %#lx "
	      "r10 %#lx r11 %#lx\n", r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->r8,
	      r->r9, r->r10, r->r11);
}

void trap_c(struct regs *r);
void trap_c(struct regs *r)
{
	if (shared) {
		last_cr2 = vcpu0()->arch.cr2;
		last_mask = vcpu0()->evtchn_upcall_mask;
	}
	last_trap = *r;
	trap_count++;
	/* Frames without an error code have had one inserted below the real frame's rip. */
	trap_frame_rsp = (uint64_t)&r->rcx;
	if (trap_hook && trap_hook(r))
		return;
	if (!catch_rsp) {
		print("not ok - a trap nobody expected\n");
		regs_print(r);
		guest_shutdown(SHUTDOWN_crash);
	}
	r->rip = (uint64_t)catch_return;
	r->rsp = catch_rsp;
	r->rflags &= ~0x500UL;		/* DF and TF do not survive */
}

void trap_set(unsigned vector, unsigned flags, const void *handler)
{
	struct trap_info t[2] = { { (uint8_t)vector, (uint8_t)flags, FLAT_KERNEL_CS,
				    (unsigned long)handler } };

	HC(set_trap_table, (long)t);
}

void traps_install(void)
{
	long ret;

	for (struct trap_info *t = table; t->address; t++)
		t->cs = FLAT_KERNEL_CS;
	ret = HC(set_trap_table, (long)table);
	if (ret)
		print("not ok - set_trap_table at start says %ld\n", ret);
}
