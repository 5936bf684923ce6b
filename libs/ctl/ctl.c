/* SPDX-License-Identifier: MIT */
/*
 * The control domain's hypercalls as functions: the carrying of arguments.
 * The helpers per hypercall are in domain.c and machine.c.
 */
#include "config.h"
#include "libs/ctl/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int pvn_ctl_open(struct pvn_ctl **out)
{
	struct pvn_ctl *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	c->xcall = xencall_open(NULL, 0);
	if (!c->xcall) {
		rc = -errno;
		free(c);
		return rc;
	}
	c->bounce = xencall_alloc_buffer(c->xcall, PVN_CTL_BOUNCE);
	if (!c->bounce) {
		rc = -errno;
		xencall_close(c->xcall);
		free(c);
		return rc;
	}
	*out = c;
	return 0;
}

void pvn_ctl_close(struct pvn_ctl *c)
{
	if (!c)
		return;
	xencall_free_buffer(c->xcall, c->bounce);
	xencall_close(c->xcall);
	free(c);
}

void *pvn_ctl_buffer(struct pvn_ctl *c, size_t bytes)
{
	return xencall_alloc_buffer(c->xcall, bytes);
}

void pvn_ctl_buffer_free(struct pvn_ctl *c, void *p)
{
	if (p)
		xencall_free_buffer(c->xcall, p);
}

static long call(long rc)
{
	return rc < 0 ? -errno : rc;
}

int pvn_ctl_domctl(struct pvn_ctl *c, struct xen_domctl *d)
{
	long rc;

	d->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	memcpy(c->bounce, d, sizeof(*d));
	rc = call(xencall1(c->xcall, __HYPERVISOR_domctl, (uintptr_t)c->bounce));
	memcpy(d, c->bounce, sizeof(*d));
	return (int)rc;
}

int pvn_ctl_sysctl(struct pvn_ctl *c, struct xen_sysctl *s)
{
	long rc;

	s->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	memcpy(c->bounce, s, sizeof(*s));
	rc = call(xencall1(c->xcall, __HYPERVISOR_sysctl, (uintptr_t)c->bounce));
	memcpy(s, c->bounce, sizeof(*s));
	return (int)rc;
}

long pvn_ctl_hypercall(struct pvn_ctl *c, unsigned nr, void *arg, size_t len, unsigned long cmd)
{
	void *buf = c->bounce;
	long rc;

	if (len > PVN_CTL_BOUNCE) {
		buf = pvn_ctl_buffer(c, len);
		if (!buf)
			return -errno;
	}
	if (len)
		memcpy(buf, arg, len);
	rc = call(xencall2L(c->xcall, nr, cmd, arg ? (uintptr_t)buf : 0));
	if (len)
		memcpy(arg, buf, len);
	if (buf != c->bounce)
		pvn_ctl_buffer_free(c, buf);
	return rc;
}

_Static_assert(sizeof(struct xen_domctl) <= PVN_CTL_BOUNCE, "domctl fits");
_Static_assert(sizeof(struct xen_sysctl) <= PVN_CTL_BOUNCE, "sysctl fits");
