/* SPDX-License-Identifier: MIT */
/*
 * Store operations per second of libxenstore clients: a mix of writes, reads and small transactions
 * (start, read, write, end), each client in its own directory.  store CLIENTS [OPERATIONS]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>
#include <paravane/rundir.h>

#define MAX_CLIENTS 64

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Eight operations: write, read, write, read, and a transaction of four. */
static int round_of_eight(struct xs_handle *xs, const char *dir, unsigned int i)
{
	char path[96], value[32];
	unsigned int len;
	int n = snprintf(value, sizeof(value), "value-%u", i), k;
	xs_transaction_t t;
	void *v;

	for (k = 0; k < 2; k++) {
		snprintf(path, sizeof(path), "%s/n%u", dir, (i + (unsigned int)k) % 16);
		if (!xs_write(xs, XBT_NULL, path, value, (unsigned int)n))
			return -1;
		v = xs_read(xs, XBT_NULL, path, &len);
		if (!v)
			return -1;
		free(v);
	}
	t = xs_transaction_start(xs);
	v = xs_read(xs, t, path, &len);
	free(v);
	if (!v || !xs_write(xs, t, path, value, (unsigned int)n))
		return -1;
	return xs_transaction_end(xs, t, false) ? 0 : -1;
}

static void client(unsigned int id, unsigned int rounds, int go)
{
	struct xs_handle *xs = xs_open(0);
	char dir[48], c;
	unsigned int i;

	snprintf(dir, sizeof(dir), "/bench/%u", id);
	if (!xs || read(go, &c, 1) != 1)
		_exit(1);
	for (i = 0; i < rounds; i++)
		if (round_of_eight(xs, dir, i))
			_exit(1);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned int clients = argc > 1 ? (unsigned int)atoi(argv[1]) : 1;
	unsigned int ops = argc > 2 ? (unsigned int)atoi(argv[2]) : 40000;
	unsigned int rounds, i, bad = 0;
	int go[2], status;
	double start;

	if (!clients || clients > MAX_CLIENTS || pipe(go))
		return 2;
	rounds = ops / clients / 8;
	pvn_store_setenv();
	for (i = 0; i < clients; i++)
		if (fork() == 0)
			client(i, rounds, go[0]);
	usleep(100000);
	start = now_s();
	for (i = 0; i < clients; i++)
		if (write(go[1], "g", 1) != 1)
			return 1;
	while (wait(&status) > 0)
		bad += status != 0;
	if (bad) {
		fprintf(stderr, "store: %u clients failed\n", bad);
		return 1;
	}
	printf("%.0f\n", rounds * 8.0 * clients / (now_s() - start));
	return 0;
}
