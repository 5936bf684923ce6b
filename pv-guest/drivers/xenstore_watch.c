/* SPDX-License-Identifier: MIT */
/*
 * Watches. The token is the watch's number in hex, looked up in the list of live watches when an
 * event comes, never believed as a pointer. Callbacks run in one thread, one after another.
 */
#include <pv/errno.h>
#include <pv/list.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/xenstore_internal.h>

struct event {
	struct list_head link;
	char *path;		/* start of the block */
	uint64_t token;
};

static LIST_HEAD(watches);
static LIST_HEAD(events);
static spinlock_t events_lock = SPINLOCK_INIT;	/* events */
static struct mutex watches_mutex = MUTEX_INIT(watches_mutex); /* watches, and callbacks */
static struct wait_queue event_came = WAIT_QUEUE_INIT(event_came);
static uint64_t last_token;
static struct thread *watch_thread;

/* From the reader; must not wait. */
void xs_watch_event(char *body, size_t len)
{
	size_t path_len = strlen(body);
	struct event *e = kmalloc(sizeof(*e));
	unsigned long flags;

	if (e == NULL || path_len >= len || parse_u64(body + path_len + 1, &e->token) != 0) {
		kfree(e);
		kfree(body);
		return;
	}
	e->path = body;
	flags = spin_lock_irqsave(&events_lock);
	list_add_tail(&e->link, &events);
	spin_unlock_irqrestore(&events_lock, flags);
	wake_up(&event_came);
}

static struct event *event_take(void)
{
	struct event *e = NULL;
	unsigned long flags = spin_lock_irqsave(&events_lock);

	if (!list_empty(&events)) {
		e = list_first(&events, struct event, link);
		list_del(&e->link);
	}
	spin_unlock_irqrestore(&events_lock, flags);
	return e;
}

static void event_call(const struct event *e)
{
	struct xenbus_watch *w, *found = NULL;

	mutex_lock(&watches_mutex);
	list_for_each(w, &watches, link) {
		if (w->token == e->token)
			found = w;
	}
	mutex_unlock(&watches_mutex);
	if (found != NULL)
		found->callback(found, e->path);
}

static void watch_loop(void *unused)
{
	for (;;) {
		struct event *e;

		wait_event(&event_came, !list_empty(&events));
		e = event_take();
		if (e == NULL)
			continue;
		event_call(e);
		kfree(e->path);
		kfree(e);
	}
}

static int watch_op(enum xsd_sockmsg_type type, const struct xenbus_watch *w)
{
	char token[20];
	int n = pv_snprintf(token, sizeof(token), "0x%lx", w->token);
	struct xs_part parts[2] = { { w->path, strlen(w->path) + 1 }, { token, n + 1 } };

	return xs_talk(XS_NO_TX, type, parts, 2, NULL, NULL);
}

int xenbus_watch(struct xenbus_watch *w)
{
	int rc;

	mutex_lock(&watches_mutex);
	w->token = ++last_token;
	list_add_tail(&w->link, &watches);
	mutex_unlock(&watches_mutex);
	rc = watch_op(XS_WATCH, w);
	if (rc != 0) {
		mutex_lock(&watches_mutex);
		list_del(&w->link);
		mutex_unlock(&watches_mutex);
	}
	return rc;
}

/* To be called from the watch thread, or for watches that live as long as the kernel's other
 * users of them: a callback under way elsewhere may still run on. */
void xenbus_unwatch(struct xenbus_watch *w)
{
	mutex_lock(&watches_mutex);
	list_del(&w->link);
	mutex_unlock(&watches_mutex);
	watch_op(XS_UNWATCH, w);
}

void xs_watch_init(void)
{
	watch_thread = thread_create("xenwatch", watch_loop, NULL);
	BUG_ON(watch_thread == NULL);
}
