/* SPDX-License-Identifier: MIT */
/*
 * p9front: the frontend of shared directories, device/9pfs/ID in xenstore: <xen/io/9pfs.h>.
 *
 *   backend says        we                                         our state after
 *   InitWait            make the ring and its port, write them     Initialised
 *   Connected           the tag can be mounted                     Connected
 *   Closing, Closed     what waits fails; take the pages back      Closed
 *
 * Called by the xenbus client in its watch thread, by the event channel and by the file system. One ring,
 * and one call at a time on it. Trusted are our own indexes and counts, never the interface page's.
 */
#include <pv/cpu.h>
#include <pv/errno.h>
#include <pv/event.h>
#include <pv/grant.h>
#include <pv/init.h>
#include <pv/mm.h>
#include <pv/p9front.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/xenbus.h>

#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/io/9pfs.h>
#include <p9/9p2000l.h>

#define MAX_ORDER	6U
#define MAX_PAGES	(1U << MAX_ORDER)
#define TAG_MAX		64
#define ANSWER_NS	(60 * NSEC_PER_SEC)
#define LET_GO		(1U << XenbusStateUnknown | 1U << XenbusStateInitWait | 1U << XenbusStateClosed)
#define LET_GO_NS	NSEC_PER_SEC

struct p9front {
	struct list_head link;
	struct xenbus_device *xdev;	/* NULL: it is gone, we stay for who uses it */
	char tag[TAG_MAX];
	struct mutex call;		/* one at a time; guards what follows */
	struct wait_queue answered;
	bool has_ring, connected, used;
	const char *broken;
	struct xen_9pfs_data_intf *intf;
	unsigned char *data;		/* in: answers, first half; out: requests */
	unsigned int order;
	evtchn_port_t port;
	grant_ref_t intf_ref, refs[MAX_PAGES];
	unsigned int nr_refs;
	bool intf_granted;
	RING_IDX out_prod, in_cons;
};

static LIST_HEAD(fronts);
static struct mutex fronts_lock = MUTEX_INIT(fronts_lock);

static RING_IDX half(const struct p9front *fe)
{
	return XEN_FLEX_RING_SIZE(fe->order);
}

uint32_t p9front_msize(const struct p9front *fe)
{
	return half(fe);
}

static void on_event(evtchn_port_t port, void *data)
{
	struct p9front *fe = data;

	wake_up(&fe->answered);
}

/* Takes the pages back; what the other side keeps is lost. */
static void ring_free(struct p9front *fe)
{
	bool mapped = false;

	while (fe->nr_refs)
		mapped |= !grant_end_access(fe->refs[--fe->nr_refs]);
	if (fe->intf_granted)
		mapped |= !grant_end_access(fe->intf_ref);
	fe->intf_granted = false;
	if (mapped) {
		printk("9pfs %s: the backend keeps the ring mapped, its pages are lost\n", fe->tag);
		return;
	}
	if (fe->data)
		page_free(fe->data, fe->order);
	if (fe->intf)
		page_free(fe->intf, 0);
}

static int ring_make(struct p9front *fe, unsigned int order)
{
	domid_t domid = fe->xdev->otherend_id;
	int ret = 0;

	fe->order = order;
	fe->out_prod = fe->in_cons = 0;
	fe->broken = NULL;
	fe->intf = page_alloc_zeroed();
	fe->data = page_alloc(order);
	if (!fe->intf || !fe->data)
		return -ENOMEM;
	memset(fe->data, 0, PAGE_SIZE << order);
	while (!ret && fe->nr_refs < 1U << order) {
		ret = grant_access(domid, virt_to_mfn(fe->data + fe->nr_refs * PAGE_SIZE), false,
				   &fe->refs[fe->nr_refs]);
		if (!ret) {
			fe->intf->ref[fe->nr_refs] = fe->refs[fe->nr_refs];
			fe->nr_refs++;
		}
	}
	fe->intf->ring_order = order;
	if (!ret)
		ret = grant_access(domid, virt_to_mfn(fe->intf), false, &fe->intf_ref);
	fe->intf_granted = !ret;
	return ret;
}

