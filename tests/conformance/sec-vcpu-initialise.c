/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op: contexts that no vCPU can have are refused, and take no count on the tables they name, however often they are tried.
 *
 * What an attacker would gain: a vCPU that starts with tables or descriptors nobody has checked (advisories 264, 296); a count that
 * is never given back, or given back twice.
 *
 * covers: vcpu_op.initialise bad
 * config: vcpus=2
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "vcpu_op: initialise with contexts that cannot be";

static struct vcpu_guest_context ctx;
static char descriptors[PAGE_SIZE] PAGE_ALIGNED, table[PAGE_SIZE] PAGE_ALIGNED;

static void good(void)
{
	memset(&ctx, 0, sizeof(ctx));
	ctx.flags = VGCF_in_kernel;
	ctx.user_regs.rip = (uint64_t)test_main;
	ctx.user_regs.rsp = ctx.kernel_sp = (uint64_t)stack_end;
	ctx.user_regs.cs = FLAT_KERNEL_CS;
	ctx.user_regs.ss = ctx.kernel_ss = FLAT_KERNEL_SS;
	ctx.user_regs.rflags = 2;
	ctx.ctrlreg[3] = va_mfn((void *)si->pt_base) << 12;
}

static uint64_t initialise(void)
{
	uint64_t rc = (uint64_t)HC(vcpu_op, (long)VCPUOP_initialise, 1L, (long)&ctx);

	good();
	return rc;
}

void test_main(void)
{
	unsigned i;

	good();
	ctx.user_regs.rip = 0x800000000000;
	answer("rip", initialise());
	ctx.event_callback_eip = 1UL << 63;
	answer("event-callback", initialise());
	ctx.syscall_callback_eip = 0x800000000000;
	answer("syscall-callback", initialise());
	ctx.failsafe_callback_eip = 0x800000000000;
	answer("failsafe-callback", initialise());
	ctx.trap_ctxt[13].address = 0x800000000000;
	answer("trap", initialise());
	ctx.ldt_base = 0x1001;
	ctx.ldt_ents = 1;
	answer("ldt.unaligned", initialise());
	ctx.ldt_base = 0x1000;
	ctx.ldt_ents = 8193;
	answer("ldt.long", initialise());
	ctx.ldt_base = 0xffff830000000000;
	ctx.ldt_ents = 16;
	answer("ldt.hypervisor", initialise());
	ctx.gdt_ents = 7169;
	answer("gdt.long", initialise());
	ctx.gdt_ents = 512;
	ctx.gdt_frames[0] = 0xffffffff;
	answer("gdt.nobody", initialise());
	ctx.gdt_ents = 512;
	ctx.gdt_frames[0] = va_mfn(descriptors);
	answer("gdt.writable", initialise());
	ctx.ctrlreg[3] = 0;
	answer("cr3.0", initialise());
	ctx.ctrlreg[3] = va_mfn(table) << 12;
	answer("cr3.writable", initialise());
	ctx.ctrlreg[1] = 0xfffffffff000;
	answer("cr1.nobody", initialise());
	ctx.ctrlreg[1] = va_mfn(table) << 12;
	answer("cr1.writable", initialise());
	CHECK_EQ(page_protect(descriptors, false), 0);
	for (i = 0; i < 100; i++) {
		ctx.gdt_ents = 512;
		ctx.gdt_frames[0] = va_mfn(descriptors);
		ctx.ctrlreg[3] = va_mfn(table) << 12;
		initialise();
	}
	answer("descriptors.writable", (uint64_t)page_protect(descriptors, true));
	answer("is_up", (uint64_t)HC(vcpu_op, (long)VCPUOP_is_up, 1L, 0L));
	answer("up", (uint64_t)HC(vcpu_op, (long)VCPUOP_up, 1L, 0L));
	answer("good", initialise());
	answer("twice", initialise());
	test_success("");
}
