/* SPDX-License-Identifier: MIT */
/*
 * Command: bench hypercalls. What each hypercall costs that a kernel makes often, with arguments
 * that change nothing: one line for each, "bench hypercall.NAME_ns VALUE ns". The null
 * hypercall, to compare with, is xen_version of `bench` itself.
 */
#include <pv/boot.h>
#include <pv/event.h>
#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/thread.h>
#include <pv/thread_struct.h>
#include <pv/time.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/vcpu.h>

#include "bench.h"

#define CALLS		2000
#define ENTRIES		32U		/* of a multicall */
#define FAR_NS		(3600 * NSEC_PER_SEC)

static evtchn_port_t port;
static char *page;			/* one of ours, mapped as it is again and again */
static uint64_t page_entry, page_entry_maddr;
static uint64_t far;

static void xen_version(void)
{
	HYPERVISOR_xen_version(XENVER_version, NULL);
}

static void multicall(void)
{
	static struct multicall_entry e[ENTRIES];

	for (unsigned int i = 0; i < ENTRIES; i++) {
		e[i].op = __HYPERVISOR_xen_version;
		e[i].args[0] = XENVER_version;
	}
	HYPERVISOR_multicall(e, ENTRIES);
}

static void sched_yield(void)
{
	HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
}

static void evtchn_status(void)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };

	HYPERVISOR_event_channel_op(EVTCHNOP_status, &op);
}

static void evtchn_send(void)
{
	struct evtchn_send op = { .port = port };

	HYPERVISOR_event_channel_op(EVTCHNOP_send, &op);
}

static void set_timer(void)
{
	HYPERVISOR_set_timer_op(far);
}

static void runstate(void)
{
	struct vcpu_runstate_info info;

	HYPERVISOR_vcpu_op(VCPUOP_get_runstate_info, 0, &info);
}

static void mmu_update(void)
{
	struct mmu_update req = { page_entry_maddr | MMU_NORMAL_PT_UPDATE, page_entry };

	HYPERVISOR_mmu_update(&req, 1, NULL, DOMID_SELF);
}

static void update_va_mapping(void)
{
	HYPERVISOR_update_va_mapping(page, page_entry, UVMF_NONE);
}

static void invlpg(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = (unsigned long)page };

	HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void tlb_flush(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };

	HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void grant_query(void)
{
	struct gnttab_query_size op = { .dom = DOMID_SELF };

	HYPERVISOR_grant_table_op(GNTTABOP_query_size, &op, 1);
}

static void maximum_gpfn(void)
{
	domid_t self = DOMID_SELF;

	HYPERVISOR_memory_op(XENMEM_maximum_gpfn, &self);
}

static void set_iopl(void)
{
	struct physdev_set_iopl op = { .iopl = 1 };

	hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &op);
}

static void console_io(void)
{
	HYPERVISOR_console_io(CONSOLEIO_write, 0, page);
}

static void stack_switch(void)
{
	HYPERVISOR_stack_switch(FLAT_KERNEL_SS, (unsigned long)current() + STACK_SIZE);
}

static void set_segment_base(void)
{
	HYPERVISOR_set_segment_base(SEGBASE_GS_USER, 0);
}

static void get_debugreg(void)
{
	hypercall2(__HYPERVISOR_get_debugreg, 7, 0);
}

static void set_debugreg(void)
{
	hypercall2(__HYPERVISOR_set_debugreg, 7, 0x400);
}

static void fpu_taskswitch(void)
{
	hypercall2(__HYPERVISOR_fpu_taskswitch, 0, 0);
}

static const struct {
	const char *metric;
	void (*fn)(void);
	unsigned int calls, per_call;
} table[] = {
	{ "hypercall.xen_version_ns", xen_version, 100000, 1 },
	{ "hypercall.multicall_entry_ns", multicall, 5000, ENTRIES },
	{ "hypercall.sched_op_yield_ns", sched_yield, CALLS, 1 },
	{ "hypercall.evtchn_status_ns", evtchn_status, CALLS, 1 },
	{ "hypercall.evtchn_send_unbound_ns", evtchn_send, CALLS, 1 },
	{ "hypercall.set_timer_op_ns", set_timer, CALLS, 1 },
	{ "hypercall.vcpu_op_runstate_ns", runstate, CALLS, 1 },
	{ "hypercall.mmu_update_ns", mmu_update, CALLS, 1 },
	{ "hypercall.update_va_mapping_ns", update_va_mapping, CALLS, 1 },
	{ "hypercall.mmuext_invlpg_ns", invlpg, CALLS, 1 },
	{ "hypercall.mmuext_tlb_flush_ns", tlb_flush, CALLS, 1 },
	{ "hypercall.grant_query_size_ns", grant_query, CALLS, 1 },
	{ "hypercall.memory_maximum_gpfn_ns", maximum_gpfn, CALLS, 1 },
	{ "hypercall.physdev_set_iopl_ns", set_iopl, CALLS, 1 },
	{ "hypercall.console_io_empty_ns", console_io, CALLS, 1 },
	{ "hypercall.stack_switch_ns", stack_switch, CALLS, 1 },
	{ "hypercall.set_segment_base_ns", set_segment_base, CALLS, 1 },
	{ "hypercall.get_debugreg_ns", get_debugreg, CALLS, 1 },
	{ "hypercall.set_debugreg_ns", set_debugreg, CALLS, 1 },
	{ "hypercall.fpu_taskswitch_ns", fpu_taskswitch, CALLS, 1 },
};

/* What the kernel believes to have told the hypervisor is not so any more. */
static void tell_again(void)
{
	unsigned long flags = irq_save();
	struct cpu *c = this_cpu();

	c->kernel_stack = NULL;
	c->gs_base = ~0UL;
	c->timer_programmed_ns = 0;
	HYPERVISOR_set_timer_op(now_ns() + NSEC_PER_MSEC);
	irq_restore(flags);
}

static int cmd_bench_hypercalls(int argc, char **argv)
{
	const uint64_t *l1;

	page = page_alloc_zeroed();
	if (page == NULL || evtchn_alloc_unbound(0, &port) != 0) {
		eprintf("bench: no page, or no port\n");
		return 1;
	}
	l1 = table_lookup((unsigned long)page, 1);
	page_entry = (virt_to_mfn(page) << PAGE_SHIFT) | PTE_RAM | PTE_NX;
	page_entry_maddr = (virt_to_mfn(l1) << PAGE_SHIFT) +
			   ((unsigned long)page >> PAGE_SHIFT) % TABLE_ENTRIES * sizeof(*l1);
	far = now_ns() + FAR_NS;
	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		unsigned long flags = irq_save();
		uint64_t ps = bench_measure(table[i].fn, table[i].calls);

		irq_restore(flags);
		bench_report(table[i].metric, ps / table[i].per_call);
	}
	tell_again();
	evtchn_unbind(port);
	page_free(page, 0);
	return 0;
}
SHELL_COMMAND("bench-hypercalls", cmd_bench_hypercalls, "- what the common hypercalls cost");
