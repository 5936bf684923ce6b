/* SPDX-License-Identifier: MIT */
/*
 * `pktsink`: takes pktgen's frames from a device, counts them, looks for ones that are lost, doubled
 * or (-c) not what was sent, and (-e) sends each back to where it came from.
 *
 * It is over after -n frames, after -t seconds, or a second after the last frame.
 */
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/time.h>
#include "pkt.h"

#define QUIET_NS	NSEC_PER_SEC
#define ECHOES_WAIT_NS	(5 * NSEC_PER_SEC)
#define LOOK_NS		(100 * NSEC_PER_MSEC)

/* Each queue has its thread, so each counts for itself. */
struct count {
	uint64_t frames, bytes, bad, late, other, large;
	uint64_t next_seq;		/* one behind the highest seen */
	uint64_t first_ns, last_ns;
};

struct sink {
	struct netdev *dev;
	bool check, echo;
	uint64_t frames, seconds;
	struct count c[NET_MAX_QUEUES];
	struct wait_queue wq;
	unsigned int echoing;
};

/* An echo on its way: the frame received, sent from where it lies. */
struct echo {
	struct net_tx tx;
	struct net_buf *frame;
	struct sink *s;
};

static void echo_done(struct net_tx *tx, int status)
{
	struct echo *e = container_of(tx, struct echo, tx);
	struct sink *s = e->s;

	if (status != -EBUSY)
		net_buf_free(e->frame);
	kfree(e);
	__atomic_fetch_sub(&s->echoing, 1, __ATOMIC_SEQ_CST);
}

/* The frame is taken. Without room it is dropped, as a switch would. */
static void send_back(struct sink *s, unsigned int queue, struct net_buf *frame)
{
	struct echo *e = kzalloc(sizeof(*e));
	uint8_t *p = net_buf_data(frame), mac[NET_MAC_BYTES];

	if (e == NULL || frame->len < NET_ETH_HEADER) {
		kfree(e);
		net_buf_free(frame);
		return;
	}
	memcpy(mac, p + NET_MAC_BYTES, NET_MAC_BYTES);
	memcpy(p + NET_MAC_BYTES, s->dev->mac, NET_MAC_BYTES);
	memcpy(p, mac, NET_MAC_BYTES);
	e->s = s;
	e->frame = frame;
	e->tx.done = echo_done;
	e->tx.offload = frame->offload;
	for (const struct net_buf *b = frame; b != NULL && e->tx.nr_frags < NET_MAX_FRAGS; b = b->next)
		e->tx.frags[e->tx.nr_frags++] = (struct net_frag){ net_buf_data(b), b->len };
	__atomic_fetch_add(&s->echoing, 1, __ATOMIC_SEQ_CST);
	if (s->dev->ops->send(s->dev, queue, &e->tx, false) != 0)
		echo_done(&e->tx, 0);
}

static bool take(struct sink *s, struct count *c, const struct net_buf *frame, uint64_t now)
{
	struct pkt_tag tag;
	uint32_t at = pkt_tag_find(frame, &tag);

	if (at == 0) {
		c->other++;
		return false;
	}
	at += PKT_UNSUMMED;
	if (s->check && tag.sum != pkt_sum_buf(frame, at, frame->frame_len - at))
		c->bad++;
	if (tag.seq < c->next_seq)
		c->late++;
	else
		c->next_seq = tag.seq + 1;
	if (c->frames++ == 0)
		c->first_ns = now;
	c->last_ns = now;
	c->bytes += frame->frame_len;
	c->large += frame->offload.gso_type != NET_GSO_NONE;
	return true;
}

static void on_frames(struct netdev *dev, unsigned int queue, struct net_buf *frames, void *arg)
{
	struct sink *s = arg;
	struct count *c = &s->c[queue];
	uint64_t now = now_ns();

	while (frames != NULL) {
		struct net_buf *next = frames->next_frame;

		if (take(s, c, frames, now) && s->echo)
			send_back(s, queue, frames);
		else
			net_buf_free(frames);
		frames = next;
	}
	if (s->frames != 0 && c->frames >= s->frames)
		wake_up(&s->wq);
}

static struct count total(const struct sink *s)
{
	struct count t = { 0 };

