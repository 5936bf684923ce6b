/* SPDX-License-Identifier: MIT */
/* xl uptime: how long each domain has been there, from /vm/UUID/start_time. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "toolstack/commands/xl.h"

/* Seconds since the host booted; -1: unknown. */
static long host_uptime(void)
{
	struct timespec ts;

	return clock_gettime(CLOCK_BOOTTIME, &ts) ? -1 : ts.tv_sec;
}

static long domain_uptime(struct toolstack *t, uint32_t domid)
{
	char *vm, *start = NULL;
	long up = -1;

	if (domid == 0)
		return host_uptime();
	vm = store_read(t, "/local/domain/%u/vm", domid);
	if (vm)
		start = store_read(t, "%s/start_time", vm);
	if (start)
		up = time(NULL) - strtol(start, NULL, 10);
	free(start);
	free(vm);
	return up < 0 ? 0 : up;
}

/* "[N day(s), ]HH:MM[:SS]" */
static void format_up(char *buf, size_t size, long up, bool seconds)
{
	long days = up / 86400;
	int n = 0;

	if (days)
		n = snprintf(buf, size, "%ld day%s, ", days, days > 1 ? "s" : "");
	n += snprintf(buf + n, size - n, "%2ld:%02ld", up / 3600 % 24, up / 60 % 60);
	if (seconds)
		snprintf(buf + n, size - n, ":%02ld", up % 60);
}

static int uptime_one(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		      const char *name, void *arg)
{
	bool brief = *(bool *)arg;
	char text[64], clock[16];
	time_t now = time(NULL);
	struct tm tm;

	format_up(text, sizeof(text), domain_uptime(t, info->domain), !brief);
	if (brief) {
		strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
		printf(" %s up %s, %s (%u)\n", clock, text, name ? name : "(null)", info->domain);
	} else {
		printf("%-33s %4u %s\n", name ? name : "(null)", info->domain, text);
	}
	return 0;
}

int cmd_uptime(int argc, char **argv)
{
	struct toolstack t;
	bool brief = false;
	int opt, ret = XL_FAILED;

	while ((opt = xl_getopt("uptime", argc, argv, "hs", 0)) >= 0)
		brief |= opt == 's';
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (!xl_find_all(&t, argc - optind, argv + optind)) {
		if (!brief)
			printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
		ret = xl_for_domains(&t, argc - optind, argv + optind, true, uptime_one, &brief);
	}
	toolstack_close(&t);
	return ret;
}
