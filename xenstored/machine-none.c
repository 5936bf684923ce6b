/* SPDX-License-Identifier: MIT */
/*
 * No machine: the store alone, for tests of it (xenstored --no-machine).  Every domid is taken
 * for an existing domain; INTRODUCE makes a connection that nobody is at the other end of.
 */
#include "xenstored/machine.h"

#include "libs/util/loop.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"

#include <errno.h>

static int none_domain_info(void *arg, uint16_t domid, struct domain_state *st)
{
	*st = (struct domain_state){ .domid = domid };
	return 0;
}

static int none_domain_list(void *arg, uint16_t first, struct domain_state *st, int max)
{
	return -ENOSYS;
}

static void none_flush(struct conn *c)
{
	size_t len;

	conn_peek(c, &len);
	conn_taken(c, len);
}

static void none_bury(struct conn *c)
{
	conn_reset(c);
}

static const struct conn_ops none_ops = { .flush = none_flush, .bury = none_bury };

static int none_introduce(void *arg, struct domain *d, uint32_t port, struct conn **c)
{
	int rc = conn_new(arg, d, false, c);

	if (!rc)
		(*c)->ops = &none_ops;
	return rc;
}

static int none_rebind(void *arg, struct conn *c, uint32_t port)
{
	return 0;
}

static uint64_t none_now_ns(void *arg)
{
	return pvn_now_ns();
}

const struct machine_ops machine_none = {
	.domain_info = none_domain_info,
	.domain_list = none_domain_list,
	.introduce = none_introduce,
	.rebind = none_rebind,
	.now_ns = none_now_ns,
};
