/* SPDX-License-Identifier: MIT */
/*
 * From start_info to the shell: the order in which the kernel comes up.
 *
 * Tour: guest 2. Entered from entry.S on the boot stack, one vCPU, events masked. The boot stack
 * becomes the idle thread; the rest of the boot happens in the init thread.
 */
#include <pv/boot.h>
#include <pv/console.h>
#include <pv/cpu.h>
#include <pv/hypercall.h>
#include <pv/init.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/smp.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <pv/time.h>
#include <pv/xenbus.h>

struct start_info *start_info;
struct shared_info shared_info __attribute__((section(".bss.page_aligned"), aligned(4096)));
struct cpu cpus[MAX_CPUS];
extern char boot_stack[];

void start_kernel(struct start_info *si, uint64_t entry_tsc);

static void shared_info_map(void)
{
	unsigned long pte = start_info->shared_info | 7;
	long rc = HYPERVISOR_update_va_mapping(&shared_info, pte, UVMF_INVLPG);

	if (rc != 0) {
		static const char msg[] = "paravane: cannot map shared_info\n";

		HYPERVISOR_console_io(CONSOLEIO_write, sizeof(msg) - 1, msg);
		for (;;) {
			struct sched_shutdown down = { .reason = SHUTDOWN_crash };

			HYPERVISOR_sched_op(SCHEDOP_shutdown, &down);
		}
	}
}

/* The boot stack's thread: this_cpu() works from here on. */
static void boot_thread_init(void)
{
	struct thread *t = (struct thread *)(void *)boot_stack;

	cpus[0].id = 0;
	cpus[0].info = &shared_info.vcpu_info[0];
	cpus[0].info->evtchn_upcall_mask = 1;
	cpus[0].current = cpus[0].idle = t;
	t->cpu = &cpus[0];
	t->preempt_count = 1;
	t->canary = STACK_CANARY;
	str_copy(t->name, "idle/0", sizeof(t->name));
}

static void boot_marker(void)
{
	uint64_t us = (now_ns() - boot_ns()) / NSEC_PER_USEC;

	printk("paravane: guest main reached, %lu us after entry\n", us);
	if (xenstore_present())
		xenbus_write(XS_NO_TX, "data", "booted", "1");
}

static void init_thread(void *unused)
{
	initcalls_run(INIT_CORE);
	console_connect();
	if (start_info->store_evtchn != 0)
		xenstore_init();
	initcalls_run(INIT_DRIVER);
	xenbus_start();
	initcalls_run(INIT_FS);
	initcalls_run(INIT_LATE);
	boot_marker();
	shell_main();
	machine_shutdown(SHUTDOWN_poweroff);
}

void start_kernel(struct start_info *si, uint64_t entry_tsc)
{
	start_info = si;
	shared_info_map();
	boot_thread_init();
	timer_init_bases();
	cmdline_init((const char *)si->cmd_line);
	clock_init(entry_tsc);
	traps_init();
	fpu_cpu_init();
	console_init();
	printk("paravane guest, %lu MiB, command line: %s\n", si->nr_pages >> 8, si->cmd_line);
	mm_init();
	vcpu_info_init(&cpus[0]);
	events_init();
	sched_init();
	if (smp_cpu_events() != 0)
		printk("no events between vCPUs\n");
	timer_start();
	grant_init();
	if (thread_create("init", init_thread, NULL) == NULL)
		panic("no memory for the first thread\n");
	idle_loop();
}
