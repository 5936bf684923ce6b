/* SPDX-License-Identifier: MIT */
/*
 * The xenstore client's core: requests, and the thread that reads what comes back.
 *
 * Several threads may have a request out; replies find theirs by req_id. The reader hands watch
 * events on and never waits for anything but the ring. A reply that breaks the protocol is
 * fatal for the client only: every request then fails with -EIO.
 */
#include <pv/boot.h>
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/xenstore_internal.h>

struct request {
	struct list_head link;
	uint32_t id;
	bool done;
	uint32_t type;		/* of the reply */
	char *body;
	uint32_t len;
	struct wait_queue wq;
};

static LIST_HEAD(requests);
static spinlock_t requests_lock = SPINLOCK_INIT;
static struct mutex write_mutex = MUTEX_INIT(write_mutex);
static uint32_t last_id;
static bool present, broken;

static const struct {
	const char *name;
	int value;
} error_names[] = {
#define XEN_ERRNO(name, value) { #name, value },
#include <xen/errno.h>
};

bool xenstore_present(void)
{
	return present;
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(error_names); i++) {
		if (strcmp(error_names[i].name, name) == 0)
			return -error_names[i].value;
	}
	return -EIO;
}

static struct request *request_find(uint32_t id)
{
	struct request *r;

	list_for_each(r, &requests, link) {
		if (r->id == id)
			return r;
	}
	return NULL;
}

static void reply_deliver(const struct xsd_sockmsg *head, char *body)
{
	unsigned long flags = spin_lock_irqsave(&requests_lock);
	struct request *r = request_find(head->req_id);

	if (r != NULL) {
		list_del(&r->link);
		r->type = head->type;
		r->body = body;
		r->len = head->len;
		r->done = true;
		wake_up(&r->wq);
	}
	spin_unlock_irqrestore(&requests_lock, flags);
	if (r == NULL)
		kfree(body);
}

static void all_fail(const char *why)
{
	unsigned long flags;
	struct request *r, *next;

	printk("xenstore: %s, client stopped\n", why);
	flags = spin_lock_irqsave(&requests_lock);
	broken = true;
	list_for_each_safe(r, next, &requests, link) {
		list_del(&r->link);
		r->body = NULL;
		r->done = true;
		wake_up(&r->wq);
	}
	spin_unlock_irqrestore(&requests_lock, flags);
}

static void reader(void *unused)
{
	for (;;) {
		struct xsd_sockmsg head;
		char *body;

		xs_ring_read(&head, sizeof(head));
		if (head.len > XENSTORE_PAYLOAD_MAX) {
			all_fail("reply too long");
			return;
		}
		body = kmalloc(head.len + 1);
		if (body == NULL) {
			all_fail("out of memory");
			return;
		}
		xs_ring_read(body, head.len);
		body[head.len] = 0;
		if (head.type == XS_WATCH_EVENT)
			xs_watch_event(body, head.len);
		else
			reply_deliver(&head, body);
	}
}

/* The request is listed before the first byte goes out: the reply cannot come too early. */
static int request_send(struct request *r, xs_tx_t tx, uint32_t type, const struct xs_part *parts,
			unsigned int n)
{
	struct xsd_sockmsg head = { .type = type, .tx_id = tx };
	unsigned long flags;
	int rc = 0;

	for (unsigned int i = 0; i < n; i++)
		head.len += parts[i].len;
	if (head.len > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	mutex_lock(&write_mutex);
	flags = spin_lock_irqsave(&requests_lock);
	if (broken) {
		rc = -EIO;
	} else {
		head.req_id = r->id = ++last_id;
		list_add_tail(&r->link, &requests);
	}
	spin_unlock_irqrestore(&requests_lock, flags);
	if (rc == 0) {
		xs_ring_write(&head, sizeof(head));
		for (unsigned int i = 0; i < n; i++)
			xs_ring_write(parts[i].data, parts[i].len);
		xs_ring_notify();
	}
	mutex_unlock(&write_mutex);
	return rc;
}

int xs_talk(xs_tx_t tx, enum xsd_sockmsg_type type, const struct xs_part *parts, unsigned int n,
	    char **reply, size_t *len)
{
	struct request r = { .done = false };
	int rc;

	if (!present)
		return -ENODEV;
	wait_queue_init(&r.wq);
	rc = request_send(&r, tx, type, parts, n);
	if (rc != 0)
		return rc;
	wait_event(&r.wq, r.done);
	/* The reader may still hold the lock around its wake: the request is ours after it. */
	spin_unlock_irqrestore(&requests_lock, spin_lock_irqsave(&requests_lock));
	if (r.body == NULL)
		return -EIO;
	if (r.type == XS_ERROR)
		rc = error_number(r.body);
	else if (r.type != (uint32_t)type)
		rc = -EIO;
	if (rc == 0 && reply != NULL) {
		*reply = r.body;
		if (len != NULL)
			*len = r.len;
		return 0;
	}
	kfree(r.body);
	return rc;
}

void xenstore_init(void)
{
	if (!xs_ring_init())
		return;
	xs_watch_init();
	present = thread_create("xenstore", reader, NULL) != NULL;
}
