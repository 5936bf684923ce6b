/* SPDX-License-Identifier: MIT */
/*
 * Words to a running guest through its control/ nodes; the guest answers by emptying the node.
 * Called by shutdown, reboot and sysrq.
 */
#include "config.h"
#include <errno.h>

#include "toolstack/lib/toolstack.h"

int domain_control(struct toolstack *t, uint32_t domid, const char *node, const char *word)
{
	struct xen_domctl_getdomaininfo info;
	int ret = pvn_ctl_domain_info(t->ctl, domid, &info);

	if (ret < 0)
		return ts_fail(t, ret, "%u: no such domain", domid);
	if (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying))
		return ts_fail(t, -EINVAL, "%u: the domain is not running any more; `xl destroy %u' "
			       "removes it", domid, domid);
	return store_write(t, word, "/local/domain/%u/control/%s", domid, node);
}
