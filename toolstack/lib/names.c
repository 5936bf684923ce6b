/* SPDX-License-Identifier: MIT */
/*
 * Domains by id and by name.  A domain's name is /local/domain/N/name, written by the toolstack
 * alone (the guest can read it, not write it).
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/toolstack.h"

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

int domain_find_name(struct toolstack *t, const char *name, uint32_t *domid)
{
	struct xen_domctl_getdomaininfo *infos;
	int i, n = domain_list(t, &infos);
	char *theirs;

	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		theirs = domain_name(t, infos[i].domain);
		if (theirs && !strcmp(theirs, name)) {
			*domid = infos[i].domain;
			free(theirs);
			break;
		}
		free(theirs);
	}
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
	toolstack_unlock(lock);
	return ret;
}
