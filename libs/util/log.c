/* SPDX-License-Identifier: MIT */
/*
 * The log of a daemon or tool: one line is one write(2), so lines of several processes do not mix.
 *
 * The text may carry what a domain said; control characters never reach a terminal.
 */
#include "config.h"
#include "libs/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_FILE_MAX	(8L << 20)

static struct {
	int fd;
	int level;		/* -1: not yet read from the environment */
	int also_stderr;
	const char *name;
	char path[PATH_MAX];	/* "" = not a file of ours, never rotated */
} log_state = { .fd = STDERR_FILENO, .level = -1 };

static const char *const prio_names[] = {
	"emerg", "alert", "crit", "error", "warning", "notice", "info", "debug",
};

void pvn_log_level(int prio)
{
	log_state.level = prio;
}

static int log_level(void)
{
	const char *env;

	if (log_state.level < 0) {
		env = getenv("PARAVANE_LOG");
		log_state.level = env && !strcmp(env, "debug") ? LOG_DEBUG : LOG_INFO;
	}
	return log_state.level;
}

static int log_file_open(void)
{
	return open(log_state.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int pvn_log_open(const char *name, const char *path, int also_stderr)
{
	int fd;

	if (strlen(path) >= sizeof(log_state.path))
		return -ENAMETOOLONG;
	strcpy(log_state.path, path);
	fd = log_file_open();
	if (fd < 0) {
		log_state.path[0] = 0;
		return -errno;
	}
	log_state.fd = fd;
	log_state.name = name;
	log_state.also_stderr = also_stderr;
	return 0;
}

void pvn_log_quiet(void)
{
	log_state.also_stderr = 0;
}

int pvn_log_fd(void)
{
	return log_state.fd;
}

/* A domain that talks must not fill the disk: one old file is kept. */
static void log_rotate(void)
{
	char old[PATH_MAX + 2];
	struct stat st;
	int fd;

	if (!log_state.path[0] || fstat(log_state.fd, &st) != 0 || st.st_size < LOG_FILE_MAX)
		return;
	snprintf(old, sizeof(old), "%s.1", log_state.path);
	if (rename(log_state.path, old) != 0) {
		/* In a sandbox there are no names: the log begins anew in its place. */
		if (errno == EPERM && ftruncate(log_state.fd, 0))
			log_state.path[0] = 0;
		return;
	}
	fd = log_file_open();
	if (fd < 0)
		return;
	/* The same number: stderr and stdout may be copies, which go on into the old file. */
	dup3(fd, log_state.fd, O_CLOEXEC);
	close(fd);
}

static void log_write(int fd, const char *buf, size_t n)
{
	/* A log that cannot be written has nobody to tell. */
	if (write(fd, buf, n) < 0)
		return;
}

static size_t line_finish(char *line, size_t from, int n, size_t size)
{
	size_t end = n < 0 ? from : from + (size_t)n, i;

	if (end > size - 2)
		end = size - 2;
	while (end > from && line[end - 1] == '\n')
		end--;
	for (i = from; i < end; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[end] = '\n';
	return end + 1;
}

void pvn_log(int prio, const char *fmt, ...)
{
	char line[2048];
	int saved = errno, n;
	size_t head;
	struct timespec ts;
	struct tm tm;
	va_list ap;

	prio &= LOG_PRIMASK;
	if (prio > log_level())
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	head = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &tm);
	head += (size_t)snprintf(line + head, 300, ".%03ldZ %.64s[%d] %s: ", ts.tv_nsec / 1000000,
				 log_state.name ? log_state.name : program_invocation_short_name,
				 (int)getpid(), prio_names[prio]);
	va_start(ap, fmt);
	n = vsnprintf(line + head, sizeof(line) - head, fmt, ap);
	va_end(ap);
	n = (int)line_finish(line, head, n, sizeof(line));
	log_rotate();
	log_write(log_state.fd, line, (size_t)n);
	if (log_state.also_stderr && prio <= LOG_ERR) {
		dprintf(STDERR_FILENO, "%s: %.*s", log_state.name, n - (int)head, line + head);
	}
	errno = saved;
}
