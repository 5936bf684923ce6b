/* SPDX-License-Identifier: MIT */
/*
 * FIFO event channels: an event word per port in array pages of the guest, a control block per
 * vCPU with the head of a queue for each priority.
 *
 * Called by evtchn.c and hypercalls/evtchn.c.  A port's events are linked by the process of the
 * vCPU it notifies; everything here is under this_domain.fifo.lock, which is held for a bounded
 * number of steps and within which nothing sleeps or takes another lock.
 *
 * The guest owns words and control blocks and may write anything there at any time.  What decides
 * (tails, priorities, pages) is kept here; of a word only the bits count, never its link.
 * Invariants:
 *  1. The tail of a queue is 0 or the port that was linked to it last.
 *  2. A port is the tail of at most one queue, the one in last[port].
 *  3. Of a guest that keeps the rules: a word with LINKED set is on exactly one queue.
 *  4. A page in use (array or control block) holds a reference as a writable page.
 */
#include <hv/fifo.h>
#include <hv/guest.h>
#include <hv/mm.h>

#define W_PENDING	(1U << EVTCHN_FIFO_PENDING)
#define W_MASKED	(1U << EVTCHN_FIFO_MASKED)
#define W_LINKED	(1U << EVTCHN_FIFO_LINKED)
#define W_BUSY		(1U << EVTCHN_FIFO_BUSY)
#define LINK_TRIES	4

#define fifo		(this_domain.fifo)

_Static_assert(FIFO_MAX_PAGES == 128, "event array");
_Static_assert(PVN_MAX_PORTS <= EVTCHN_FIFO_NR_CHANNELS, "links have 17 bits");

/* NULL: no page for it yet. */
static event_word_t *word_of(uint32_t port)
{
	uint32_t page = port / FIFO_WORDS_PER_PAGE;

	if (port >= PVN_MAX_PORTS || page >= fifo.nr_pages)
		return NULL;
	return (event_word_t *)mfn_ptr(fifo.array_mfn[page]) + port % FIFO_WORDS_PER_PAGE;
}

static struct evtchn_fifo_control_block *control_of(unsigned int v)
{
	char *page = fifo.vcpu[v].control_mfn ? mfn_ptr(fifo.vcpu[v].control_mfn) : NULL;

	return page ? (void *)(page + fifo.vcpu[v].control_offset) : NULL;
}

static uint32_t test_and_set(event_word_t *w, uint32_t bit)
{
	return __atomic_fetch_or(w, bit, __ATOMIC_SEQ_CST) & bit;
}

