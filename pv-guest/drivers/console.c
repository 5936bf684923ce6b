/* SPDX-License-Identifier: MIT */
/*
 * The console, as the rest of the kernel sees it: bytes out, bytes in.
 *
 * Output goes to the ring if there is one, else to the hypervisor's console (console=hv asks for
 * both). A full ring makes a thread wait; upcalls and panic spin for a while. A console nobody
 * serves must not stop the domain: after half a second without movement output is dropped
 * until the other side takes something.
 */
#include <pv/boot.h>
#include <pv/console.h>
#include <pv/console_internal.h>
#include <pv/hypercall.h>
#include <pv/init.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

#define STUCK_NS	(500 * NSEC_PER_MSEC)
#define HV_POLL_NS	(20 * NSEC_PER_MSEC)

static bool have_ring, to_hv, connected, stuck;
static struct wait_queue moved = WAIT_QUEUE_INIT(moved);
static bool interrupt_seen;

/* What was typed while nobody read: looked through for ^C, and kept. */
static unsigned char ahead[256];
static unsigned int ahead_first, ahead_len;
bool console_urgent;

void console_init(void)
{
	const char *what = cmdline_get("console");

	have_ring = ring_init();
	to_hv = !have_ring || (what != NULL && strcmp(what, "hv") == 0);
}

static void console_event(void)
{
	wake_up(&moved);
}

/* From here on a full ring is waited for. */
void console_connect(void)
{
	if (have_ring)
		ring_connect(console_event);
	connected = true;
}

static bool may_sleep(void)
{
	struct cpu *c = this_cpu();

	return connected && !console_urgent && !c->in_upcall && current()->preempt_count == 0 &&
	       c->info->evtchn_upcall_mask == 0;
}

/* Room in the ring, or false after STUCK_NS without. */
static bool wait_space(void)
{
	uint64_t end = now_ns() + STUCK_NS;

	if (may_sleep())
		return wait_event_timeout(&moved, ring_has_space(), STUCK_NS);
	while (!ring_has_space() && now_ns() < end)
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	return ring_has_space();
}

static void ring_write(const char *s, size_t n)
{
	static spinlock_t lock = SPINLOCK_INIT;

	while (n > 0) {
		unsigned long flags = spin_lock_irqsave(&lock);
		size_t done = ring_put(s, n);

		spin_unlock_irqrestore(&lock, flags);
		if (done > 0)
			stuck = false;
		s += done;
		n -= done;
		if (n > 0 && (stuck || !wait_space())) {
			stuck = true;
			return;
		}
	}
}

static void raw_write(const char *s, size_t n)
{
	if (have_ring)
		ring_write(s, n);
	if (to_hv || console_urgent)
		hvcon_write(s, n);
}

/* \n becomes \r\n; in pieces, so that the ring is notified a few times a line at most. */
void console_write(const char *s, size_t n)
{
	char buf[256];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (used + 2 > sizeof(buf)) {
			raw_write(buf, used);
			used = 0;
		}
		if (s[i] == '\n')
			buf[used++] = '\r';
		buf[used++] = s[i];
	}
	if (used > 0)
		raw_write(buf, used);
}

void console_putc(int c)
{
	char ch = c;

	console_write(&ch, 1);
}

void console_wake(void)
{
	wake_up(&moved);
}

/* The byte next in line, or -1. */
static int input_next(void)
{
	if (ahead_len != 0) {
		ahead_len--;
		return ahead[ahead_first++ % sizeof(ahead)];
	}
	return have_ring ? ring_get() : hvcon_get();
}

static bool never(void *arg)
{
	return false;
}

int console_getc_until(bool (*stop)(void *), void *arg)
{
	int c;

	/* The hypervisor's console tells nobody that something was typed. */
	while (!have_ring) {
		if (stop(arg))
			return -1;
		c = input_next();
		if (c >= 0)
			return c;
		(void)wait_event_timeout(&moved, stop(arg), HV_POLL_NS);
	}
	for (;;) {
		wait_event(&moved, ahead_len != 0 || ring_has_input() || stop(arg));
		if (stop(arg))
			return -1;
		c = input_next();
		if (c >= 0)
			return c;
	}
}

int console_getc(void)
{
	return console_getc_until(never, NULL);
}

/* Looks at the input while a command runs; what is not ^C is kept for who reads next. */
bool console_interrupted(void)
{
	int c;

	while ((c = have_ring ? ring_get() : hvcon_get()) >= 0) {
		if (c == 3) {
			interrupt_seen = true;
			ahead_len = 0;
		} else if (ahead_len < sizeof(ahead)) {
			ahead[(ahead_first + ahead_len++) % sizeof(ahead)] = (unsigned char)c;
		}
	}
	if (!interrupt_seen)
		return false;
	interrupt_seen = false;
	return true;
}

void console_flush(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	if (!have_ring || stuck)
		return;
	if (may_sleep()) {
		(void)wait_event_timeout(&moved, ring_drained(), ns);
		return;
	}
	while (!ring_drained() && now_ns() < end)
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
}
