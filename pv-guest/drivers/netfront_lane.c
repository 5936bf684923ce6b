/* SPDX-License-Identifier: MIT */
/*
 * A queue at work: its events wake its thread, which takes frames until there are none, hands them
 * on, gives the backend new pages and ends the frames that were sent.
 */
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/smp.h>
#include <pv/string.h>
#include <pv/time.h>
#include "netfront.h"

#define BUDGET		64U
/* With fewer pages than this with the backend no event may ever come: memory is looked for again. */
#define POSTED_MIN	(NET_MAX_FRAGS + 1)
#define RETRY_NS	(10 * NSEC_PER_MSEC)

static void on_event(evtchn_port_t port, void *data)
{
	struct netfront_lane *l = data;

	if (port == l->rx_port)
		l->q.stats.rx_events++;
	else
		l->q.stats.tx_events++;
	l->event = true;
	wake_up(&l->wq);
}

void netfront_end_frames(struct net_tx *tx)
{
	while (tx != NULL) {
		struct net_tx *next = tx->next;

		tx->done(tx, tx->status);
		tx = next;
	}
}

static void say_broken(struct netfront_lane *l)
{
	if (l->q.broken == NULL || l->said)
		return;
	l->said = true;
	l->fe->dev.carrier = false;
	printk("%s: the backend broke queue %u: %s\n", l->fe->dev.name, l->id, l->q.broken);
}

/* True: there is more to do at once. */
static bool turn(struct netfront_lane *l)
{
	struct net_tx *ended = netfront_tx_reap(&l->q);
	struct net_buf *frames;
	bool more;

	if (ended != NULL) {
		netfront_end_frames(ended);
		wake_up(&l->room);
	}
	frames = netfront_rx_poll(&l->q, BUDGET, &more);
	if (frames != NULL)
		netdev_deliver(&l->fe->dev, l->id, frames);
	if (netfront_rx_fill(&l->q)) {
		l->q.stats.notifies++;
		evtchn_notify(l->rx_port);
	}
	say_broken(l);
	return more;
}

static void lane_thread(void *arg)
{
	struct netfront_lane *l = arg;

	while (!l->stop) {
		l->event = false;
		mb();
		while (turn(l) && !l->stop)
			;
		if (l->q.broken == NULL && netfront_rx_posted(&l->q) < POSTED_MIN)
			(void)wait_event_timeout(&l->wq, l->event || l->stop, RETRY_NS);
		else
			wait_event(&l->wq, l->event || l->stop);
	}
	wake_up(&l->room);
	l->running = false;
}

/* Served by the vCPU of the queue's number where there is one. */
static int port_open(struct netfront_lane *l, evtchn_port_t *port, const char *name)
{
	int rc = evtchn_alloc_unbound(l->fe->xdev->otherend_id, port);
	struct evtchn_bind_vcpu bind = { .port = *port, .vcpu = l->id };

	if (rc != 0)
		return rc;
	if (l->id != 0 && (cpus_online_mask() >> l->id & 1) &&
	    HYPERVISOR_event_channel_op(EVTCHNOP_bind_vcpu, &bind) == 0)
		evtchn_claim(*port, &cpus[l->id]);
	return evtchn_set_handler(*port, on_event, l, name);
}

int netfront_lane_open(struct netfront_lane *l)
{
	int rc = netfront_queue_open(&l->q, l->fe->xdev->otherend_id);

	if (rc != 0)
		return rc;
	wait_queue_init(&l->wq);
	wait_queue_init(&l->room);
	rc = port_open(l, &l->rx_port, l->fe->split ? "netfront-rx" : "netfront");
	l->tx_port = l->rx_port;
	if (rc == 0 && l->fe->split)
		rc = port_open(l, &l->tx_port, "netfront-tx");
	if (rc == 0)
		(void)netfront_rx_fill(&l->q);
	else
		netfront_lane_close(l);
	return rc;
}

void netfront_lane_start(struct netfront_lane *l)
{
	char name[24];

	snprintf(name, sizeof(name), "%s/%u", l->fe->dev.name, l->id);
	l->event = true;
	l->running = thread_create(name, lane_thread, l) != NULL;
	if (!l->running)
		printk("%s: no memory for the thread of queue %u\n", l->fe->dev.name, l->id);
}

void netfront_lane_close(struct netfront_lane *l)
{
	l->stop = true;
	while (l->running) {
		wake_up(&l->wq);
		sleep_ns(NSEC_PER_MSEC);
	}
	if (l->tx_port != l->rx_port)
		evtchn_unbind(l->tx_port);
	evtchn_unbind(l->rx_port);
	netfront_end_frames(netfront_queue_close(&l->q));
}