/* 1 linked; 0 the tail has left the queue, which is empty; -1 the word changed under us. */
static int try_set_link(event_word_t *w, uint32_t *old, uint32_t port)
{
	uint32_t new;

	if (!(*old & W_LINKED))
		return 0;
	new = (*old & ~(W_BUSY | (uint32_t)EVTCHN_FIFO_LINK_MASK)) | port;
	return __atomic_compare_exchange_n(w, old, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ? 1 : -1;
}

/*
 * Hang port behind the tail whose word is w.  A guest that keeps changing the word is asked to
 * wait by BUSY; one that does not has lost the event, and no more.
 */
static int set_link(event_word_t *w, uint32_t port)
{
	uint32_t old = READ_ONCE(*w);
	int i, rc;

	for (i = 0; i < 2 * LINK_TRIES; i++) {
		if (i == LINK_TRIES)
			old = __atomic_or_fetch(w, W_BUSY, __ATOMIC_SEQ_CST);
		rc = try_set_link(w, &old, port);
		if (rc > 0)
			return 1;
		if (!rc)
			break;
	}
	if (i >= LINK_TRIES)
		__atomic_fetch_and(w, ~W_BUSY, __ATOMIC_SEQ_CST);
	return i == 2 * LINK_TRIES;
}

/* Pending and due: into the queue of this vCPU.  1: the queue's ready bit is new. */
static int link_port(uint32_t port, event_word_t *w)
{
	unsigned int v = vcpu.id, prio = fifo.priority[port];
	struct evtchn_fifo_control_block *cb = control_of(v);
	struct fifo_queue *last = &fifo.last[port];
	uint32_t *tail = &fifo.vcpu[v].tail[prio];
	int linked = 0;

	if (!cb || (READ_ONCE(*w) & W_MASKED) || test_and_set(w, W_LINKED))
		return 0;
	/* It was not linked: if it is still called a tail, that queue has run empty. */
	if (fifo.vcpu[last->vcpu].tail[last->priority] == port)
		fifo.vcpu[last->vcpu].tail[last->priority] = 0;
	*last = (struct fifo_queue){ (uint8_t)v, (uint8_t)prio };
	if (*tail)
		linked = set_link(word_of(*tail), port);
	*tail = port;
	if (linked)
		return 0;
	WRITE_ONCE(cb->head[prio], port);
	/* The head is there before the bit says so. */
	return !(__atomic_fetch_or(&cb->ready, 1U << prio, __ATOMIC_SEQ_CST) & 1U << prio);
}

static int set_pending_locked(uint32_t port)
{
	event_word_t *w = word_of(port);

	if (!w) {
		fifo.early[port / 64] |= 1UL << (port & 63);
		return 0;
	}
	test_and_set(w, W_PENDING);
	return link_port(port, w);
}

int fifo_set_pending(uint32_t port)
{
	int due = 0;

	spin_lock(&fifo.lock);
	if (fifo.active)
		due = set_pending_locked(port);
	spin_unlock(&fifo.lock);
	return due;
}

static uint32_t word_bits(uint32_t port, uint32_t bit)
{
	event_word_t *w;
	uint32_t bits;

	spin_lock(&fifo.lock);
	w = fifo.active ? word_of(port) : NULL;
	bits = w ? READ_ONCE(*w) & bit : 0;
	spin_unlock(&fifo.lock);
	return bits;
}

int fifo_is_pending(uint32_t port)
{
	return !!word_bits(port, W_PENDING);
}

int fifo_is_masked(uint32_t port)
{
	return !!word_bits(port, W_MASKED);
}

int fifo_is_busy(uint32_t port)
{
	return !!word_bits(port, W_LINKED);
}

static void clear_bit(uint32_t port, uint32_t bit)
{
	event_word_t *w;

	spin_lock(&fifo.lock);
	w = fifo.active ? word_of(port) : NULL;
	if (w)
		__atomic_fetch_and(w, ~bit, __ATOMIC_SEQ_CST);
	if (bit == W_PENDING)
		fifo.early[port / 64] &= ~(1UL << (port & 63));
	spin_unlock(&fifo.lock);
}

void fifo_unmask(uint32_t port)
{
	clear_bit(port, W_MASKED);
}

/* It stays in its queue if it is there: the guest takes it out and finds nothing pending. */
void fifo_clear_pending(uint32_t port)
{
	clear_bit(port, W_PENDING);
}

void fifo_port_init(uint32_t port)
{
	spin_lock(&fifo.lock);
	fifo.priority[port] = EVTCHN_FIFO_PRIORITY_DEFAULT;
	spin_unlock(&fifo.lock);
}

int fifo_set_priority(uint32_t port, uint32_t priority)
{
	if (!fifo.active)
		return -XEN_ENOSYS;
	if (!evtchn_port_usable(port))
		return -XEN_EACCES;
	if (priority > EVTCHN_FIFO_PRIORITY_MIN)
		return -XEN_EINVAL;
	/* What is linked stays where it is. */
	spin_lock(&fifo.lock);
	fifo.priority[port] = (uint8_t)priority;
	spin_unlock(&fifo.lock);
	return 0;
}

static int page_take(uint64_t mfn)
{
	int rc;

	spin_lock(&this_domain.mm_lock);
	rc = page_get_type(mfn, PGT_writable);
	spin_unlock(&this_domain.mm_lock);
	return rc ? -XEN_EINVAL : 0;
}

static void page_drop(uint64_t mfn)
{
	spin_lock(&this_domain.mm_lock);
	page_put_type(mfn);
	spin_unlock(&this_domain.mm_lock);
}

/* From now on FIFO, with no queue of the time before a reset; what was pending is once its array page comes. */
static void activate(void)
{
	unsigned int i;

	for (i = 0; i < PVN_MAX_VCPUS; i++)
		memset(fifo.vcpu[i].tail, 0, sizeof(fifo.vcpu[i].tail));
	for (i = 0; i < PVN_PORT_WORDS; i++)
		fifo.early[i] = READ_ONCE(shared_info_page.evtchn_pending[i]);
	memset(fifo.priority, EVTCHN_FIFO_PRIORITY_DEFAULT, sizeof(fifo.priority));
	memset(fifo.last, 0, sizeof(fifo.last));
	fifo.nr_pages = 0;
	__atomic_store_n(&fifo.active, 1, __ATOMIC_SEQ_CST);
}

/* -ENOENT is the caller's; -EINVAL: out of the page, not aligned, no such page, or a second time. */
int fifo_init_control(unsigned int v, uint64_t mfn, uint32_t offset)
{
	struct fifo_vcpu *fv = &fifo.vcpu[v];
	int rc;

	if (offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || offset % 8)
		return -XEN_EINVAL;
	rc = page_take(mfn);
	if (rc)
		return rc;
	spin_lock(&fifo.lock);
	if (fv->control_mfn) {
		rc = -XEN_EINVAL;
	} else {
		if (!fifo.active)
			activate();
		memset(fv->tail, 0, sizeof(fv->tail));
		fv->control_offset = offset;
		fv->control_mfn = mfn;
	}
	spin_unlock(&fifo.lock);
	if (rc)
		page_drop(mfn);
	return rc;
}

/* -EOPNOTSUPP: not FIFO; -ENOSPC: all pages there; -EINVAL: no such page. */
int fifo_expand_array(uint64_t mfn)
{
	uint32_t w, first;
	int rc = 0;

	if (!READ_ONCE(fifo.active))
		return -XEN_EOPNOTSUPP;
	if (READ_ONCE(fifo.nr_pages) >= FIFO_MAX_PAGES)
		return -XEN_ENOSPC;
	rc = page_take(mfn);
	if (rc)
		return rc;
	spin_lock(&fifo.lock);
	if (!fifo.active)
		rc = -XEN_EOPNOTSUPP;
	else if (fifo.nr_pages >= FIFO_MAX_PAGES)
		rc = -XEN_ENOSPC;
	else
		fifo.array_mfn[fifo.nr_pages++] = mfn;
	first = (fifo.nr_pages - 1) * (FIFO_WORDS_PER_PAGE / 64);
	spin_unlock(&fifo.lock);
	if (rc) {
		page_drop(mfn);
		return rc;
	}
	for (w = first; w < first + FIFO_WORDS_PER_PAGE / 64 && w < PVN_PORT_WORDS; w++) {
		uint64_t early = __atomic_exchange_n(&fifo.early[w], 0, __ATOMIC_SEQ_CST);

		for (; early; early &= early - 1)
			evtchn_set_pending(w * 64 + (uint32_t)__builtin_ctzl(early));
	}
	return 0;
}

void fifo_reset(void)
{
	uint64_t mfn;
	unsigned int v;

	for (;;) {
		mfn = 0;
		spin_lock(&fifo.lock);
		__atomic_store_n(&fifo.active, 0, __ATOMIC_SEQ_CST);
		for (v = 0; v < PVN_MAX_VCPUS && !mfn; v++) {
			mfn = fifo.vcpu[v].control_mfn;
			fifo.vcpu[v].control_mfn = 0;
		}
		if (!mfn && fifo.nr_pages)
			mfn = fifo.array_mfn[--fifo.nr_pages];
		spin_unlock(&fifo.lock);
		if (!mfn)
			return;
		page_drop(mfn);
	}
}
