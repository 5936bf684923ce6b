/* SPDX-License-Identifier: MIT */
/*
 * emulator: privileged instructions with prefixes, at the end of what can be fetched, and with operands out of reach.
 *
 * What an attacker would gain: a decoder that reads a prefix otherwise than the processor carries out another instruction than
 * was checked (advisories 195, 200); a fetch or an access beyond what is mapped goes where the hypervisor's own would.
 *
 * covers: physdev_op.set_iopl good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "emulator: prefixes, ends of pages, operands out of reach";

static uint8_t text[2 * PAGE_SIZE] PAGE_ALIGNED;
static uint64_t rdi, rcx, moved;

static void call(void *at)
{
	uint64_t d = rdi, s = rdi, c = rcx;

	__asm__ volatile("call *%%rax" : "+D"(d), "+S"(s), "+c"(c) : "a"(at), "d"(0x123UL) : "memory", "rbx", "r8", "r9");
	moved = d - rdi;
}

static void run(const char *key, const char *insns, size_t n)
{
	uint8_t *p = text + 64;

	memcpy(p, insns, n);
	p[n] = 0xc3;
	answer_caught(key, call, p);
}
#define RUN(key, s)	run(key, s, sizeof(s) - 1)

void test_main(void)
{
	struct physdev_set_iopl iopl = { 1 };
	uint8_t *last = text + PAGE_SIZE;

	RUN("lock.clts", "\xf0\x0f\x06");
	RUN("rep.clts", "\xf3\x0f\x06");
	RUN("opsize.clts", "\x66\x0f\x06");
	RUN("rex.clts", "\x48\x0f\x06");
	RUN("rex-opsize.clts", "\x48\x66\x0f\x06");
	RUN("gs.clts", "\x65\x0f\x06");
	RUN("fifteen.clts", "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\x06");
	RUN("sixteen.clts", "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\x06");
	rcx = 0xc0000080;
	RUN("rep.rdmsr", "\xf3\x0f\x32");
	RUN("mod0.mov-cr3", "\x0f\x20\x1b");			/* mod is ignored */
	RUN("mov-cr1", "\x0f\x20\xcb");
	RUN("mov-cr5", "\x0f\x20\xeb");
	answer("set_iopl", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&iopl));
	rdi = (uint64_t)text + 128;
	RUN("lock.in", "\xf0\xec");
	RUN("rex.in", "\x48\xed");
	rcx = 0;
	RUN("rep-insb.0", "\xf3\x6c");
	answer("rep-insb.0.moved", moved);
	rcx = 3;
	RUN("repne-insb.3", "\xf2\x6c");
	answer("repne-insb.3.moved", moved);
	rcx = 4;
	RUN("std-insb", "\xfd\xf3\x6c\xfc");
	answer("std-insb.moved", moved);
	__asm__ volatile("cld");
	rdi = 0x800000000000;
	RUN("insb.noncanonical", "\x6c");
	rdi = 0xffff830000000000;
	RUN("insb.hypervisor", "\x6c");
	RUN("outsb.hypervisor", "\x6e");
	rdi = 0x700000;
	RUN("insb.hole", "\x6c");
	answer("insb.hole.cr2", last_cr2);
	/* Two bytes of an instruction of two, then of one of three, before a page that is not there. */
	CHECK_EQ(map_va(last, 0), 0);
	memcpy(last - 2, "\x0f\x06", 2);
	answer_caught("end.clts", call, last - 2);
	answer("end.clts.at", last_cr2 - (uint64_t)last);
	memcpy(last - 2, "\x0f\x20", 2);
	answer_caught("end.mov-cr", call, last - 2);
	answer("end.mov-cr.at", last_cr2 - (uint64_t)last);
	test_success("");
}
