/* SPDX-License-Identifier: MIT */
/*
 * Getting to the machine: the daemons that are missing are started, then the two connections are
 * made.  Called first by every command that needs them.
 */
#include "config.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <paravane/rundir.h>
#include "libs/util/daemon.h"
#include "toolstack/lib/layout.h"

static const char *const daemons[] = {"paravaned", "xenstored", "xenconsoled", "paravane-blkback",
					"paravane-netback"};

int ts_fail(struct toolstack *t, int err, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	vsnprintf(t->error, sizeof(t->error), fmt, ap);
	va_end(ap);
	for (s = t->error; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			*s = '?';
	return err;
}

static bool store_is_empty(struct toolstack *t)
{
	char *type = store_read(t, "/libxl/0/type");

	free(type);
	return !type;
}

/*
 * A store that nobody has filled: domains that run already get their nodes back.  The control
 * domain's type, which on Xen xen-init-dom0 writes, comes last and says that it is filled.
 */
static int fill_store(struct toolstack *t)
{
	int lock, ret = 0;

	if (!store_is_empty(t))
		return 0;
	lock = toolstack_lock(t);
	if (lock < 0)
		return lock;
	if (store_is_empty(t)) {
		store_restore(t);
		ret = store_write(t, "pv", "/libxl/0/type");
	}
	toolstack_unlock(lock);
	return ret;
}

int session_daemon(struct toolstack *t, const char *name)
{
	int ret = pvn_daemon_running(name, NULL);
	char log[PATH_BYTES];

	if (ret == 1)
		return 0;
	ret = pvn_daemon_ensure(name);
	if (!ret)
		return 0;
	if (ret == -ENOENT)
		return ts_fail(t, ret, "%s: the program is not installed beside xl; build or install it",
			       name);
	snprintf(log, sizeof(log), "log/%s.log", name);
	return ts_fail(t, ret, "%s: it could not be started; its log is %s/%s", name,
		       pvn_rundir() ? pvn_rundir() : "", log);
}

static int open_machine(struct toolstack *t)
{
	int ret = pvn_ctl_open(&t->ctl);

	if (ret == -EPROTO || ret == -EPROTONOSUPPORT)
		return ts_fail(t, ret, "paravaned: it is of another version than this xl; stop it with "
			       "`paravaned --stop' and try again");
	if (ret)
		return ts_fail(t, ret, "paravaned: cannot be reached: %s; its log is %s/log/paravaned.log",
			       strerror(-ret), pvn_rundir());
	return 0;
}

static int open_store(struct toolstack *t)
{
	t->xs = xs_open(0);
	if (!t->xs)
		return ts_fail(t, -errno, "xenstored: cannot be reached: %s; its log is "
			       "%s/log/xenstored.log", strerror(errno), pvn_rundir());
	return 0;
}

static int check_rundir(struct toolstack *t)
{
	int err;

	memset(t, 0, sizeof(*t));
	err = pvn_rundir() ? pvn_store_setenv() : -errno;
	if (err)
		return ts_fail(t, err, "run directory: cannot be used: %s; set XDG_RUNTIME_DIR or "
			       "PARAVANE_RUNDIR to a directory of yours", strerror(-err));
	return 0;
}

int toolstack_open(struct toolstack *t, enum toolstack_need need)
{
	static const size_t started[] = {
		[NEED_MACHINE] = 1, [NEED_STORE] = 2, [NEED_CONSOLE] = 3, [NEED_ALL] = 5,
	};
	size_t i, last = started[need];
	int ret = check_rundir(t);

	for (i = 0; !ret && i < last; i++) {
		ret = session_daemon(t, daemons[i]);
		if (ret < 0)
			return ret;
		if (i == 0)
			/* Before more is started: is this the machine we can talk to? */
			ret = open_machine(t);
		else if (i == 1) {
			ret = open_store(t);
			if (!ret)
				ret = fill_store(t);
		} else {
			ret = 0;
		}
	}
	if (ret)
		toolstack_close(t);
	return ret;
}

int toolstack_connect(struct toolstack *t)
{
	int ret = check_rundir(t);

	if (!ret)
		ret = open_machine(t);
	if (!ret)
		ret = open_store(t);
	if (ret)
		toolstack_close(t);
	return ret;
}

void toolstack_close(struct toolstack *t)
{
	if (t->xs)
		xs_close(t->xs);
	pvn_ctl_close(t->ctl);
	t->xs = NULL;
	t->ctl = NULL;
}
