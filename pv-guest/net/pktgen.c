/* SPDX-License-Identifier: MIT */
/*
 * `pktgen`: sends frames as fast as the device takes them, or (-l) one after the other's echo, and
 * says how many and how fast. With -c each frame's contents are its own, and summed.
 *
 * The frames are made once, 300 small ones or 24 large; done() puts one back on the list.
 */
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/percentiles.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/time.h>
#include "pkt.h"

#define SMALL_FRAMES	300U
#define LARGE_FRAMES	24U
#define BATCH		32U
#define GSO_SIZE	1448U
#define LATENCY_MAX	100000U
#define ECHO_WAIT_NS	(200 * NSEC_PER_MSEC)

struct gen {
	struct netdev *dev;
	uint8_t to[NET_MAC_BYTES];
	uint64_t size, frames, seconds, gso, queue;
	bool check, latency;
	uint32_t headers;
	struct frame *all;
	unsigned int nr_frames;
	spinlock_t lock;
	struct frame *free;		/* lock */
	volatile unsigned int nr_free;
	struct wait_queue wq;
	uint64_t errors;
	volatile uint64_t echoed;	/* sequence number of the last one that came back, and one */
};

struct frame {
	struct net_tx tx;
	struct frame *next_free;
	struct gen *g;
};

static void frame_done(struct net_tx *tx, int status)
{
	struct frame *f = container_of(tx, struct frame, tx);
	struct gen *g = f->g;

	spin_lock(&g->lock);
	g->errors += status != 0;
	/* Its pages are not ours alone any more. */
	if (status == -EBUSY)
		tx->nr_frags = 0;
	f->next_free = g->free;
	g->free = f;
	g->nr_free++;
	spin_unlock(&g->lock);
	wake_up(&g->wq);
}

static void frames_free(struct gen *g)
{
	for (unsigned int i = 0; g->all != NULL && i < g->nr_frames; i++) {
		struct net_tx *tx = &g->all[i].tx;

		for (unsigned int k = 0; k < tx->nr_frags; k++)
			page_free(tx->frags[k].data, 0);
	}
	kfree(g->all);
}

static int frame_make(struct gen *g, struct frame *f)
{
	for (uint32_t left = g->size; left > 0;) {
		uint16_t len = MIN(left, (uint32_t)PAGE_SIZE);
		uint8_t *page = page_alloc_zeroed();

		if (page == NULL)
			return -ENOMEM;
		for (unsigned int i = 0; i < len; i++)
			page[i] = i * 31 + f->tx.nr_frags;
		f->tx.frags[f->tx.nr_frags++] = (struct net_frag){ page, len };
		left -= len;
	}
	pkt_headers(f->tx.frags[0].data, g->size, g->dev->mac, g->to, g->gso);
	f->tx.done = frame_done;
	if (g->gso != 0)
		f->tx.offload = (struct net_offload){ .csum_blank = true, .gso_type = NET_GSO_TCPV4,
						      .gso_size = g->gso };
	return 0;
}

static int frames_make(struct gen *g)
{
	int rc = 0;

	g->headers = pkt_headers_len(g->gso);
	g->nr_frames = g->size > PAGE_SIZE ? LARGE_FRAMES : SMALL_FRAMES;
	g->all = kzalloc(g->nr_frames * sizeof(*g->all));
	if (g->all == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < g->nr_frames && rc == 0; i++) {
		struct frame *f = &g->all[i];

		f->g = g;
		rc = frame_make(g, f);
		f->next_free = g->free;
		g->free = f;
		g->nr_free++;
	}
	return rc;
}

static struct frame *frame_take(struct gen *g)
{
	struct frame *f;

	if (g->nr_free == 0) {
		g->dev->ops->flush(g->dev, g->queue);
		if (!wait_event_timeout(&g->wq, g->nr_free > 0, NSEC_PER_SEC))
			return NULL;
	}
	spin_lock(&g->lock);
	f = g->free;
	g->free = f->next_free;
	g->nr_free--;
	spin_unlock(&g->lock);
	return f;
}

