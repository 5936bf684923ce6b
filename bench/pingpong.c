/* SPDX-License-Identifier: MIT */
/*
 * The peer of net.lat_*: a UDP datagram there and back between two processes of the host.
 *
 *	pingpong serve PORT		sends each datagram back; ends when none came for five seconds
 *	pingpong ADDRESS PORT SIZE COUNT	one after the other; "percentiles 1=N 50=N ..." in microseconds
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SIZE_MAX_BYTES	9000
#define WAIT_SECONDS	5

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int open_socket(void)
{
	struct timeval patience = { .tv_sec = WAIT_SECONDS };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0) {
		perror("pingpong: socket");
		exit(1);
	}
	return s;
}

static int serve(uint16_t port)
{
	struct sockaddr_in self = { .sin_family = AF_INET, .sin_port = htons(port) }, peer;
	socklen_t len = sizeof(peer);
	char data[SIZE_MAX_BYTES];
	int s = open_socket();
	ssize_t n;

	if (bind(s, (struct sockaddr *)&self, sizeof(self)) != 0) {
		perror("pingpong: bind");
		return 1;
	}
	while ((n = recvfrom(s, data, sizeof(data), 0, (struct sockaddr *)&peer, &len)) >= 0)
		(void)sendto(s, data, (size_t)n, 0, (struct sockaddr *)&peer, len);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

static void print(double *us, size_t n)
{
	static const double shown[] = { 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 100 };

	qsort(us, n, sizeof(*us), by_size);
	printf("percentiles");
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		size_t at = (size_t)((double)n * shown[i] / 100);

		printf(" %g=%.2f", shown[i], us[at < n ? at : n - 1]);
	}
	printf("\n");
}

static int ping(const char *address, uint16_t port, size_t size, size_t count)
{
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(port) };
	double *us = calloc(count, sizeof(*us));
	char data[SIZE_MAX_BYTES] = { 0 };
	int s = open_socket();
	size_t n;

	if (!us || inet_pton(AF_INET, address, &peer.sin_addr) != 1 ||
	    connect(s, (struct sockaddr *)&peer, sizeof(peer)) != 0) {
		fprintf(stderr, "pingpong: cannot reach %s\n", address);
		free(us);
		return 1;
	}
	for (n = 0; n < count; n++) {
		double start = now_us();

		if (send(s, data, size, 0) < 0 || recv(s, data, sizeof(data), 0) < 0)
			break;
		us[n] = now_us() - start;
	}
	if (n > 0)
		print(us, n);
	free(us);
	close(s);
	return n < count;
}

int main(int argc, char **argv)
{
	unsigned long size, count;

	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve((uint16_t)atoi(argv[2]));
	if (argc != 5) {
		fputs("usage: pingpong serve PORT | pingpong ADDRESS PORT SIZE COUNT\n", stderr);
		return 2;
	}
	size = strtoul(argv[3], NULL, 10);
	count = strtoul(argv[4], NULL, 10);
	if (size < 1 || size > SIZE_MAX_BYTES || count < 1 || count > 10000000) {
		fputs("pingpong: SIZE is 1 to 9000, COUNT 1 to 10000000\n", stderr);
		return 2;
	}
	return ping(argv[1], (uint16_t)atoi(argv[2]), size, count);
}
