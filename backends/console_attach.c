/* SPDX-License-Identifier: MIT */
/*
 * Who is attached: inotify tells when a pty's slave is opened and closed.
 *
 * While nobody is, nothing is written to the pty, and the buffer keeps the last `limit` bytes
 * for who comes next.  (The kernel would take the first kilobytes into the terminal's queue
 * and the reader would find a hole after them.)  Where inotify is refused we write always, as
 * Xen's daemon does.
 */
#include "config.h"
#include "backends/console.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"

static void attach_event(struct consoled *cd, const struct inotify_event *ev)
{
	struct console *c;
	int b;

	for (b = 0; b < CONSOLE_BUCKETS; b++) {
		TAILQ_FOREACH(c, &cd->consoles[b], entry) {
			if (c->attach_wd != ev->wd)
				continue;
			if (ev->mask & IN_OPEN)
				c->attached++;
			else if ((ev->mask & IN_CLOSE) && c->attached)
				c->attached--;
			console_pump(c);
			return;
		}
	}
}

/* Events were lost: from now on everybody counts as attached. */
static void attach_overflow(struct consoled *cd)
{
	struct console *c;
	int b;

	pvn_log(LOG_WARNING, "inotify overflow: cannot tell any more who is attached");
	for (b = 0; b < CONSOLE_BUCKETS; b++) {
		TAILQ_FOREACH(c, &cd->consoles[b], entry) {
			c->attach_wd = -1;
			console_pump(c);
		}
	}
}

static void inotify_ready(void *arg, uint32_t revents)
{
	struct consoled *cd = arg;
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *ev;
	ssize_t n = read(cd->inotify, buf, sizeof(buf));
	char *at;

	for (at = buf; n > 0 && at < buf + n; at += sizeof(*ev) + ev->len) {
		ev = (const struct inotify_event *)(const void *)at;
		if (ev->mask & IN_Q_OVERFLOW)
			attach_overflow(cd);
		else
			attach_event(cd, ev);
	}
}

void console_attach_open(struct consoled *cd)
{
	cd->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (cd->inotify >= 0 && pvn_loop_add_fd(cd->loop, cd->inotify, POLLIN, inotify_ready, cd,
						&cd->inotify_watch)) {
		close(cd->inotify);
		cd->inotify = -1;
	}
	if (cd->inotify < 0)
		pvn_log(LOG_NOTICE, "no inotify (%s): consoles are written unattended",
			strerror(errno));
}

void console_attach_close(struct consoled *cd)
{
	pvn_loop_del_fd(cd->inotify_watch);
	if (cd->inotify >= 0)
		close(cd->inotify);
}

void console_attach_watch(struct console *c)
{
	c->attached = 0;
	c->attach_wd = c->cd->inotify < 0 ? -1 :
		inotify_add_watch(c->cd->inotify, c->pty.path, IN_OPEN | IN_CLOSE);
}

void console_attach_unwatch(struct console *c)
{
	if (c->attach_wd >= 0)
		inotify_rm_watch(c->cd->inotify, c->attach_wd);
	c->attach_wd = -1;
}
