/* SPDX-License-Identifier: MIT */
/*
 * xenconsoled: the program.  It finds the domains in the store (every one that is introduced and
 * has a console/port) and gives each a console.
 */
#include "config.h"
#include "backends/console.h"

#include <errno.h>
#include <limits.h>
#include <getopt.h>
#include <paravane/rundir.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

/* Options, with their defaults. */
static struct {
	const char *log_dir;
	uint64_t rotate_size, rotate_keep, log_rate;
} opts = { NULL, 1u << 20, 3, 1u << 20 };

enum { OPT_LOG_DIR = 256, OPT_ROTATE_SIZE, OPT_ROTATE_KEEP, OPT_LOG_RATE };

static const struct option console_options[] = {
	{ "log-dir", required_argument, NULL, OPT_LOG_DIR },
	{ "rotate-size", required_argument, NULL, OPT_ROTATE_SIZE },
	{ "rotate-keep", required_argument, NULL, OPT_ROTATE_KEEP },
	{ "log-rate", required_argument, NULL, OPT_LOG_RATE },
	{ NULL, 0, NULL, 0 },
};

/* A daemon works in /; the user meant the directory he is in. */
static const char *absolute(const char *path)
{
	static char buf[PATH_MAX];
	char cwd[PATH_MAX / 2];

	if (*path == '/' || !getcwd(cwd, sizeof(cwd)))
		return path;
	snprintf(buf, sizeof(buf), "%s/%s", cwd, path);
	return buf;
}

static int console_option(int val, const char *arg)
{
	switch (val) {
	case OPT_LOG_DIR:
		opts.log_dir = absolute(arg);
		return 0;
	case OPT_ROTATE_SIZE:
		return parse_uint(arg, UINT64_MAX, &opts.rotate_size);
	case OPT_ROTATE_KEEP:
		return parse_uint(arg, 100, &opts.rotate_keep);
	case OPT_LOG_RATE:
		return parse_uint(arg, UINT32_MAX, &opts.log_rate);
	}
	return -1;
}

static struct console *console_find(struct consoled *cd, unsigned int domid)
{
	struct console *c;

	TAILQ_FOREACH(c, &cd->consoles[domid % CONSOLE_BUCKETS], entry)
		if (c->domid == domid && !c->ending)
			return c;
	return NULL;
}

/*
 * Terminals that a predecessor has left in the store when it was killed: their numbers may be
 * anybody's by now.  They go before anybody can take us for the one who serves them.
 */
static void forget_predecessor(struct consoled *cd)
{
	char dir[64], **names;
	uint64_t domid;
	int n, i;

	n = store_list(cd->store, "/local/domain", &names);
	for (i = 0; i < n; i++) {
		if (parse_uint(names[i], DOMID_FIRST_RESERVED - 1, &domid) || !domid)
			continue;
		snprintf(dir, sizeof(dir), "/local/domain/%u/console", (unsigned int)domid);
		if (console_is_ours(cd->store, dir))
			store_rm(cd->store, dir, "tty");
	}
	if (n >= 0)
		free(names);
}

/* A domain is new.  Those we know of have a watch of their own. */
static void introduce_event(void *arg, const char *path)
{
	struct consoled *cd = arg;
	struct console *c;
	uint64_t domid;
	char **names;
	int n, i;

	n = store_list(cd->store, "/local/domain", &names);
	for (i = 0; i < n; i++) {
		if (parse_uint(names[i], DOMID_FIRST_RESERVED - 1, &domid) || !domid)
			continue;
		c = console_find(cd, (unsigned int)domid);
		if (!c)
			console_new(cd, (unsigned int)domid, &c);
		else if (!c->ring)
			console_look(c);
	}
	if (n >= 0)
		free(names);
}

/* A store that was started anew knows no domain: then paravaned is asked. */
static bool is_gone(struct console *c)
{
	if (c->epoch == store_epoch(c->cd->store))
		return store_introduced(c->cd->store, c->domid) == 0;
	return !domain_alive(c->cd->xgt, c->domid);
}