static int publish(struct p9front *fe)
{
	const char *dir = fe->xdev->nodename;
	xs_tx_t tx;
	int ret;

	do {
		ret = xenbus_transaction_start(&tx);
		if (ret)
			return ret;
		ret = xenbus_write(tx, dir, "version", "1");
		if (!ret)
			ret = xenbus_write(tx, dir, "num-rings", "1");
		if (!ret)
			ret = xenbus_printf(tx, dir, "ring-ref0", "%u", fe->intf_ref);
		if (!ret)
			ret = xenbus_printf(tx, dir, "event-channel-0", "%u", fe->port);
		if (ret) {
			xenbus_transaction_end(tx, true);
			return ret;
		}
		ret = xenbus_transaction_end(tx, false);
	} while (ret == -EAGAIN);
	return ret;
}

static void disconnect(struct p9front *fe)
{
	fe->connected = false;
	wake_up(&fe->answered);
	mutex_lock(&fe->call);		/* who waited has left */
	if (fe->has_ring) {
		evtchn_unbind(fe->port);
		ring_free(fe);
	}
	fe->has_ring = false;
	mutex_unlock(&fe->call);
}

static bool speaks_our_version(const struct p9front *fe)
{
	char *versions;
	bool ok = false;

	if (xenbus_read(XS_NO_TX, fe->xdev->otherend, "versions", &versions, NULL))
		return false;
	for (const char *s = versions; *s && !ok; s++)
		ok = *s == '1' && (s == versions || s[-1] == ',') && (!s[1] || s[1] == ',');
	kfree(versions);
	return ok;
}

static int connect(struct p9front *fe)
{
	uint64_t order;
	int ret = speaks_our_version(fe) ? 0 : -EOPNOTSUPP;

	if (!ret)
		ret = xenbus_read_u64(XS_NO_TX, fe->xdev->otherend, "max-ring-page-order", &order);
	if (!ret && !order)
		ret = -EINVAL;
	if (!ret)
		ret = ring_make(fe, MIN(order, (uint64_t)MAX_ORDER));
	if (!ret)
		ret = evtchn_alloc_unbound(fe->xdev->otherend_id, &fe->port);
	if (ret) {
		ring_free(fe);
		return ret;
	}
	fe->has_ring = true;
	ret = evtchn_set_handler(fe->port, on_event, fe, "p9front");
	if (!ret)
		ret = publish(fe);
	if (!ret)
		ret = xenbus_switch_state(fe->xdev, XenbusStateInitialised);
	return ret;
}

static void close_device(struct p9front *fe)
{
	fe->connected = false;
	wake_up(&fe->answered);
	if (fe->xdev) {
		xenbus_switch_state(fe->xdev, XenbusStateClosed);
		if (fe->has_ring)
			(void)xenbus_wait_for_state(fe->xdev, LET_GO, LET_GO_NS);
	}
	disconnect(fe);
}

static void otherend_changed(struct xenbus_device *xdev, enum xenbus_state state)
{
	struct p9front *fe = xdev->data;
	int ret = 0;

	switch (state) {
	case XenbusStateInitWait:
		if (!fe->has_ring)
			ret = connect(fe);
		break;
	case XenbusStateConnected:
		if (fe->has_ring && !fe->connected) {
			fe->connected = true;
			ret = xenbus_switch_state(xdev, XenbusStateConnected);
		}
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
		if (xdev->state != XenbusStateClosed)
			close_device(fe);
		break;
	default:
		break;
	}
	if (ret) {
		printk("%s: not connected: %s\n", xdev->nodename, error_text(ret));
		disconnect(fe);
		xenbus_switch_state(xdev, XenbusStateClosed);
	}
}

static int probe(struct xenbus_device *xdev)
{
	struct p9front *fe = kzalloc(sizeof(*fe));
	char *tag;
	int ret;

	if (!fe)
		return -ENOMEM;
	ret = xenbus_read(XS_NO_TX, xdev->nodename, "tag", &tag, NULL);
	if (ret) {
		kfree(fe);
		return ret;
	}
	str_copy(fe->tag, tag, sizeof(fe->tag));
	kfree(tag);
	fe->xdev = xdev;
	mutex_init(&fe->call);
	wait_queue_init(&fe->answered);
	xdev->data = fe;
	mutex_lock(&fronts_lock);
	list_add_tail(&fe->link, &fronts);
	mutex_unlock(&fronts_lock);
	return 0;
}

static void free_if_unused(struct p9front *fe)
{
	if (!fe->used && !fe->xdev)
		kfree(fe);
}

