/* SPDX-License-Identifier: MIT */
/* The end: panic, and the orderly way down (hooks, then SCHEDOP_shutdown). */
#include <pv/boot.h>
#include <pv/console.h>
#include <pv/hypercall.h>
#include <pv/init.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <pv/trap.h>

#define HOOKS_MAX	8

static void (*hooks[HOOKS_MAX])(void);
static unsigned int nr_hooks;

static void __attribute__((noreturn)) sched_shutdown(unsigned int reason)
{
	struct sched_shutdown down = { .reason = reason };

	for (;;)
		HYPERVISOR_sched_op(SCHEDOP_shutdown, &down);
}

/* panic=poweroff and panic=reboot hide the crash from the toolstack; the default shows it. */
static unsigned int panic_reason(void)
{
	const char *what = cmdline_get("panic");

	if (what != NULL && strcmp(what, "poweroff") == 0)
		return SHUTDOWN_poweroff;
	if (what != NULL && strcmp(what, "reboot") == 0)
		return SHUTDOWN_reboot;
	return SHUTDOWN_crash;
}

void panic(const char *fmt, ...)
{
	static volatile int panicking;
	bool shown = console_urgent;	/* by the trap that led here */
	va_list ap;

	irq_save();
	console_urgent = true;
	if (panicking++ == 0) {
		printk("panic: ");
		va_start(ap, fmt);
		vprintk(fmt, ap);
		va_end(ap);
		if (!shown)
			stack_print(0, (uint64_t)__builtin_frame_address(0));
		console_flush(200 * NSEC_PER_MSEC);
	}
	sched_shutdown(panic_reason());
}

void shutdown_hook(void (*fn)(void))
{
	BUG_ON(nr_hooks == HOOKS_MAX);
	hooks[nr_hooks++] = fn;
}

void sync_hooks_run(void)
{
	for (unsigned int i = nr_hooks; i-- > 0;)
		hooks[i]();
}

void machine_shutdown(unsigned int reason)
{
	sync_hooks_run();
	console_flush(500 * NSEC_PER_MSEC);
	irq_save();
	sched_shutdown(reason);
}
