/* SPDX-License-Identifier: MIT */
/*
 * What the toolstack asks of us: control/shutdown and control/sysrq. A request is acknowledged
 * by writing the empty string. Anything else in there is ignored.
 */
#include <pv/boot.h>
#include <pv/hypercall.h>
#include <pv/init.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <pv/xenstore_internal.h>

static struct wait_queue asked = WAIT_QUEUE_INIT(asked);
static int shutdown_reason = -1;

/* Its own thread: hooks sync disks, and that needs the watch thread free. */
static void shutdown_thread(void *unused)
{
	wait_event(&asked, shutdown_reason >= 0);
	printk("going down (%d)\n", shutdown_reason);
	machine_shutdown(shutdown_reason);
}

/* The value, "" if there is none; then the acknowledgement. */
static void take_request(const char *node, char *buf, size_t size)
{
	char *value;

	buf[0] = 0;
	if (xenbus_read(XS_NO_TX, "control", node, &value, NULL) != 0)
		return;
	str_copy(buf, value, size);
	kfree(value);
	if (buf[0] != 0)
		xenbus_write(XS_NO_TX, "control", node, "");
}

static void shutdown_event(struct xenbus_watch *w, const char *path)
{
	char what[16];

	take_request("shutdown", what, sizeof(what));
	if (strcmp(what, "poweroff") == 0 || strcmp(what, "halt") == 0)
		shutdown_reason = SHUTDOWN_poweroff;
	else if (strcmp(what, "reboot") == 0)
		shutdown_reason = SHUTDOWN_reboot;
	else
		return;
	wake_up(&asked);
}

static void show_threads(void)
{
	struct thread *t;
	unsigned long flags = spin_lock_irqsave(&sched_lock);

	list_for_each(t, &all_threads, all_link)
		printk("%3u %-20s %s\n", t->id, t->name, thread_state_name(t));
	spin_unlock_irqrestore(&sched_lock, flags);
}

/* The letters of Linux that mean something here. b and o do not sync: that is their point. */
static void sysrq_event(struct xenbus_watch *w, const char *path)
{
	struct sched_shutdown down = { .reason = SHUTDOWN_reboot };
	char key[4];

	take_request("sysrq", key, sizeof(key));
	switch (key[0]) {
	case 0:
		break;
	case 'b':
		HYPERVISOR_sched_op(SCHEDOP_shutdown, &down);
		break;
	case 'o':
		down.reason = SHUTDOWN_poweroff;
		HYPERVISOR_sched_op(SCHEDOP_shutdown, &down);
		break;
	case 'c':
		panic("sysrq\n");
	case 's':
		sync_hooks_run();
		break;
	case 't':
		show_threads();
		break;
	default:
		printk("sysrq %c: b reboot, c crash, o off, s sync, t threads\n", key[0]);
	}
}

static struct xenbus_watch shutdown_watch = { .path = "control/shutdown",
					      .callback = shutdown_event };
static struct xenbus_watch sysrq_watch = { .path = "control/sysrq", .callback = sysrq_event };

/* In a thread of its own, so that the boot does not wait for these round trips. */
static void control_start(void *unused)
{
	xenbus_watch(&shutdown_watch);
	xenbus_watch(&sysrq_watch);
	xenbus_write(XS_NO_TX, "control", "feature-poweroff", "1");
	xenbus_write(XS_NO_TX, "control", "feature-reboot", "1");
	shutdown_thread(NULL);
}

static int control_init(void)
{
	if (xenstore_present())
		thread_create("control", control_start, NULL);
	return 0;
}
INITCALL(INIT_LATE, control_init);