static void remove(struct xenbus_device *xdev)
{
	struct p9front *fe = xdev->data;

	mutex_lock(&fronts_lock);
	list_del(&fe->link);
	fe->xdev = NULL;
	mutex_unlock(&fronts_lock);
	disconnect(fe);
	mutex_lock(&fronts_lock);
	free_if_unused(fe);
	mutex_unlock(&fronts_lock);
}

int p9front_open(const char *tag, struct p9front **out)
{
	struct p9front *fe;
	int ret = -ENXIO;

	xenbus_settle(NSEC_PER_SEC);
	mutex_lock(&fronts_lock);
	list_for_each(fe, &fronts, link) {
		if (strcmp(fe->tag, tag) || !fe->connected)
			continue;
		ret = fe->used ? -EBUSY : 0;
		if (ret)
			continue;
		fe->used = true;
		*out = fe;
		break;
	}
	mutex_unlock(&fronts_lock);
	return ret;
}

void p9front_close(struct p9front *fe)
{
	mutex_lock(&fronts_lock);
	fe->used = false;
	free_if_unused(fe);
	mutex_unlock(&fronts_lock);
}

static void send_bytes(struct p9front *fe, const void *src, size_t n)
{
	RING_IDX at = fe->out_prod & (half(fe) - 1);
	RING_IDX first = MIN((RING_IDX)n, half(fe) - at);
	unsigned char *out = fe->data + half(fe);

	memcpy(out + at, src, first);
	memcpy(out, (const char *)src + first, n - first);
	fe->out_prod += n;
}

static void receive_bytes(struct p9front *fe, void *dst, size_t n)
{
	RING_IDX at = fe->in_cons & (half(fe) - 1);
	RING_IDX first = MIN((RING_IDX)n, half(fe) - at);

	memcpy(dst, fe->data + at, first);
	memcpy((char *)dst + first, fe->data, n - first);
}

static RING_IDX queued(const struct p9front *fe)
{
	return __atomic_load_n(&fe->intf->in_prod, __ATOMIC_ACQUIRE) - fe->in_cons;
}

/* At least n bytes of answer are there. */
static int wait_for(struct p9front *fe, RING_IDX n)
{
	if (!wait_event_timeout(&fe->answered, queued(fe) >= n || !fe->connected, ANSWER_NS))
		fe->broken = "it does not answer";
	else if (queued(fe) > half(fe))
		fe->broken = "its producer index is out of range";
	else if (queued(fe) >= n)
		return 0;
	return -EIO;
}

static int64_t receive(struct p9front *fe, void *answer, size_t max)
{
	uint8_t header[P9_HEADER];
	uint32_t size;

	if (wait_for(fe, sizeof(header)))
		return -EIO;
	receive_bytes(fe, header, sizeof(header));
	memcpy(&size, header, sizeof(size));
	if (size < P9_HEADER || size > max || size > half(fe)) {
		fe->broken = "the size of its answer is out of range";
		return -EIO;
	}
	if (wait_for(fe, size))
		return -EIO;
	receive_bytes(fe, answer, size);
	memcpy(answer, &size, sizeof(size));	/* the one that was checked */
	fe->in_cons += size;
	__atomic_store_n(&fe->intf->in_cons, fe->in_cons, __ATOMIC_RELEASE);
	return size;
}

int64_t p9front_call(struct p9front *fe, const void *head, size_t n, const void *data, size_t data_n,
		     void *answer, size_t max)
{
	int64_t ret = -EIO;

	mutex_lock(&fe->call);
	/* The ring is empty between calls, so that there is room for a message of any size. */
	if (fe->connected && !fe->broken && n + data_n <= half(fe)) {
		send_bytes(fe, head, n);
		if (data_n)
			send_bytes(fe, data, data_n);
		__atomic_store_n(&fe->intf->out_prod, fe->out_prod, __ATOMIC_SEQ_CST);
		evtchn_notify(fe->port);
		ret = receive(fe, answer, max);
		if (fe->broken)
			printk("9pfs %s: the backend is given up: %s\n", fe->tag, fe->broken);
	}
	mutex_unlock(&fe->call);
	return ret;
}

static const struct xenbus_driver p9front_driver = {
	.type = "9pfs",
	.probe = probe,
	.remove = remove,
	.otherend_changed = otherend_changed,
};

static int p9front_init(void)
{
	driver_register(&p9front_driver);
	return 0;
}
INITCALL(INIT_DRIVER, p9front_init);
