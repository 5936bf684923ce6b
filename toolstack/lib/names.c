/* SPDX-License-Identifier: MIT */
/*
 * Domains by id and by name.  A domain's name is /local/domain/N/name, written by the toolstack
 * alone (the guest can read it, not write it).
 */
#include "config.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>
#include "toolstack/lib/layout.h"
#include "toolstack/lib/wire.h"

char *domain_name(struct toolstack *t, uint32_t domid)
{
	char *name = store_read(t, "/local/domain/%u/name", domid);

	if (!name && domid == 0)
		return strdup("Domain-0");
	return name;
}

int domain_list(struct toolstack *t, struct xen_domctl_getdomaininfo **infos)
{
	int n = 0, got, room = 32;
	struct xen_domctl_getdomaininfo *list = NULL, *more;

	for (;;) {
		more = realloc(list, room * sizeof(*list));
		if (!more) {
			free(list);
			return ts_fail(t, -ENOMEM, "xl: out of memory");
		}
		list = more;
		got = pvn_ctl_domain_list(t->ctl, n ? list[n - 1].domain + 1 : 0, room - n, list + n);
		if (got < 0) {
			free(list);
			return ts_fail(t, got, "paravaned: cannot list the domains: %s", strerror(-got));
		}
		n += got;
		if (n < room || room >= DOMAINS_MAX)
			break;
		room *= 2;
	}
	*infos = list;
	return n;
}

static int take_name(void *arg, unsigned int nr, int err, const char *value)
{
	char **names = arg;

	if (err)
		return err == -ENOENT ? 0 : err;
	names[nr] = strdup(value);
	return names[nr] ? 0 : -ENOMEM;
}

void names_free(char **names, int n)
{
	int i;

	for (i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
}

int domain_names(struct toolstack *t, const struct xen_domctl_getdomaininfo *infos, int n,
		 char ***names)
{
	struct wire w = {0};
	char path[PATH_BYTES];
	int i, ret, fd = wire_connect();

	*names = calloc(n + 1, sizeof(**names));
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/name", infos[i].domain);
		wire_add(&w, XS_READ, 0, path, strlen(path) + 1, NULL, 0);
	}
	ret = fd < 0 ? fd : !*names ? -ENOMEM : wire_exchange(fd, &w, take_name, *names);
	if (fd >= 0)
		close(fd);
	for (i = 0; !ret && i < n; i++)
		if (!(*names)[i] && infos[i].domain == 0)
			(*names)[i] = strdup("Domain-0");
	if (!ret)
		return 0;
	free(w.data);
	names_free(*names, n);
	*names = NULL;
	return ts_fail(t, ret, "xenstored: cannot read the names of the domains: %s", strerror(-ret));
}

int domain_find_name(struct toolstack *t, const char *name, uint32_t *domid)
{
	struct xen_domctl_getdomaininfo *infos;
	int i, n = domain_list(t, &infos), ret;
	char **names;

	if (n < 0)
		return n;
	ret = domain_names(t, infos, n, &names);
	if (ret) {
		free(infos);
		return ret;
	}
	for (i = 0; i < n; i++)
		if (names[i] && !strcmp(names[i], name))
			break;
	if (i < n)
		*domid = infos[i].domain;
	names_free(names, n);
	free(infos);
	if (i < n)
		return 0;
	return ts_fail(t, -ESRCH, "%s: invalid domain identifier, no such domain; `xl list' shows them",
		       name);
}

int domain_find(struct toolstack *t, const char *who, uint32_t *domid)
{
	struct xen_domctl_getdomaininfo info;
	unsigned long id;
	char *end;

	if (!who[0] || who[strspn(who, "0123456789")])
		return domain_find_name(t, who, domid);
	errno = 0;
	id = strtoul(who, &end, 10);
	if (errno || id >= DOMID_FIRST_RESERVED || pvn_ctl_domain_info(t->ctl, id, &info) < 0)
		return ts_fail(t, -ESRCH, "%s: invalid domain identifier, no such domain; `xl list' "
			       "shows them", who);
	*domid = id;
	return 0;
}

int domain_shutdown_reason(const struct xen_domctl_getdomaininfo *info)
{
	if (!(info->flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
		return -1;
	return (info->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
}

int domain_uuid(struct toolstack *t, uint32_t domid, uuid_t uuid)
{
	struct xen_domctl_getdomaininfo info;
	int ret = pvn_ctl_domain_info(t->ctl, domid, &info);

	if (ret < 0)
		return ts_fail(t, ret, "%u: no such domain", domid);
	memcpy(uuid, info.handle, sizeof(uuid_t));
	return 0;
}

/* The name in the saved line, too.  Only a store that is lost will ask for it. */
static int rename_saved(struct toolstack *t, uint32_t domid, const char *name)
{
	struct layout_rings rings;
	char *old = NULL;
	uuid_t uuid;
	int ret = domain_uuid(t, domid, uuid);

	if (ret)
		return ret;
	if (!userdata_load_rings(domid, uuid, &old, &rings))
		ret = userdata_save_rings(t, domid, uuid, name, &rings);
	free(old);
	return ret;
}

int domain_rename(struct toolstack *t, uint32_t domid, const char *name)
{
	const char *problem = domain_name_problem(name);
	uint32_t other;
	char *vm;
	int ret, lock;

	if (problem)
		return ts_fail(t, -EINVAL, "%s: the new name %s", name, problem);
	lock = toolstack_lock(t);
	if (lock < 0)
		return lock;
	ret = domain_find_name(t, name, &other);
	if (!ret && other != domid)
		ret = ts_fail(t, -EEXIST, "%s: the name is used by domain %u", name, other);
	else if (!ret || ret == -ESRCH)
		ret = store_write(t, name, "/local/domain/%u/name", domid);
	vm = ret ? NULL : store_read(t, "/local/domain/%u/vm", domid);
	if (vm)
		ret = store_write(t, name, "%s/name", vm);
	free(vm);
	if (!ret)
		ret = rename_saved(t, domid, name);
	toolstack_unlock(lock);
	return ret;
}
