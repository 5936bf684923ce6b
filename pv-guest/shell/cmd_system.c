/* SPDX-License-Identifier: MIT */
/* Commands: ps free, and the ways down: poweroff halt reboot crash panic. */
#include <pv/balloon.h>
#include <pv/hypercall.h>
#include <pv/init.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

#define PS_MAX	64

struct ps_row {
	unsigned int id, cpu;
	const char *state;
	uint64_t run_ns;
	char name[20];
};

/* Copied under the lock, printed without it. */
static unsigned int ps_collect(struct ps_row *rows)
{
	unsigned long flags = spin_lock_irqsave(&sched_lock);
	struct thread *t;
	unsigned int n = 0;

	list_for_each(t, &all_threads, all_link) {
		if (n == PS_MAX)
			break;
		rows[n].id = t->id;
		rows[n].cpu = t->cpu != NULL ? t->cpu->id : 0;
		rows[n].state = thread_state_name(t);
		rows[n].run_ns = t->run_ns;
		str_copy(rows[n].name, t->name, sizeof(rows[n].name));
		n++;
	}
	spin_unlock_irqrestore(&sched_lock, flags);
	return n;
}

static int cmd_ps(int argc, char **argv)
{
	struct ps_row *rows = kmalloc(PS_MAX * sizeof(*rows));
	unsigned int n;

	if (rows == NULL)
		return 1;
	n = ps_collect(rows);
	printf("%4s %3s %-9s %10s %s\n", "ID", "CPU", "STATE", "TIME(ms)", "NAME");
	for (unsigned int i = 0; i < n; i++)
		printf("%4u %3u %-9s %10lu %s\n", rows[i].id, rows[i].cpu, rows[i].state,
		       rows[i].run_ns / NSEC_PER_MSEC, rows[i].name);
	kfree(rows);
	return 0;
}
SHELL_COMMAND("ps", cmd_ps, "- threads");

static int cmd_free(int argc, char **argv)
{
	struct mem_stats s;

	mem_stats(&s);
	printf("total %lu KiB, given back %lu KiB, free %lu KiB, mapped %lu KiB, kmalloc %lu bytes, "
	       "page tables %lu KiB\n",
	       s.total_pages * 4, balloon_out() * 4, s.free_pages * 4, s.mapped_pages * 4, s.kmalloc_bytes,
	       s.table_pages * 4);
	return 0;
}
SHELL_COMMAND("free", cmd_free, "- memory");

static int cmd_poweroff(int argc, char **argv)
{
	machine_shutdown(SHUTDOWN_poweroff);
}
SHELL_COMMAND("poweroff", cmd_poweroff, "- sync and shut the domain down");
static int cmd_halt(int argc, char **argv)
{
	machine_shutdown(SHUTDOWN_poweroff);
}
SHELL_COMMAND("halt", cmd_halt, "- the same");

static int cmd_reboot(int argc, char **argv)
{
	machine_shutdown(SHUTDOWN_reboot);
}
SHELL_COMMAND("reboot", cmd_reboot, "- sync and reboot");

static int cmd_crash(int argc, char **argv)
{
	panic("asked for by the shell\n");
}
SHELL_COMMAND("crash", cmd_crash, "- panic");
static int cmd_panic(int argc, char **argv)
{
	panic("asked for by the shell\n");
}
SHELL_COMMAND("panic", cmd_panic, "- the same");
