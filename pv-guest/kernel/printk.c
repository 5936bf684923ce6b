/* SPDX-License-Identifier: MIT */
/*
 * printk: a ring of the last 32 KiB for dmesg, each line with its time, and the console unless
 * `quiet`. A panic is never quiet: it prints what the ring holds of it.
 */
#include <pv/boot.h>
#include <pv/console.h>
#include <pv/init.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>

#define LOG_SIZE	32768U

static char log_ring[LOG_SIZE];
static uint32_t log_end;	/* bytes ever written */
static bool at_line_start = true;
static spinlock_t log_lock = SPINLOCK_INIT;

static void log_put(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		log_ring[log_end++ % LOG_SIZE] = s[i];
}

static void log_line(const char *s, size_t n)
{
	if (at_line_start) {
		uint64_t us = (now_ns() - boot_ns()) / NSEC_PER_USEC;
		char stamp[32];

		log_put(stamp, pv_snprintf(stamp, sizeof(stamp), "[%5lu.%06lu] ", us / 1000000,
					   us % 1000000));
	}
	log_put(s, n);
	at_line_start = n > 0 && s[n - 1] == '\n';
}

void vprintk(const char *fmt, va_list ap)
{
	char buf[512];
	int n = pv_vsnprintf(buf, sizeof(buf), fmt, ap);
	unsigned long flags;

	if (n >= (int)sizeof(buf)) {
		n = sizeof(buf) - 1;
		buf[n - 1] = '\n';
	}
	flags = spin_lock_irqsave(&log_lock);
	log_line(buf, n);
	spin_unlock_irqrestore(&log_lock, flags);
	if (!cmdline_has("quiet") || strncmp(buf, "paravane: ", 10) == 0 || console_urgent)
		console_write(buf, n);
}

void printk(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(fmt, ap);
	va_end(ap);
}

/* The log may move on while it is printed; a line written meanwhile may then be cut. */
static int cmd_dmesg(int argc, char **argv)
{
	uint32_t end = log_end, at = end > LOG_SIZE ? end - LOG_SIZE : 0;

	while (at != end) {
		uint32_t n = MIN(end - at, LOG_SIZE - at % LOG_SIZE);
		ssize_t rc = out_write(&log_ring[at % LOG_SIZE], n);

		if (rc < 0)
			return 1;
		at += n;
	}
	return 0;
}
SHELL_COMMAND("dmesg", cmd_dmesg, "- print the kernel log");
