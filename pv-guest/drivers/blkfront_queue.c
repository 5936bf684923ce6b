/* SPDX-License-Identifier: MIT */
/*
 * The queues of a PV disk. A bio goes through that of the vCPU it is submitted on, and its answer
 * comes back there: so vCPUs share neither a lock nor each other's caches. Queues have no order among each
 * other, as requests of one have none: who needs one waits for done(), then flushes.
 */
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/smp.h>
#include <pv/string.h>
#include <xen/io/protocols.h>
#include "blkfront.h"

static void end_bios(struct bio *bio)
{
	while (bio) {
		struct bio *next = bio->next;

		bio->done(bio);
		bio = next;
	}
}

void blkfront_submit(struct blkdev *dev, struct bio *bio)
{
	struct blkfront *fe = dev->priv;
	struct blkfront_queue *q = &fe->queues[this_cpu()->id % fe->nr_queues];
	bool notify;
	struct bio *ended = blkfront_ring_submit(&q->ring, bio, &notify);

	if (notify)
		evtchn_notify(q->port);
	end_bios(ended);
}

static void on_event(evtchn_port_t port, void *data)
{
	struct blkfront_queue *q = data;
	bool was_broken = q->ring.broken != NULL, notify;
	struct bio *ended = blkfront_ring_respond(&q->ring, &notify);

	if (notify)
		evtchn_notify(q->port);
	if (q->ring.broken && !was_broken)
		printk("%s: the backend broke the ring: %s\n", q->fe->dev.name, q->ring.broken);
	end_bios(ended);
}

/* Served by the vCPU of the queue's number where there is one; if that goes, by the first. */
static int port_open(struct blkfront_queue *q, unsigned int id)
{
	int ret = evtchn_alloc_unbound(q->fe->xdev->otherend_id, &q->port);
	struct evtchn_bind_vcpu bind = { .port = q->port, .vcpu = id };

	if (ret)
		return ret;
	if (id && (cpus_online_mask() >> id & 1) &&
	    !HYPERVISOR_event_channel_op(EVTCHNOP_bind_vcpu, &bind))
		evtchn_claim(q->port, &cpus[id]);
	ret = evtchn_set_handler(q->port, on_event, q, "blkfront");
	if (ret)
		evtchn_unbind(q->port);
	return ret;
}

static int queue_open(struct blkfront *fe, unsigned int id, unsigned int order, blkif_vdev_t handle)
{
	struct blkfront_queue *q = &fe->queues[id];
	int ret = blkfront_ring_open(&q->ring, fe->xdev->otherend_id, order);

	if (ret)
		return ret;
	q->fe = fe;
	q->ring.handle = handle;
	ret = port_open(q, id);
	if (ret)
		blkfront_ring_close(&q->ring);
	return ret;
}

int blkfront_queues_open(struct blkfront *fe, blkif_vdev_t handle)
{
	unsigned int order = blkfront_feature(fe, "max-ring-page-order", 0, BLKFRONT_MAX_ORDER), nr = 0;
	unsigned int most = blkfront_feature(fe, "multi-queue-max-queues", 1, BLKFRONT_MAX_QUEUES);
	int ret;

	most = MAX(MIN(most, mask_count(cpus_online_mask())), 1U);
	do
		ret = queue_open(fe, nr, order, handle);
	while (!ret && ++nr < most);
	if (!nr)
		return ret;
	fe->nr_queues = nr;
	fe->has_rings = true;
	fe->dev.gone = false;
	return 0;
}

void blkfront_queues_close(struct blkfront *fe, int error)
{
	fe->dev.gone = true;
	if (!fe->has_rings)
		return;
	for (unsigned int i = 0; i < fe->nr_queues; i++) {
		struct blkfront_queue *q = &fe->queues[i];

		evtchn_unbind(q->port);
		end_bios(blkfront_ring_fail(&q->ring, "closed", error));
		blkfront_ring_close(&q->ring);
	}
	fe->has_rings = false;
}

static int write_queue(const struct blkfront_queue *q, xs_tx_t tx, const char *dir)
{
	const struct blkfront_ring *r = &q->ring;
	int ret = 0;

	if (!r->order)
		ret = xenbus_printf(tx, dir, "ring-ref", "%u", r->page_refs[0]);
	for (unsigned int i = 0; r->order && i < 1U << r->order && !ret; i++) {
		char node[16];

		snprintf(node, sizeof(node), "ring-ref%u", i);
		ret = xenbus_printf(tx, dir, node, "%u", r->page_refs[i]);
	}
	return ret ? ret : xenbus_printf(tx, dir, "event-channel", "%u", q->port);
}

static int write_queues(const struct blkfront *fe, xs_tx_t tx)
{
	const char *dir = fe->xdev->nodename;
	unsigned int order = fe->queues[0].ring.order;
	int ret = 0;

	if (order) {
		/* The two spellings of the same thing: see note 3 in <xen/io/blkif.h>. */
		ret = xenbus_printf(tx, dir, "ring-page-order", "%u", order);
		if (!ret)
			ret = xenbus_printf(tx, dir, "num-ring-pages", "%u", 1U << order);
	}
	if (!ret)
		ret = xenbus_write(tx, dir, "protocol", XEN_IO_PROTO_ABI_X86_64);
	if (fe->nr_queues == 1) {
		/* May be there from a connection before. */
		(void)xenbus_rm(tx, dir, "multi-queue-num-queues");
		return ret ? ret : write_queue(&fe->queues[0], tx, dir);
	}
	if (!ret)
		ret = xenbus_printf(tx, dir, "multi-queue-num-queues", "%u", fe->nr_queues);
	for (unsigned int i = 0; i < fe->nr_queues && !ret; i++) {
		char sub[96];

		snprintf(sub, sizeof(sub), "%s/queue-%u", dir, i);
		ret = write_queue(&fe->queues[i], tx, sub);
	}
	return ret;
}

int blkfront_publish(const struct blkfront *fe)
{
	xs_tx_t tx;
	int ret;

	do {
		ret = xenbus_transaction_start(&tx);
		if (ret)
			return ret;
		ret = write_queues(fe, tx);
		if (ret) {
			xenbus_transaction_end(tx, true);
			return ret;
		}
		ret = xenbus_transaction_end(tx, false);
	} while (ret == -EAGAIN);
	return ret;
}