/* Some domain has shut down, which changes nothing here, or is gone. */
static void release_event(void *arg, const char *path)
{
	struct consoled *cd = arg;
	struct console *c, *next;
	int b;

	for (b = 0; b < CONSOLE_BUCKETS; b++) {
		for (c = TAILQ_FIRST(&cd->consoles[b]); c; c = next) {
			next = TAILQ_NEXT(c, entry);
			if (!c->ending && c->ring && is_gone(c))
				console_end(c);
		}
	}
	/* A domid may have been taken anew meanwhile. */
	introduce_event(cd, path);
}

/* The directory of the logs: made like the run directory's others, or the user's choice. */
static int log_dir_open(struct consoled *cd)
{
	char log[480];
	int rc = 0;

	if (opts.log_dir) {
		if (strlen(opts.log_dir) >= sizeof(cd->log_dir))
			return -ENAMETOOLONG;
		snprintf(cd->log_dir, sizeof(cd->log_dir), "%s", opts.log_dir);
	} else {
		rc = pvn_runpath(log, sizeof(log), "log");
		if (rc)
			return rc;
		mkdir(log, 0700);
		snprintf(cd->log_dir, sizeof(cd->log_dir), "%s/console", log);
	}
	if (mkdir(cd->log_dir, 0700) && errno != EEXIST)
		rc = -errno;
	return rc;
}

static int consoled_open(struct consoled *cd)
{
	int rc, b;

	for (b = 0; b < CONSOLE_BUCKETS; b++)
		TAILQ_INIT(&cd->consoles[b]);
	cd->inotify = -1;
	cd->rotate_size = opts.rotate_size;
	cd->rotate_keep = (unsigned int)opts.rotate_keep;
	cd->log_rate = opts.log_rate;
	rc = log_dir_open(cd);
	if (rc)
		return program_error(rc, "log directory");
	rc = events_open(cd->loop, NULL, NULL, &cd->events);
	if (!rc)
		cd->xgt = xengnttab_open(NULL, 0);
	if (!rc && !cd->xgt)
		rc = -errno;
	if (rc)
		return program_error(rc, "cannot reach paravaned");
	console_attach_open(cd);
	rc = store_open(cd->loop, &cd->store);
	if (rc)
		return program_error(rc, "cannot reach xenstored");
	forget_predecessor(cd);
	rc = store_watch(cd->store, "@introduceDomain", introduce_event, cd, &cd->introduce);
	if (!rc)
		rc = store_watch(cd->store, "@releaseDomain", release_event, cd, &cd->release);
	return rc ? program_error(rc, "cannot watch the store") : 0;
}

static void consoled_close(struct consoled *cd)
{
	struct console *c;
	int b;

	for (b = 0; b < CONSOLE_BUCKETS; b++)
		while ((c = TAILQ_FIRST(&cd->consoles[b])))
			console_free(c);
	console_attach_close(cd);
	store_close(cd->store);
	if (cd->xgt)
		xengnttab_close(cd->xgt);
	events_close(cd->events);
	pvn_loop_free(cd->loop);
	free(cd);
}

static int consoled_main(const struct program *prog, struct pvn_loop *loop)
{
	struct consoled *cd = calloc(1, sizeof(*cd));
	int rc;

	if (!cd)
		return program_error(-ENOMEM, "start");
	cd->loop = loop;
	rc = consoled_open(cd);
	if (!rc) {
		pvn_daemon_ready();
		pvn_log(LOG_INFO, "serving consoles");
		rc = pvn_loop_run(loop);
	}
	consoled_close(cd);
	return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct program prog = {
		.name = "xenconsoled",
		.what = "Serve the consoles of domains, on pseudo-terminals and in log files",
		.more_help =
			"      --log-dir DIR        where the logs go (default RUNDIR/log/console)\n"
			"      --rotate-size BYTES  begin a new log file at this size; 0: never (1048576)\n"
			"      --rotate-keep N      old log files kept (3)\n"
			"      --log-rate BYTES     most a domain may write in a second; 0: any (1048576)\n",
		.options = console_options,
		.option = console_option,
		.run = consoled_main,
	};

	return program_main(&prog, argc, argv);
}