/* The last bytes of every piece change with the frame: a piece of another one is seen. */
static void frame_fill(const struct gen *g, struct net_tx *tx, uint64_t seq)
{
	struct pkt_tag tag = { .magic = PKT_MAGIC, .seq = seq, .sent_ns = now_ns() };
	uint8_t *at = (uint8_t *)tx->frags[0].data + g->headers;

	memcpy(at, &tag, sizeof(tag));
	if (!g->check)
		return;
	for (unsigned int i = 0; i < tx->nr_frags; i++) {
		const struct net_frag *f = &tx->frags[i];

		if (i > 0 || f->len >= g->headers + sizeof(tag) + sizeof(seq))
			((uint8_t *)f->data)[f->len - 1] = seq + i;
	}
	tag.sum = pkt_sum_frags(tx->frags, g->headers + PKT_UNSUMMED,
				g->size - g->headers - PKT_UNSUMMED);
	memcpy(at, &tag, sizeof(tag));
}

static int send_one(struct gen *g, uint64_t seq, bool more)
{
	struct frame *f = frame_take(g);
	int rc;

	if (f == NULL)
		return -ETIMEDOUT;
	if (f->tx.nr_frags == 0)
		return -EIO;
	frame_fill(g, &f->tx, seq);
	rc = netdev_send_wait(g->dev, g->queue, &f->tx, more);
	if (rc != 0) {
		f->tx.done(&f->tx, rc);
		g->errors--;
	}
	return rc;
}

static int run(struct gen *g)
{
	uint64_t start = now_ns(), end = start + g->seconds * NSEC_PER_SEC, seq = 0, ns;
	char gbps[24];
	int rc = 0;

	while (rc == 0 && (g->frames == 0 ? now_ns() < end : seq < g->frames)) {
		rc = send_one(g, seq, (seq + 1) % BATCH != 0);
		seq += rc == 0;
		if (seq % 1024 == 0 && console_interrupted())
			break;
	}
	g->dev->ops->flush(g->dev, g->queue);
	/* Time runs until the last one was taken. */
	if (!wait_event_timeout(&g->wq, g->nr_free == g->nr_frames, 5 * NSEC_PER_SEC))
		rc = rc != 0 ? rc : -ETIMEDOUT;
	ns = MAX(now_ns() - start, 1UL);
	pkt_rate(gbps, seq * g->size * 8, ns);
	printf("pktgen dev=%s size=%llu ms=%llu frames=%llu pps=%llu gbps=%s errors=%llu\n", g->dev->name,
	       (unsigned long long)g->size, (unsigned long long)(ns / NSEC_PER_MSEC),
	       (unsigned long long)seq, (unsigned long long)pkt_per_second(seq, ns), gbps,
	       (unsigned long long)g->errors);
	return rc;
}

static void on_echo(struct netdev *dev, unsigned int queue, struct net_buf *frames, void *arg)
{
	struct gen *g = arg;

	while (frames != NULL) {
		struct net_buf *next = frames->next_frame;
		struct pkt_tag tag;

		if (pkt_tag_find(frames, &tag) != 0)
			g->echoed = tag.seq + 1;
		net_buf_free(frames);
		frames = next;
	}
	wake_up(&g->wq);
}

static int run_latency(struct gen *g)
{
	uint64_t want = g->frames != 0 ? MIN(g->frames, (uint64_t)LATENCY_MAX) : LATENCY_MAX, n = 0, lost = 0;
	uint64_t end = now_ns() + g->seconds * NSEC_PER_SEC;
	uint32_t *took = kmalloc(want * sizeof(*took));
	int rc = took == NULL ? -ENOMEM : 0;

	if (rc == 0)
		netdev_receiver(g->dev, on_echo, g);
	for (uint64_t seq = 0; rc == 0 && n + lost < want && now_ns() < end && !console_interrupted(); seq++) {
		uint64_t start = now_ns();

		rc = send_one(g, seq, false);
		if (rc == 0 && wait_event_timeout(&g->wq, g->echoed == seq + 1, ECHO_WAIT_NS))
			took[n++] = MIN(now_ns() - start, 0xffffffffUL);
		else
			lost++;
	}
	netdev_receiver(g->dev, NULL, NULL);
	if (n > 0) {
		sort_u32(took, n);
		printf("pktgen dev=%s size=%llu echoes=%llu lost=%llu p50_us=%u.%u p99_us=%u.%u\n", g->dev->name,
		       (unsigned long long)g->size, (unsigned long long)n, (unsigned long long)lost,
		       took[n / 2] / 1000, took[n / 2] / 100 % 10, took[n * 99 / 100] / 1000,
		       took[n * 99 / 100] / 100 % 10);
		percentiles_print("pktgen percentiles", took, n);
	} else if (rc == 0) {
		rc = -ETIMEDOUT;
	}
	kfree(took);
	(void)wait_event_timeout(&g->wq, g->nr_free == g->nr_frames, 5 * NSEC_PER_SEC);
	return rc;
}

