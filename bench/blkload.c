/* SPDX-License-Identifier: MIT */
/*
 * The block load of the peers' guests: their first process, so a static program that needs nothing else. Loads the
 * modules of its initramfs (/modules/NAME, in order of names), then measures each device among those it knows:
 *
 *	randread_4k_qd1_iops N, randread_4k_qd1_p50_us N, randread_4k_qd32_iops N, read_1m_qd8_mb_s N
 *
 * with Linux AIO and O_DIRECT, a second each, and powers off.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_QD		32
#define MAX_TIMES	200000
#define BLOCKS_SIZE64	_IOR(0x12, 114, size_t)	/* BLKGETSIZE64 */

static double times[MAX_TIMES];

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void modules(void)
{
	struct dirent **found;
	int n = scandir("/modules", &found, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char path[300];
		int fd;

		if (found[i]->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/modules/%s", found[i]->d_name);
		fd = open(path, O_RDONLY);
		if (syscall(SYS_finit_module, fd, "", 0) != 0)
			perror(path);
		close(fd);
	}
}

static int by_size(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

struct load {
	int fd, qd, random;
	size_t bs, blocks, next;
	struct iocb cb[MAX_QD];
	double start[MAX_QD];
};

static void submit(aio_context_t ctx, struct load *l, int i)
{
	struct iocb *cb = &l->cb[i];
	size_t at = l->random ? (size_t)random() % l->blocks : l->next++ % l->blocks;

	cb->aio_offset = (int64_t)(at * l->bs);
	l->start[i] = now_us();
	if (syscall(SYS_io_submit, ctx, 1, &cb) != 1) {
		perror("io_submit");
		exit(1);
	}
}

static void measure(int fd, size_t device, size_t bs, int qd, int is_random, const char *name)
{
	static struct load l;
	struct io_event ev[MAX_QD];
	aio_context_t ctx = 0;
	uint64_t ops = 0;
	double start, end;
	char *buffers;

	l = (struct load){ .fd = fd, .qd = qd, .random = is_random, .bs = bs, .blocks = device / bs };
	if (posix_memalign((void **)&buffers, 4096, bs * (size_t)qd) != 0 || syscall(SYS_io_setup, qd, &ctx) != 0) {
		perror("io_setup");
		return;
	}
	start = now_us();
	for (int i = 0; i < qd; i++) {
		l.cb[i] = (struct iocb){ .aio_data = (uint64_t)i, .aio_fildes = (uint32_t)fd, .aio_nbytes = bs,
					 .aio_lio_opcode = IOCB_CMD_PREAD, .aio_buf = (uintptr_t)buffers + (size_t)i * bs };
		submit(ctx, &l, i);
	}
	do {
		long n = syscall(SYS_io_getevents, ctx, 1, qd, ev, NULL);

		end = now_us();
		for (long k = 0; k < n; k++) {
			int i = (int)ev[k].data;

			if (ev[k].res != (int64_t)bs) {
				fprintf(stderr, "read: %lld\n", (long long)ev[k].res);
				return;
			}
			if (ops < MAX_TIMES)
				times[ops] = end - l.start[i];
			ops++;
			submit(ctx, &l, i);
		}
	} while (end < start + 1e6);
	if (bs == 4096)
		printf("%s_iops %.0f\n", name, (double)ops * 1e6 / (end - start));
	else
		printf("%s_mb_s %.1f\n", name, (double)ops * (double)bs / (end - start));
	if (qd == 1) {
		size_t n = ops < MAX_TIMES ? ops : MAX_TIMES;

		qsort(times, n, sizeof(times[0]), by_size);
		printf("%s_p50_us %.1f\n", name, times[n / 2]);
	}
	syscall(SYS_io_destroy, ctx);
	free(buffers);
}

int main(void)
{
	static const char *const devices[] = { "/dev/vda", "/dev/ubda" };
	size_t size = 0;
	int fd = -1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	(void)mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	modules();
	for (int tries = 0; fd < 0 && tries < 100; tries++) {
		for (size_t i = 0; fd < 0 && i < sizeof(devices) / sizeof(devices[0]); i++)
			fd = open(devices[i], O_RDONLY | O_DIRECT);
		if (fd < 0)
			usleep(20000);
	}
	if (fd < 0 || ioctl(fd, BLOCKS_SIZE64, &size) != 0) {
		fputs("blkload: no disk\n", stderr);
	} else {
		measure(fd, size, 4096, 1, 1, "randread_4k_qd1");
		measure(fd, size, 4096, 32, 1, "randread_4k_qd32");
		measure(fd, size, 1 << 20, 8, 0, "read_1m_qd8");
	}
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
