/* SPDX-License-Identifier: MIT */
/*
 * The list of network devices, who uses them and who gets what they receive.
 * Devices come and go in the watch thread; commands take one by netdev_find and put it back.
 */
#include <pv/errno.h>
#include <pv/net.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/time.h>
#include <pv/xenbus.h>

#define SETTLE_NS	(5 * NSEC_PER_SEC)
#define CARRIER_NS	NSEC_PER_SEC

static struct mutex devices_mutex = MUTEX_INIT(devices_mutex);	/* the list, users, the stack */
static struct netdev *devices;
static const struct net_stack *net_stack;

static struct netdev *by_name(const char *name)
{
	for (struct netdev *d = devices; d != NULL; d = d->next) {
		if (name == NULL || strcmp(d->name, name) == 0)
			return d;
	}
	return NULL;
}

void netdev_register(struct netdev *dev)
{
	struct netdev **end = &devices;
	unsigned int n = 0;

	mutex_lock(&devices_mutex);
	do {
		snprintf(dev->name, sizeof(dev->name), "eth%u", n++ % 1000);
	} while (by_name(dev->name) != NULL);
	dev->users = 1;
	dev->next = NULL;
	while (*end != NULL)
		end = &(*end)->next;
	*end = dev;
	if (net_stack != NULL)
		net_stack->added(dev);
	mutex_unlock(&devices_mutex);
}

void netdev_unregister(struct netdev *dev)
{
	struct netdev **d;

	mutex_lock(&devices_mutex);
	dev->gone = true;
	dev->carrier = false;
	for (d = &devices; *d != NULL; d = &(*d)->next) {
		if (*d == dev) {
			*d = dev->next;
			break;
		}
	}
	if (net_stack != NULL)
		net_stack->removed(dev);
	mutex_unlock(&devices_mutex);
	netdev_put(dev);
}

void netdev_changed(struct netdev *dev)
{
	mutex_lock(&devices_mutex);
	if (net_stack != NULL && !dev->gone)
		net_stack->changed(dev);
	mutex_unlock(&devices_mutex);
}

static struct netdev *find(const char *name)
{
	struct netdev *d;

	mutex_lock(&devices_mutex);
	d = by_name(name);
	if (d != NULL)
		d->users++;
	mutex_unlock(&devices_mutex);
	return d;
}

/* One that was there at boot may not be connected yet. */
struct netdev *netdev_find(const char *name)
{
	uint64_t end = now_ns() + CARRIER_NS;
	struct netdev *d = find(name);

	if (d == NULL) {
		xenbus_settle(SETTLE_NS);
		d = find(name);
	}
	while (d != NULL && !d->carrier && !d->gone && now_ns() < end)
		sleep_ns(NSEC_PER_MSEC);
	return d;
}

struct netdev *netdev_get(unsigned int i)
{
	struct netdev *d;

	mutex_lock(&devices_mutex);
	for (d = devices; d != NULL && i > 0; d = d->next)
		i--;
	if (d != NULL)
		d->users++;
	mutex_unlock(&devices_mutex);
	return d;
}

void netdev_put(struct netdev *dev)
{
	bool last;

	mutex_lock(&devices_mutex);
	last = --dev->users == 0;
	mutex_unlock(&devices_mutex);
	if (last)
		dev->ops->release(dev);
}

/* The count says that somebody may still be in the receiver he has read. */
void netdev_deliver(struct netdev *dev, unsigned int queue, struct net_buf *frames)
{
	net_receive_t *fn;

	__atomic_fetch_add(&dev->receiving, 1, __ATOMIC_SEQ_CST);
	fn = __atomic_load_n(&dev->receive, __ATOMIC_SEQ_CST);
	if (fn != NULL) {
		fn(dev, queue, frames, dev->receive_arg);
		frames = NULL;
	} else if (net_stack != NULL) {
		net_stack->receive(dev, queue, frames, NULL);
		frames = NULL;
	}
	__atomic_fetch_sub(&dev->receiving, 1, __ATOMIC_SEQ_CST);
	while (frames != NULL) {
		struct net_buf *next = frames->next_frame;

		net_buf_free(frames);
		frames = next;
	}
}

void netdev_receiver(struct netdev *dev, net_receive_t *fn, void *arg)
{
	__atomic_store_n(&dev->receive, NULL, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&dev->receiving, __ATOMIC_SEQ_CST) != 0)
		sleep_ns(100 * NSEC_PER_USEC);
	dev->receive_arg = arg;
	__atomic_store_n(&dev->receive, fn, __ATOMIC_SEQ_CST);
}

int netdev_send_wait(struct netdev *dev, unsigned int queue, struct net_tx *tx, bool more)
{
	uint64_t end = 0;
	int rc;

	while ((rc = dev->ops->send(dev, queue, tx, more)) == -EAGAIN) {
		uint64_t now = now_ns();

		if (end == 0)
			end = now + NSEC_PER_SEC;
		if (now >= end)
			return -ETIMEDOUT;
		dev->ops->wait_room(dev, queue, end - now);
	}
	return rc;
}

void netdev_set_stack(const struct net_stack *stack)
{
	mutex_lock(&devices_mutex);
	net_stack = stack;
	for (struct netdev *d = devices; d != NULL; d = d->next)
		stack->added(d);
	mutex_unlock(&devices_mutex);
}
