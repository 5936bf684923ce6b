/* SPDX-License-Identifier: MIT */
/* Commands: help echo true false sleep time date uptime uname version. */
#include <pv/boot.h>
#include <pv/console.h>
#include <pv/cpu.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>

extern const struct shell_command shell_commands_start[], shell_commands_end[];

static int cmd_help(int argc, char **argv)
{
	const struct shell_command *c;
	bool found = argc < 2;

	for (c = shell_commands_start; c < shell_commands_end; c++) {
		if (argc > 1 && strcmp(argv[1], c->name) != 0)
			continue;
		printf("%-10s %s\n", c->name, c->help);
		found = true;
	}
	return found ? 0 : 1;
}
SHELL_COMMAND("help", cmd_help, "[COMMAND] - list commands");

static int cmd_echo(int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "-n") == 0 ? 2 : 1;

	for (int i = first; i < argc; i++) {
		if (out_write(argv[i], strlen(argv[i])) < 0)
			return 1;
		if (i + 1 < argc)
			out_write(" ", 1);
	}
	if (first == 1)
		out_write("\n", 1);
	return 0;
}
SHELL_COMMAND("echo", cmd_echo, "[-n] [WORD]... - print words");

static int cmd_true(int argc, char **argv)
{
	return 0;
}
SHELL_COMMAND("true", cmd_true, "- succeed");

static int cmd_false(int argc, char **argv)
{
	return 1;
}
SHELL_COMMAND("false", cmd_false, "- fail");

/* Seconds with a fraction to ns: "1.5". */
static int parse_seconds(const char *s, uint64_t *ns)
{
	uint64_t unit = NSEC_PER_SEC, v = 0;
	bool fraction = false;

	if (*s == 0)
		return -1;
	for (; *s != 0; s++) {
		if (*s == '.' && !fraction) {
			fraction = true;
		} else if (*s < '0' || *s > '9' || v > 1000000000ULL * NSEC_PER_SEC) {
			return -1;
		} else if (fraction) {
			unit /= 10;
			v += (*s - '0') * unit;
		} else {
			v = v * 10 + (*s - '0') * NSEC_PER_SEC;
		}
	}
	*ns = v;
	return 0;
}

/* In steps, so that ^C is noticed. */
static int cmd_sleep(int argc, char **argv)
{
	uint64_t ns, end;

	if (argc != 2 || parse_seconds(argv[1], &ns) != 0) {
		eprintf("usage: sleep SECONDS\n");
		return 2;
	}
	end = now_ns() + ns;
	while (now_ns() < end) {
		sleep_ns(MIN(end - now_ns(), 200 * NSEC_PER_MSEC));
		if (now_ns() < end && console_interrupted())
			return 130;
	}
	return 0;
}
SHELL_COMMAND("sleep", cmd_sleep, "SECONDS - wait");

static int cmd_time(int argc, char **argv)
{
	char line[512];
	size_t n = 0;
	uint64_t start;
	int status;

	line[0] = 0;
	for (int i = 1; i < argc && n + 3 < sizeof(line); i++)
		n += pv_snprintf(line + n, sizeof(line) - n, "'%s' ", argv[i]);
	if (n >= sizeof(line)) {
		eprintf("time: line too long\n");
		return 2;
	}
	start = now_ns();
	status = shell_run(line);
	start = now_ns() - start;
	eprintf("real %lu.%06lu s\n", start / NSEC_PER_SEC, start % NSEC_PER_SEC / 1000);
	return status;
}
SHELL_COMMAND("time", cmd_time, "COMMAND [ARG]... - run a command, say how long it took");

static int cmd_date(int argc, char **argv)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	uint64_t now = wallclock_ns();
	struct datetime dt;

	if (argc > 1 && strcmp(argv[1], "+%s") == 0) {
		printf("%lu\n", now / NSEC_PER_SEC);
		return 0;
	}
	datetime_from_unix(now / NSEC_PER_SEC, &dt);
	printf("%s %d-%02d-%02d %02d:%02d:%02d UTC\n", days[dt.weekday], dt.year, dt.month, dt.day,
	       dt.hour, dt.minute, dt.second);
	return 0;
}
SHELL_COMMAND("date", cmd_date, "[+%s] - UTC date and time");

static int cmd_uptime(int argc, char **argv)
{
	uint64_t up = now_ns() - boot_ns();

	printf("up %lu.%03lu s, %lu upcalls, %lu thread switches\n", up / NSEC_PER_SEC,
	       up % NSEC_PER_SEC / NSEC_PER_MSEC, this_cpu()->upcalls, this_cpu()->switches);
	return 0;
}
SHELL_COMMAND("uptime", cmd_uptime, "- time since boot");

static int cmd_version(int argc, char **argv)
{
	long v = HYPERVISOR_xen_version(XENVER_version, NULL);
	xen_extraversion_t extra = "";
	struct xen_feature_info features = { .submap_idx = 0 };

	HYPERVISOR_xen_version(XENVER_extraversion, &extra);
	extra[sizeof(extra) - 1] = 0;
	HYPERVISOR_xen_version(XENVER_get_features, &features);
	printf("paravane-guest 1 on Xen %ld.%ld%s, magic %s, features 0x%x\n", v >> 16, v & 0xffff,
	       extra, start_info->magic, features.submap);
	return 0;
}
SHELL_COMMAND("version", cmd_version, "- the kernel's and the hypervisor's version");

static int cmd_uname(int argc, char **argv)
{
	printf("paravane-guest pv 1 x86_64\n");
	return 0;
}
SHELL_COMMAND("uname", cmd_uname, "- the kernel's name");
