/* SPDX-License-Identifier: MIT */
/* The machine as a whole: one function per sysctl that our tools use, and xen_version. */
#include "config.h"
#include "libs/ctl/private.h"

#include <errno.h>
#include <string.h>

int pvn_ctl_physinfo(struct pvn_ctl *c, struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_physinfo };
	int rc = pvn_ctl_sysctl(c, &s);

	if (!rc)
		*info = s.u.physinfo;
	return rc;
}

int pvn_ctl_sched_id(struct pvn_ctl *c, uint32_t *id)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_sched_id };
	int rc = pvn_ctl_sysctl(c, &s);

	if (!rc)
		*id = s.u.sched_id.sched_id;
	return rc;
}

int pvn_ctl_readconsole(struct pvn_ctl *c, char *buf, uint32_t *len, int clear, int incremental,
			uint32_t *index)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_readconsole };
	char *tmp = pvn_ctl_buffer(c, *len);
	int rc;

	if (!tmp)
		return -errno;
	s.u.readconsole.clear = (uint8_t)!!clear;
	s.u.readconsole.incremental = (uint8_t)!!incremental;
	s.u.readconsole.count = *len;
	if (index)
		s.u.readconsole.index = *index;
	set_xen_guest_handle(s.u.readconsole.buffer, tmp);
	rc = pvn_ctl_sysctl(c, &s);
	if (!rc) {
		if (s.u.readconsole.count < *len)
			*len = s.u.readconsole.count;
		memcpy(buf, tmp, *len);
		if (index)
			*index = s.u.readconsole.index;
	}
	pvn_ctl_buffer_free(c, tmp);
	return rc;
}

int pvn_ctl_debug_keys(struct pvn_ctl *c, const char *keys)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_debug_keys };
	size_t n = strlen(keys);
	char *tmp = pvn_ctl_buffer(c, n);
	int rc;

	if (!tmp)
		return -errno;
	memcpy(tmp, keys, n);
	s.u.debug_keys.nr_keys = (uint32_t)n;
	set_xen_guest_handle(s.u.debug_keys.keys, tmp);
	rc = pvn_ctl_sysctl(c, &s);
	pvn_ctl_buffer_free(c, tmp);
	return rc;
}

long pvn_ctl_version(struct pvn_ctl *c, int cmd, void *arg, size_t len)
{
	return pvn_ctl_hypercall(c, __HYPERVISOR_xen_version, arg, len, (unsigned long)cmd);
}
