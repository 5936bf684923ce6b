/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op: three vCPUs besides the first, brought up in another order than they were made, with registered areas; one is
 * taken down by another's wish and comes back where it was.
 *
 * CPU hot-plug of a kernel is made of these; an area registered twice would leave two kernels' structures to be written.
 *
 * covers: vcpu_op.initialise good
 * covers: vcpu_op.up good
 * covers: vcpu_op.down good
 * covers: vcpu_op.is_up good
 * covers: vcpu_op.is_up bad
 * covers: vcpu_op.register_vcpu_info good
 * covers: vcpu_op.register_vcpu_info bad
 * covers: vcpu_op.send_nmi good
 * config: vcpus=4
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "vcpu_op: several vCPUs, up and down in any order";

#define CPUS	4
static struct vcpu_guest_context ctx;
static char stacks[CPUS][2 * PAGE_SIZE] PAGE_ALIGNED;
static vcpu_info_t infos[CPUS] __attribute__((aligned(PAGE_SIZE)));
static volatile unsigned rounds[CPUS], seen_id[CPUS], go[CPUS];
static volatile uint64_t result[CPUS];

static uint64_t op(int cmd, long vcpu, void *arg)
{
	return (uint64_t)HC(vcpu_op, (long)cmd, vcpu, (long)arg);
}

/* An NMI's frame is left alone: this vCPU only counts, and does not come back to the code before. */
void nmi_of_second(void);
__asm__(".text\n.globl nmi_of_second\nnmi_of_second:\n"
	"	incl nmi_count(%rip)\n"
	"	pop %rcx\n	pop %r11\n"
	"	push $0\n	push %rcx\n	push %r11\n	push %rax\n"
	"	mov $23, %eax\n	syscall\n	ud2\n");
volatile unsigned nmi_count;

static void other(uint64_t id)
{
	seen_id[id] = (unsigned)id;
	for (;;) {
		rounds[id]++;
		while (!go[id])
			HC(sched_op, (long)SCHEDOP_yield, 0L);
		go[id] = 0;
		result[id] = op(VCPUOP_down, (long)id, NULL);
	}
}

static uint64_t initialise(long id)
{
	memset(&ctx, 0, sizeof(ctx));
	ctx.flags = VGCF_in_kernel;
	ctx.user_regs.rip = (uint64_t)other;
	ctx.user_regs.rsp = ctx.kernel_sp = (uint64_t)stacks[id] + sizeof(stacks[id]) - 8;
	ctx.user_regs.rdi = (uint64_t)id;
	ctx.user_regs.cs = FLAT_KERNEL_CS;
	ctx.user_regs.ss = ctx.kernel_ss = FLAT_KERNEL_SS;
	ctx.user_regs.rflags = 2;
	ctx.ctrlreg[3] = va_mfn((void *)si->pt_base) << 12;
	ctx.trap_ctxt[2] = (struct trap_info){ 2, 0, FLAT_KERNEL_CS, (unsigned long)nmi_of_second };
	return op(VCPUOP_initialise, id, &ctx);
}

static uint64_t until(const volatile unsigned *p, unsigned want)
{
	uint64_t stop = now_ns() + 10000000000;

	while (*p < want && now_ns() < stop)
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	return *p >= want;
}

static uint64_t is_up(long id, uint64_t want)
{
	uint64_t stop = now_ns() + 10000000000, is;

	while ((is = op(VCPUOP_is_up, id, NULL)) != want && now_ns() < stop)
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	return is;
}

static uint64_t register_info(long id, void *at, uint32_t offset)
{
	struct vcpu_register_vcpu_info r = { .mfn = va_mfn(at), .offset = offset };

	return op(VCPUOP_register_vcpu_info, id, &r);
}

static void areas(void)
{
	answer("info.crossing", register_info(1, infos, PAGE_SIZE - 8));
	answer("info.unaligned", register_info(1, infos, 3));
	answer("info.1", register_info(1, infos, 1 * sizeof(vcpu_info_t)));
	answer("info.1.mask", infos[1].evtchn_upcall_mask);
	answer("info.1.twice", register_info(1, infos, 1 * sizeof(vcpu_info_t)));
	answer("info.1.elsewhere", register_info(1, infos, 2 * sizeof(vcpu_info_t)));
	answer("info.3.before-initialise", register_info(3, infos, 3 * sizeof(vcpu_info_t)));
}

void test_main(void)
{
	areas();
	answer("up.3.before", op(VCPUOP_up, 3, NULL));
	answer("initialise.3", initialise(3));
	answer("initialise.1", initialise(1));
	answer("initialise.2", initialise(2));
	answer("up.3", op(VCPUOP_up, 3, NULL));
	answer("ran.3", until(&rounds[3], 1));
	answer("is_up", op(VCPUOP_is_up, 0, NULL) | op(VCPUOP_is_up, 1, NULL) << 1 | op(VCPUOP_is_up, 2, NULL) << 2 |
	       op(VCPUOP_is_up, 3, NULL) << 3);
	answer("up.1", op(VCPUOP_up, 1, NULL));
	answer("up.2", op(VCPUOP_up, 2, NULL));
	answer("ran.1", until(&rounds[1], 1));
	answer("ran.2", until(&rounds[2], 1));
	answer("ids", seen_id[1] | seen_id[2] << 4 | seen_id[3] << 8);
	answer("info.2.late", register_info(2, infos, 2 * sizeof(vcpu_info_t)));
	go[1] = 1;
	answer("down.1.itself", is_up(1, 0));
	answer("down.2.by-another", op(VCPUOP_down, 2, NULL));
	answer("is_up.2", is_up(2, 0));
	answer("down.2.again", op(VCPUOP_down, 2, NULL));
	answer("up.1.again", op(VCPUOP_up, 1, NULL));
	answer("goes-on.1", until(&rounds[1], 2));
	answer("down-returned.1", result[1]);
	answer("up.2.again", op(VCPUOP_up, 2, NULL));
	go[2] = 1;
	answer("goes-on.2", is_up(2, 0));
	answer("initialise.up", initialise(3));
	answer("nmi.3", op(VCPUOP_send_nmi, 3, NULL));
	answer("nmi.3.seen", until(&nmi_count, 1));
	answer("no-vcpu.is_up", op(VCPUOP_is_up, CPUS, NULL));
	answer("no-vcpu.up", op(VCPUOP_up, CPUS, NULL));
	answer("no-vcpu.down", op(VCPUOP_down, CPUS, NULL));
	answer("no-vcpu.info", register_info(CPUS, infos, 0));
	test_success("");
}
