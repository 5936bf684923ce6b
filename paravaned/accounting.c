/* SPDX-License-Identifier: MIT */
/* CPU time, placement and identity of processes, read from /proc when somebody asks. */
#include "config.h"
#include "paravaned/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The whole of a small file in /proc; its length, 0 if there is none. */
static size_t proc_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = 0;
	return (size_t)n;
}

/* The fields of /proc/PID/stat behind the name, which may hold anything: field 3 is the first. */
static const char *stat_field(const char *buf, int field)
{
	const char *p = strrchr(buf, ')');
	int i;

	for (i = 2; p && i < field; i++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	return p;
}

static bool stat_read(pid_t pid, char *buf, size_t size)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return pid > 0 && proc_read(path, buf, size);
}

/* schedstat has ns; kernels without it have ticks in stat. */
static uint64_t one_cpu_time(pid_t pid)
{
	uint64_t tick_ns = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);
	char path[40], buf[1024];
	const char *p;

	if (pid <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	if (proc_read(path, buf, sizeof(buf)))
		return strtoull(buf, NULL, 10);
	if (!stat_read(pid, buf, sizeof(buf)))
		return 0;
	p = stat_field(buf, 14);
	return p ? (strtoull(p, NULL, 10) + strtoull(stat_field(buf, 15), NULL, 10)) * tick_ns : 0;
}

/* A vCPU's process, its nursery of user mode, the mappers, the runners. */
#define TREE_DEPTH	4

static void tree_each(pid_t pid, int depth, void (*fn)(pid_t pid, void *arg), void *arg)
{
	char path[64];
	FILE *children;
	int child;

	fn(pid, arg);
	if (depth == 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	children = fopen(path, "re");
	if (!children)
		return;
	while (fscanf(children, "%d", &child) == 1 && child > 0)
		tree_each(child, depth - 1, fn, arg);
	fclose(children);
}

void process_tree_each(pid_t pid, void (*fn)(pid_t pid, void *arg), void *arg)
{
	if (pid > 0)
		tree_each(pid, TREE_DEPTH, fn, arg);
}

static void add_cpu_time(pid_t pid, void *arg)
{
	*(uint64_t *)arg += one_cpu_time(pid);
}

uint64_t process_cpu_time(pid_t pid)
{
	uint64_t sum = 0;

	process_tree_each(pid, add_cpu_time, &sum);
	return sum;
}

uint32_t process_last_cpu(pid_t pid)
{
	char buf[1024];
	const char *p = stat_read(pid, buf, sizeof(buf)) ? stat_field(buf, 39) : NULL;

	return p ? (uint32_t)strtoul(p, NULL, 10) : 0;
}

static uint64_t status_signals(const char *status, const char *which)
{
	const char *p = strstr(status, which);

	return p ? strtoull(p + strlen(which), NULL, 16) : 0;
}

/* The signal stays in the set of the whole process until it is reaped. */
bool process_is_killed(pid_t pid)
{
	char path[40], buf[8192];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (!proc_read(path, buf, sizeof(buf)))
		return false;
	return (status_signals(buf, "\nShdPnd:") | status_signals(buf, "\nSigPnd:")) >> (SIGKILL - 1) & 1;
}

/* PF_EXITING of <linux/sched.h>, in the flags field: it runs no program any more. */
bool process_is_exiting(pid_t pid)
{
	char buf[1024];
	const char *p = stat_read(pid, buf, sizeof(buf)) ? stat_field(buf, 9) : NULL;

	return p && strtoul(p, NULL, 10) & 4;
}

uint64_t process_start_ticks(pid_t pid)
{
	char buf[1024];
	const char *p = stat_read(pid, buf, sizeof(buf)) ? stat_field(buf, 22) : NULL;

	return p ? strtoull(p, NULL, 10) : 0;
}

/* From exec on an image's first argument says so; soon after, and beyond a guest's reach, its name. */
bool process_is_called(pid_t pid, const char *name)
{
	char path[40], buf[1024];
	size_t len = strlen(name);

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (proc_read(path, buf, sizeof(buf)) == len + 1 && !memcmp(buf, name, len))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	return proc_read(path, buf, sizeof(buf)) > len && !strcmp(buf, name);
}

uint64_t process_host_cpu_time(void)
{
	uint64_t tick_ns = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);
	unsigned long long user, nice_, sys;
	char buf[512];

	if (!proc_read("/proc/stat", buf, sizeof(buf)) ||
	    sscanf(buf, "cpu %llu %llu %llu", &user, &nice_, &sys) != 3)
		return 0;
	return (user + nice_ + sys) * tick_ns;
}
