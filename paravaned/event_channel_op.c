/* SPDX-License-Identifier: MIT */
/*
 * __HYPERVISOR_event_channel_op from the control domain: for a domain it builds or looks at.
 * Its own ports it binds through libxenevtchn, that is, the messages of evtchn_control.c.
 */
#include "config.h"
#include "paravaned/hypercall.h"

#include <errno.h>
#include <xen/event_channel.h>

#include "paravaned/buffers.h"
#include "paravaned/domain.h"
#include "paravaned/evtchn.h"

static struct domain *lookup(domid_t domid)
{
	return domid == DOMID_SELF ? dom0 : domain_by_id(domid);
}

static int64_t op_alloc_unbound(struct client *c, uint64_t arg)
{
	struct evtchn_alloc_unbound op;
	struct domain *d;
	domid_t remote;
	int port;

	if (copy_from_client(c, &op, arg, sizeof(op)))
		return -EFAULT;
	d = lookup(op.dom);
	if (!d)
		return -ESRCH;
	if (d == dom0)
		return -EPERM;
	remote = op.remote_dom == DOMID_SELF ? 0 : op.remote_dom;
	port = evtchn_alloc_unbound(d, remote, 0);
	if (port < 0)
		return port;
	op.port = (evtchn_port_t)port;
	return copy_to_client(c, arg, &op, sizeof(op));
}

static int64_t op_status(struct client *c, uint64_t arg)
{
	struct evtchn_status op;
	struct domain *d;
	int rc;

	if (copy_from_client(c, &op, arg, sizeof(op)))
		return -EFAULT;
	d = lookup(op.dom);
	if (!d)
		return -ESRCH;
	rc = evtchn_status(d, op.port, &op);
	return rc ? rc : copy_to_client(c, arg, &op, sizeof(op));
}

static int64_t op_reset(struct client *c, uint64_t arg)
{
	struct evtchn_reset op;
	struct domain *d;

	if (copy_from_client(c, &op, arg, sizeof(op)))
		return -EFAULT;
	d = lookup(op.dom);
	if (!d)
		return -ESRCH;
	return d == dom0 ? -EPERM : evtchn_reset(d);
}

static int64_t op_send(struct client *c, uint64_t arg)
{
	struct evtchn_send op;

	return copy_from_client(c, &op, arg, sizeof(op)) ? -EFAULT : evtchn_control_send(op.port);
}

/* 0 or a port's -errno, <xen/event_channel.h>; -ENOSYS for what the control domain has no use of. */
int64_t do_event_channel_op(struct client *c, uint64_t cmd, uint64_t arg)
{
	switch (cmd) {
	case EVTCHNOP_alloc_unbound:
		return op_alloc_unbound(c, arg);
	case EVTCHNOP_status:
		return op_status(c, arg);
	case EVTCHNOP_reset:
		return op_reset(c, arg);
	case EVTCHNOP_send:
		return op_send(c, arg);
	default:
		return -ENOSYS;
	}
}
