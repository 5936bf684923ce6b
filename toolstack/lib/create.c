/* SPDX-License-Identifier: MIT */
/*
 * Making a domain.  The order is that of libxl, except that the store nodes come before the
 * kernel is loaded, so that the backends open their media meanwhile.  Called by `xl create' and by
 * the monitor.  Every step that fails undoes all before it: nothing is left.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/builder/builder.h"
#include "toolstack/lib/affinity.h"
#include "toolstack/lib/layout.h"
#include "toolstack/lib/toolstack.h"

static int check_against(struct toolstack *t, const struct domain_config *c,
			 const struct xen_domctl_getdomaininfo *info, const char *name)
{
	if (name && !strcmp(name, c->name))
		return ts_fail(t, -EEXIST, "%s: a domain of this name exists already (id %u); choose "
			       "another name or destroy it", c->name, info->domain);
	if (info->domain && !memcmp(info->handle, c->uuid, sizeof(uuid_t)))
		return ts_fail(t, -EEXIST, "%s: its uuid belongs to domain %u already; leave uuid= out "
			       "to get a new one", c->name, info->domain);
	return 0;
}

/* The name and the uuid must be free.  Called under the lock. */
static int check_identity(struct toolstack *t, const struct domain_config *c)
{
	struct xen_domctl_getdomaininfo *infos;
	int i, n = domain_list(t, &infos), ret;
	char **names;

	if (n < 0)
		return n;
	ret = domain_names(t, infos, n, &names);
	for (i = 0; !ret && i < n; i++)
		ret = check_against(t, c, &infos[i], names[i]);
	names_free(names, n);
	free(infos);
	return ret;
}

/* A step of the machine that should not fail, and its name for the user. */
static int machine_step(struct toolstack *t, const struct domain_config *c, const char *what, int ret)
{
	return ret < 0 ? ts_fail(t, ret, "%s: paravaned refused %s: %s", c->name, what, strerror(-ret))
		       : ret;
}

static int make_shell(struct toolstack *t, const struct domain_config *c, uint32_t *domid)
{
	struct xen_domctl_createdomain config = {
		.max_vcpus = c->max_vcpus,
		.max_evtchn_port = c->max_event_channels,
		.max_grant_frames = c->max_grant_frames,
		.max_maptrack_frames = c->max_maptrack_frames,
		.grant_opts = XEN_DOMCTL_GRANT_version(c->max_grant_version),
	};

	memcpy(config.handle, c->uuid, sizeof(config.handle));
	*domid = 0;
	return machine_step(t, c, "to make a domain", pvn_ctl_create(t->ctl, domid, &config));
}

static int set_limits(struct toolstack *t, const struct domain_config *c, uint32_t domid)
{
	int ret = machine_step(t, c, "its vCPUs", pvn_ctl_max_vcpus(t->ctl, domid, c->max_vcpus));

	if (ret < 0)
		return ret;
	return machine_step(t, c, "its memory limit", pvn_ctl_max_mem(t->ctl, domid, c->maxmem_kib));
}

static int build(struct toolstack *t, const struct domain_config *c, uint32_t domid,
		 struct layout_rings *rings)
{
	struct pvn_build b = {
		.kernel = c->kernel,
		.ramdisk = c->ramdisk,
		.cmdline = c->cmdline,
		.nr_pages = c->memory_kib >> 2,
		.domid = domid,
		.store_port = rings->store_port,
		.console_port = rings->console_port,
		.vcpus = c->vcpus,
	};
	int ret = pvn_build_domain(t->ctl, &b);

	if (ret)
		return ts_fail(t, ret, "%s: %s", c->name, b.error[0] ? b.error : strerror(-ret));
	rings->store_mfn = b.store_mfn;
	rings->console_mfn = b.console_mfn;
	return 0;
}

/* Both ports wait for the control domain: its daemons bind them. */
static int alloc_ports(struct toolstack *t, const struct domain_config *c, uint32_t domid,
		       struct layout_rings *rings)
{
	int port = machine_step(t, c, "the store's port", pvn_ctl_alloc_unbound(t->ctl, domid, 0));

	if (port < 0)
		return port;
	rings->store_port = port;
	port = machine_step(t, c, "the console's port", pvn_ctl_alloc_unbound(t->ctl, domid, 0));
	if (port < 0)
		return port;
	rings->console_port = port;
	return 0;
}

static int introduce(struct toolstack *t, const struct domain_config *c, uint32_t domid,
		     const struct layout_rings *rings)
{
	if (xs_introduce_domain(t->xs, domid, rings->store_mfn, rings->store_port))
		return 0;
	return ts_fail(t, -errno, "%s: xenstored refused the domain: %s", c->name, strerror(errno));
}

/* Everything after the domain exists. */
static int furnish(struct toolstack *t, const struct domain_config *c, uint32_t domid, int *lock)
{
	struct layout_rings rings;
	int ret = set_limits(t, c, domid);

	if (!ret)
		ret = affinity_configure(t, domid, c);
	if (!ret)
		ret = alloc_ports(t, c, domid, &rings);
	if (!ret)
		ret = layout_domain(t, domid, c, false);
	/* The name is in the store: others may look now. */
	toolstack_unlock(*lock);
	*lock = -1;
	if (!ret)
		ret = build(t, c, domid, &rings);
	if (!ret)
		ret = layout_rings(t, domid, &rings);
	if (!ret)
		ret = introduce(t, c, domid, &rings);
	if (!ret)
		ret = userdata_save(t, domid, c->uuid, c);
	if (!ret)
		ret = userdata_save_rings(t, domid, c->uuid, c->name, &rings);
	if (!ret)
		ret = devices_wait(t, domid, c);
	if (!ret && interrupted())
		ret = ts_fail(t, -EINTR, "%s: interrupted, the domain is not made", c->name);
	return ret;
}

int domain_create(struct toolstack *t, struct domain_config *c, uint32_t *domid)
{
	char error[sizeof(t->error)];
	int lock = toolstack_lock(t), ret;

	if (lock < 0)
		return lock;
	ret = check_identity(t, c);
	if (!ret)
		ret = devices_daemons(t, c);
	if (!ret)
		ret = make_shell(t, c, domid);
	if (!ret) {
		ret = furnish(t, c, *domid, &lock);
		if (ret) {
			memcpy(error, t->error, sizeof(error));
			domain_destroy(t, *domid);
			memcpy(t->error, error, sizeof(error));
		}
	}
	toolstack_unlock(lock);
	return ret;
}