	for (unsigned int i = 0; i < NET_MAX_QUEUES; i++) {
		const struct count *c = &s->c[i];

		if (c->frames > 0 && (t.first_ns == 0 || c->first_ns < t.first_ns))
			t.first_ns = c->first_ns;
		t.last_ns = MAX(t.last_ns, c->last_ns);
		t.next_seq = MAX(t.next_seq, c->next_seq);
		t.frames += c->frames;
		t.bytes += c->bytes;
		t.bad += c->bad;
		t.late += c->late;
		t.other += c->other;
		t.large += c->large;
	}
	return t;
}

static bool over(const struct sink *s, uint64_t end)
{
	struct count t = total(s);
	uint64_t now = now_ns();

	return now >= end || (s->frames != 0 && t.frames >= s->frames) ||
	       (t.frames > 0 && now > t.last_ns + QUIET_NS);
}

static int report(const struct sink *s)
{
	struct count t = total(s);
	uint64_t ns = MAX(t.last_ns - t.first_ns, 1UL), lost = t.next_seq > t.frames ? t.next_seq - t.frames : 0;
	char gbps[24];

	pkt_rate(gbps, t.bytes * 8, ns);
	printf("pktsink dev=%s ms=%llu frames=%llu bytes=%llu pps=%llu gbps=%s lost=%llu late=%llu bad=%llu large=%llu other=%llu\n",
	       s->dev->name, (unsigned long long)(ns / NSEC_PER_MSEC), (unsigned long long)t.frames,
	       (unsigned long long)t.bytes, (unsigned long long)pkt_per_second(t.frames, ns),
	       gbps, (unsigned long long)lost, (unsigned long long)t.late, (unsigned long long)t.bad,
	       (unsigned long long)t.large, (unsigned long long)t.other);
	return t.frames == 0 || t.bad != 0;
}

static int parse(struct sink *s, int argc, char **argv, const char **dev)
{
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (a[0] != '-' || a[1] == 0 || a[2] != 0)
			return -EINVAL;
		if (a[1] == 'c')
			s->check = true;
		else if (a[1] == 'e')
			s->echo = true;
		else if (argv[++i] == NULL)
			return -EINVAL;
		else if (a[1] == 'd')
			*dev = argv[i];
		else if (a[1] == 'n' ? parse_u64(argv[i], &s->frames) : a[1] != 't' || parse_u64(argv[i], &s->seconds))
			return -EINVAL;
	}
	return s->seconds > 3600 ? -EINVAL : 0;
}

static int cmd_pktsink(int argc, char **argv)
{
	struct sink *s = kzalloc(sizeof(*s));
	const char *name = NULL;
	uint64_t end;
	int status;

	if (s == NULL)
		return 1;
	s->seconds = 10;
	if (parse(s, argc, argv, &name) != 0) {
		eprintf("usage: pktsink [-d DEV] [-n FRAMES] [-t SECONDS] [-c] [-e]\n");
		kfree(s);
		return 2;
	}
	wait_queue_init(&s->wq);
	s->dev = netdev_find(name);
	if (s->dev == NULL) {
		eprintf("pktsink: %s: %s\n", name != NULL ? name : "eth0", error_text(-ENODEV));
		kfree(s);
		return 1;
	}
	end = now_ns() + s->seconds * NSEC_PER_SEC;
	netdev_receiver(s->dev, on_frames, s);
	printk("paravane: pktsink listens on %s\n", s->dev->name);
	while (!over(s, end) && !console_interrupted())
		(void)wait_event_timeout(&s->wq, over(s, end), LOOK_NS);
	netdev_receiver(s->dev, NULL, NULL);
	end = now_ns() + ECHOES_WAIT_NS;
	while (__atomic_load_n(&s->echoing, __ATOMIC_SEQ_CST) != 0 && now_ns() < end)
		sleep_ns(NSEC_PER_MSEC);
	status = report(s);
	/* Echoes that are still with the other side know s: it stays then. */
	if (__atomic_load_n(&s->echoing, __ATOMIC_SEQ_CST) == 0) {
		netdev_put(s->dev);
		kfree(s);
	}
	return status;
}
SHELL_COMMAND("pktsink", cmd_pktsink,
	      "[-d DEV] [-n FRAMES] [-t SECONDS] [-c] [-e] - take pktgen's frames, -c: check them, -e: send them back");
