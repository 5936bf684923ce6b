/* SPDX-License-Identifier: MIT */
/*
 * on_poweroff, on_reboot, on_crash, on_watchdog, on_soft_reset: what becomes of a domain that has
 * shut down.  Called by the monitor.  The saved configuration is read anew each time, so that
 * `xl config-update' counts.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libs/util/log.h"
#include "toolstack/lib/layout.h"
#include "toolstack/lib/restart.h"
#include <xen/sched.h>

/* A domain that ends this often in a row, each time this soon, is not restarted again: it would
 * only burn CPU and fill logs. */
#define QUICK_END_S	10
#define QUICK_ENDS_MAX	5

enum domain_action restart_action(struct toolstack *t, const struct monitored *m, int reason)
{
	struct domain_config c;
	enum domain_action action = ACTION_DESTROY;

	if (userdata_load(t, m->domid, m->uuid, &c)) {
		pvn_log(LOG_WARNING, "%s", t->error);
		return ACTION_DESTROY;
	}
	switch (reason) {
	case SHUTDOWN_poweroff:
		action = c.on_poweroff;
		break;
	case SHUTDOWN_reboot:
		action = c.on_reboot;
		break;
	case SHUTDOWN_crash:
		action = c.on_crash;
		break;
	case SHUTDOWN_watchdog:
		action = c.on_watchdog;
		break;
	case SHUTDOWN_soft_reset:
		action = c.on_soft_reset;
		break;
	}
	domain_config_free(&c);
	return action;
}

/* Has it ended at once too often? */
static bool too_quick(struct monitored *m)
{
	if (time(NULL) - m->started >= QUICK_END_S)
		m->quick_ends = 0;
	else
		m->quick_ends++;
	return m->quick_ends > QUICK_ENDS_MAX;
}

static int take_name(struct domain_config *c, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	free(c->name);
	c->name = copy;
	return 0;
}

/* Keep the dead domain under another name and uuid, for somebody to look at. */
static int preserve_renamed(struct toolstack *t, struct monitored *m)
{
	char name[CFG_NAME_MAX + 32], vm[PATH_BYTES] = "/vm/", stamp[24];
	struct layout_rings rings;
	struct domain_config c;
	char *old = NULL;
	time_t now = time(NULL);
	struct tm tm;
	uuid_t uuid;
	int ret;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	snprintf(name, sizeof(name), "%.*s-%s", CFG_NAME_MAX - 18, m->name, stamp);
	uuid_generate_random(uuid);
	uuid_unparse_lower(uuid, vm + strlen(vm));
	ret = userdata_load(t, m->domid, m->uuid, &c);
	if (ret)
		return ret;
	ret = store_write(t, name, "%s/name", vm);
	if (!ret)
		ret = store_write(t, vm, "/local/domain/%u/vm", m->domid);
	if (!ret)
		ret = store_write(t, name, "/local/domain/%u/name", m->domid);
	if (!ret)
		ret = pvn_ctl_set_handle(t->ctl, m->domid, uuid);
	if (!ret)
		ret = userdata_save(t, m->domid, uuid, &c);
	if (!ret && !userdata_load_rings(m->domid, m->uuid, &old, &rings))
		ret = userdata_save_rings(t, m->domid, uuid, name, &rings);
	free(old);
	domain_config_free(&c);
	userdata_remove(m->domid, m->uuid);
	/* It never runs again, and who follows wants its disks. */
	devices_remove(t, m->domid);
	store_remove(t, "/local/domain/0/backend/vbd/%u", m->domid);
	store_remove(t, "/local/domain/0/backend/vif/%u", m->domid);
	pvn_log(LOG_INFO, "Domain %u is kept as %s", m->domid, name);
	return ret;
}

/* A new incarnation of the same name and uuid. */
static int start_again(struct toolstack *t, struct monitored *m, struct domain_config *c)
{
	uint32_t domid;
	int ret;

	/* Fresh connections: a daemon that died meanwhile is started again. */
	toolstack_close(t);
	ret = toolstack_open(t, NEED_ALL);
	if (t->notice[0])
		pvn_log(LOG_WARNING, "%s", t->notice);
	if (!ret)
		ret = domain_preflight(t, c);
	if (!ret)
		ret = domain_create(t, c, &domid);
	if (ret)
		return ret;
	m->domid = domid;
	m->started = time(NULL);
	if (!xs_watch(t->xs, "@releaseDomain", "monitor"))
		ret = ts_fail(t, -errno, "xenstored: cannot watch @releaseDomain: %s", strerror(errno));
	if (!ret)
		ret = pvn_ctl_unpause(t->ctl, domid);
	if (ret < 0) {
		domain_destroy(t, domid);
		return ret;
	}
	pvn_log(LOG_INFO, "Domain %s runs again as domain %u", m->name, domid);
	return 1;
}

static int restart(struct toolstack *t, struct monitored *m, bool keep_old)
{
	struct domain_config c;
	int ret = userdata_load(t, m->domid, m->uuid, &c);
	char *name;

	if (ret)
		return ret;
	/* It may have been renamed meanwhile. */
	name = domain_name(t, m->domid);
	ret = take_name(&c, name ? name : m->name);
	free(name);
	if (ret)
		goto out;
	if (keep_old)
		ret = preserve_renamed(t, m);
	else
		ret = domain_destroy(t, m->domid);
	if (!ret)
		ret = start_again(t, m, &c);
out:
	domain_config_free(&c);
	return ret;
}

int restart_perform(struct toolstack *t, struct monitored *m, enum domain_action action)
{
	int ret;

	if ((action == ACTION_RESTART || action == ACTION_RENAME_RESTART) && too_quick(m)) {
		pvn_log(LOG_ERR, "Domain %u ended within %d s %u times in a row: not restarted, destroyed",
			m->domid, QUICK_END_S, m->quick_ends);
		action = ACTION_DESTROY;
	}
	switch (action) {
	case ACTION_PRESERVE:
		pvn_log(LOG_INFO, "Domain %u is preserved; `xl destroy %u' removes it", m->domid,
			m->domid);
		return 0;
	case ACTION_RESTART:
	case ACTION_RENAME_RESTART:
		return restart(t, m, action == ACTION_RENAME_RESTART);
	default:
		pvn_log(LOG_INFO, "Domain %u needs to be cleaned up: destroying the domain", m->domid);
		ret = domain_destroy(t, m->domid);
		return ret == -ESRCH ? 0 : ret;
	}
}
