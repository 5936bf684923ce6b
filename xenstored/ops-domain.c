/* SPDX-License-Identifier: MIT */
/*
 * The operations on domains: INTRODUCE, RELEASE, GET_DOMAIN_PATH, IS_DOMAIN_INTRODUCED, RESUME,
 * SET_TARGET.  Called by request.c; all but GET_DOMAIN_PATH for privileged clients only.
 */
#include "xenstored/request.h"

#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/store.h"
#include "xenstored/watch.h"

#include <errno.h>
#include <stdio.h>
#include <xen/xen.h>

static int domid_parse(const char *s, uint16_t *domid)
{
	uint64_t v;
	int rc = parse_number(s, UINT16_MAX, &v);

	if (!rc)
		*domid = (uint16_t)v;
	return rc;
}

/* The only argument names an introduced domain other than 0. */
static int request_domain(const struct request *r, struct domain **d)
{
	const char *arg;
	uint16_t domid;

	if (request_strings(r, &arg, 1) < 0 || domid_parse(arg, &domid) || !domid)
		return -EINVAL;
	*d = domain_find(r->store, domid);
	return *d && (*d)->conn ? 0 : -ENOENT;
}

/*
 * INTRODUCE domid|gfn|evtchn|.  The gfn is ignored: the page is the one that the domain grants
 * by GNTTAB_RESERVED_XENSTORE.  For a domain that is connected already the event channel is
 * bound anew.  -EINVAL: no such domain, or one that cannot be connected.
 */
int do_introduce(struct request *r)
{
	const char *args[3];
	struct domain *d;
	uint64_t port;
	uint16_t domid;
	int rc = request_strings(r, args, 3);

	if (rc < 0 || domid_parse(args[0], &domid) || !domid || parse_number(args[2], INT32_MAX, &port) ||
	    !port)
		return -EINVAL;
	d = domain_learn(r->store, domid);
	if (!d)
		return -EINVAL;
	if (d->conn) {
		rc = r->store->machine->rebind(r->store->machine_arg, d->conn, (uint32_t)port);
		return rc ? rc : reply_ok(r);
	}
	rc = r->store->machine->introduce(r->store->machine_arg, d, (uint32_t)port, &d->conn);
	if (rc)
		return rc;
	d->shutdown = false;
	watch_fire_special(r->store, SPECIAL_INTRODUCE, domid);
	return reply_ok(r);
}

/* RELEASE domid| */
int do_release(struct request *r)
{
	struct domain *d;
	int rc = request_domain(r, &d);

	if (rc)
		return rc;
	domain_remove(r->store, d);
	return reply_ok(r);
}

/* GET_DOMAIN_PATH domid| -> path| */
int do_get_domain_path(struct request *r)
{
	const char *arg;
	uint16_t domid;
	char path[32];

	if (request_strings(r, &arg, 1) < 0 || domid_parse(arg, &domid))
		return -EINVAL;
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	return reply_string(r, path);
}

/* IS_DOMAIN_INTRODUCED domid| -> T| or F| */
int do_is_domain_introduced(struct request *r)
{
	const struct domain *d;
	const char *arg;
	uint16_t domid;

	if (request_strings(r, &arg, 1) < 0 || domid_parse(arg, &domid))
		return -EINVAL;
	d = domain_find(r->store, domid);
	return reply_string(r, domid == DOMID_SELF || !domid || (d && d->conn) ? "T" : "F");
}

/* RESUME domid|: a later shutdown of it is news again */
int do_resume(struct request *r)
{
	struct domain *d;
	int rc = request_domain(r, &d);

	if (rc)
		return rc;
	d->shutdown = false;
	return reply_ok(r);
}

/* SET_TARGET domid|tdomid|: domid may do what tdomid may */
int do_set_target(struct request *r)
{
	struct domain *d, *target;
	const char *args[2];
	uint16_t domid, tdomid;

	if (request_strings(r, args, 2) < 0 || domid_parse(args[0], &domid) || domid_parse(args[1], &tdomid))
		return -EINVAL;
	d = domain_find(r->store, domid);
	target = domain_find(r->store, tdomid);
	if (!d || !d->conn || !target || !target->conn)
		return -ENOENT;
	d->target = tdomid;
	return reply_ok(r);
}
