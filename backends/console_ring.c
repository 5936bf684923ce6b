/* SPDX-License-Identifier: MIT */
/*
 * Console ring arithmetic.
 *
 * The domain can write all of the ring, our own indexes too.  Nothing is kept between calls, as
 * in Xen's daemon: a kernel that follows another (chain-loading, crash kernel) may clear the page,
 * and then the indexes simply start again.  Each call reads every index once, judges the
 * difference, and masks what it indexes with; so the worst a liar gets is its own garbage.
 */
#include "config.h"
#include "backends/console_ring.h"

#include <errno.h>

static uint32_t load(const XENCONS_RING_IDX *idx)
{
	return __atomic_load_n(idx, __ATOMIC_ACQUIRE);
}

/* Publish the bytes before the index (pairs with the domain's read barrier). */
static void store(XENCONS_RING_IDX *idx, uint32_t value)
{
	__atomic_store_n(idx, value, __ATOMIC_RELEASE);
}

ssize_t console_ring_take(struct xencons_interface *intf, void *buf, size_t n)
{
	uint32_t cons = load(&intf->out_cons), prod = load(&intf->out_prod);
	uint32_t size = prod - cons;
	char *to = buf;
	size_t i;

	if (size > sizeof(intf->out))
		return -EPROTO;
	if (n > size)
		n = size;
	for (i = 0; i < n; i++)
		to[i] = intf->out[MASK_XENCONS_IDX(cons + (uint32_t)i, intf->out)];
	/* The domain may overwrite what we have read once it sees this. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (n)
		store(&intf->out_cons, cons + (uint32_t)n);
	return (ssize_t)n;
}

size_t console_ring_waiting(const struct xencons_interface *intf)
{
	uint32_t cons = load(&intf->out_cons);
	uint32_t size = load(&intf->out_prod) - cons;

	return size > sizeof(intf->out) ? 0 : size;
}

size_t console_ring_room(const struct xencons_interface *intf)
{
	uint32_t cons = load(&intf->in_cons), prod = load(&intf->in_prod);
	uint32_t used = prod - cons;

	return used > sizeof(intf->in) ? 0 : sizeof(intf->in) - used;
}

size_t console_ring_put(struct xencons_interface *intf, const void *buf, size_t n)
{
	uint32_t cons = load(&intf->in_cons), prod = load(&intf->in_prod);
	uint32_t used = prod - cons;
	const char *from = buf;
	size_t i;

	if (used > sizeof(intf->in))
		return 0;
	if (n > sizeof(intf->in) - used)
		n = sizeof(intf->in) - used;
	for (i = 0; i < n; i++)
		intf->in[MASK_XENCONS_IDX(prod + (uint32_t)i, intf->in)] = from[i];
	if (n)
		store(&intf->in_prod, prod + (uint32_t)n);
	return n;
}
