/* SPDX-License-Identifier: MIT */
/*
 * Time from starting `xl create` to the guest's main, which writes "1" to data/booted in the store.
 * boot XL CONFIG: prints milliseconds and the new domid.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>
#include <paravane/rundir.h>

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A domain whose data/booted node has just been written, or 0. */
static unsigned int booted(struct xs_handle *xs)
{
	unsigned int n, len, domid = 0;
	char **ev = xs_read_watch(xs, &n), *v;
	const char *end;

	if (!ev)
		return 0;
	end = strstr(ev[XS_WATCH_PATH], "/data/booted");
	if (end && !strncmp(ev[XS_WATCH_PATH], "/local/domain/", 14)) {
		v = xs_read(xs, XBT_NULL, ev[XS_WATCH_PATH], &len);
		if (v && !strcmp(v, "1"))
			domid = (unsigned int)strtoul(ev[XS_WATCH_PATH] + 14, NULL, 10);
		free(v);
	}
	free(ev);
	return domid;
}

int main(int argc, char **argv)
{
	struct xs_handle *xs;
	struct pollfd p;
	unsigned int domid = 0;
	double start;

	if (argc != 3) {
		fputs("usage: boot XL CONFIG\n", stderr);
		return 2;
	}
	pvn_store_setenv();
	xs = xs_open(0);
	if (!xs || !xs_watch(xs, "/local/domain", "boot")) {
		perror("boot: xenstore");
		return 1;
	}
	p = (struct pollfd){ .fd = xs_fileno(xs), .events = POLLIN };
	start = now_ms();
	if (fork() == 0) {
		execl(argv[1], "xl", "create", "-q", argv[2], (char *)NULL);
		_exit(127);
	}
	while (!domid) {
		if (poll(&p, 1, 20000) <= 0) {
			fputs("boot: no domain booted within 20 s\n", stderr);
			return 1;
		}
		domid = booted(xs);
	}
	printf("%.3f %u\n", now_ms() - start, domid);
	wait(NULL);
	return 0;
}
