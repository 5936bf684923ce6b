/* SPDX-License-Identifier: MIT */
/*
 * XEN_SYSCTL_debug_keys: what the machine has, on its console, as Xen answers keys of its serial
 * console.  Tests compare two such lines: what is left when domains have come and gone is a leak.
 */
#include "config.h"
#include "paravaned/hypercall.h"

#include <errno.h>
#include <xen/sysctl.h>

#include "paravaned/buffers.h"
#include "paravaned/console_ring.h"
#include "paravaned/domain.h"
#include "paravaned/evtchn.h"
#include "paravaned/grant.h"
#include "paravaned/lender.h"
#include "paravaned/machine.h"

#define MAX_KEYS	32U

static uint32_t ports_in_use(struct domain *d)
{
	uint32_t i, n = 0;

	for (i = 1; i < d->nr_ports; i++)
		n += port_lookup(d, i) != NULL;
	return n;
}

static void say_ports(void)
{
	uint32_t n = 0, id = 1;
	struct domain *d;

	for (d = domain_at_or_after(id); d; d = domain_at_or_after((uint32_t)d->domid + 1))
		n += ports_in_use(d);
	machine_log("event channels: %u ports of %u domains, %u of the control domain", n, domain_count(),
		    ports_in_use(dom0));
}

static void say_grants(void)
{
	uint32_t n = 0;
	struct domain *d;

	for (d = domain_at_or_after(1); d; d = domain_at_or_after((uint32_t)d->domid + 1))
		n += grants_active(d);
	machine_log("grants: %u references in use, %u mappings, %lu frames of dead domains mapped", n,
		    borrowers_handles(), (unsigned long)lender_orphaned_frames());
}

static void say_memory(void)
{
	machine_log("memory: %lu frames of domains, of %lu", (unsigned long)machine.used_pages,
		    (unsigned long)machine.usable_pages);
}

static const struct {
	char key;
	void (*say)(void);
	const char *what;
} keys[] = {
	{ 'e', say_ports, "event channels in use" },
	{ 'g', say_grants, "grants in use between domains" },
	{ 'm', say_memory, "frames in use" },
};

static void press(char key)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].key == key)
			keys[i].say();
		else if (key == 'h')
			machine_log("key '%c': %s", keys[i].key, keys[i].what);
	}
}

int64_t sysctl_debug_keys(struct client *c, struct xen_sysctl *op)
{
	uint32_t n = op->u.debug_keys.nr_keys, i;
	char text[MAX_KEYS];

	if (n > MAX_KEYS)
		n = MAX_KEYS;
	if (copy_from_client(c, text, (uint64_t)op->u.debug_keys.keys.p, n))
		return -EFAULT;
	for (i = 0; i < n; i++)
		press(text[i]);
	return 0;
}
