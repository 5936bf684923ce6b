/* SPDX-License-Identifier: MIT */
/*
 * The control domain's end of `bench ping` in the guest: bind the port it publishes in the
 * store, answer every event with an event.  echo DOMID [CPU]; ends when the port goes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xenstore.h>
#include <paravane/rundir.h>

static unsigned int wait_for_port(unsigned int domid)
{
	struct xs_handle *xs;
	char path[64], *v;
	unsigned int len, port = 0, tries;

	pvn_store_setenv();
	xs = xs_open(0);
	if (!xs) {
		perror("echo: xenstore");
		exit(1);
	}
	snprintf(path, sizeof(path), "/local/domain/%u/data/bench/port", domid);
	for (tries = 0; !port && tries < 3000; tries++) {
		v = xs_read(xs, XBT_NULL, path, &len);
		port = v ? (unsigned int)strtoul(v, NULL, 10) : 0;
		free(v);
		if (!port)
			usleep(10000);
	}
	xs_close(xs);
	return port;
}

int main(int argc, char **argv)
{
	xenevtchn_handle *xce;
	int local, port;
	cpu_set_t set;

	if (argc < 2) {
		fputs("usage: echo DOMID [CPU]\n", stderr);
		return 2;
	}
	if (argc > 2) {
		CPU_ZERO(&set);
		CPU_SET((size_t)atoi(argv[2]), &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
	alarm(120);
	xce = xenevtchn_open(NULL, 0);
	local = xce ? xenevtchn_bind_interdomain(xce, (uint32_t)atoi(argv[1]),
						 wait_for_port((unsigned int)atoi(argv[1]))) : -1;
	if (local < 0) {
		fprintf(stderr, "echo: cannot bind: %s\n", strerror(errno));
		return 1;
	}
	xenevtchn_notify(xce, (evtchn_port_t)local); /* hello */
	for (;;) {
		port = xenevtchn_pending(xce);
		if (port < 0)
			return 0;
		xenevtchn_unmask(xce, (evtchn_port_t)port);
		xenevtchn_notify(xce, (evtchn_port_t)port);
	}
}