/* Options with a number. */
static int number_option(struct gen *g, char c, const char *s)
{
	uint64_t *where = c == 's' ? &g->size : c == 'n' ? &g->frames : c == 't' ? &g->seconds :
			  c == 'g' ? &g->gso : c == 'q' ? &g->queue : NULL;

	return where == NULL || s == NULL ? -EINVAL : parse_u64(s, where);
}

static int parse(struct gen *g, int argc, char **argv, const char **dev)
{
	int rc = 0;

	for (int i = 1; i < argc && rc == 0; i++) {
		const char *a = argv[i];

		if (a[0] != '-' || a[1] == 0 || a[2] != 0)
			return -EINVAL;
		if (a[1] == 'c') {
			g->check = true;
		} else if (a[1] == 'l') {
			g->latency = true;
		} else if (a[1] == 'd' || a[1] == 'm') {
			if (argv[++i] == NULL)
				return -EINVAL;
			if (a[1] == 'd')
				*dev = argv[i];
			else
				rc = net_parse_mac(argv[i], g->to);
		} else {
			i++;
			rc = number_option(g, a[1], argv[i]);
		}
	}
	return rc;
}

/* A frame beyond the MTU goes as one large segment, if the other side takes those. */
static int judge(struct gen *g)
{
	if (g->size < PKT_MIN || g->size > NET_FRAME_MAX || g->gso > 65000 || g->seconds > 3600 ||
	    g->queue >= NET_MAX_QUEUES)
		return -EINVAL;
	if (g->gso == 0 && g->size > g->dev->mtu + NET_ETH_HEADER)
		g->gso = GSO_SIZE;
	if (g->gso != 0 && (!(g->dev->features & NET_F_TSO4) || g->size < PKT_TCP_HEADERS + sizeof(struct pkt_tag)))
		return -EOPNOTSUPP;
	return g->dev->carrier ? 0 : -ENODEV;
}

/* What has not come back is the other side's, and done() may still be called for it: it stays. */
static void gen_free(struct gen *g)
{
	if (g->nr_free != g->nr_frames) {
		eprintf("pktgen: %u frames have not come back, their memory is lost\n", g->nr_frames - g->nr_free);
		return;
	}
	frames_free(g);
	if (g->dev != NULL)
		netdev_put(g->dev);
	kfree(g);
}

static int cmd_pktgen(int argc, char **argv)
{
	struct gen *g = kzalloc(sizeof(*g));
	const char *name = NULL;
	int rc;

	if (g == NULL)
		return 1;
	memset(g->to, 0xff, sizeof(g->to));
	g->size = 1514;
	g->seconds = 2;
	wait_queue_init(&g->wq);
	if (parse(g, argc, argv, &name) != 0) {
		eprintf("usage: pktgen [-d DEV] [-m MAC] [-s SIZE] [-n FRAMES] [-t SECONDS] [-g SEGMENT] [-q QUEUE] [-c] [-l]\n");
		kfree(g);
		return 2;
	}
	g->dev = netdev_find(name);
	rc = g->dev != NULL ? judge(g) : -ENODEV;
	if (rc == 0)
		rc = frames_make(g);
	if (rc == 0)
		rc = g->latency ? run_latency(g) : run(g);
	if (rc != 0)
		eprintf("pktgen: %s: %s\n", g->dev != NULL ? g->dev->name : name != NULL ? name : "eth0",
			error_text(rc));
	gen_free(g);
	return rc != 0;
}
SHELL_COMMAND("pktgen", cmd_pktgen,
	      "[-d DEV] [-m MAC] [-s SIZE] [-n FRAMES] [-t SECONDS] [-c] [-l] - send frames, -l: one by one, timing the echo");
