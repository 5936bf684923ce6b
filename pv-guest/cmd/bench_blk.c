/* SPDX-License-Identifier: MIT */
/*
 * `bench blk DEV randread|randwrite|read|write BS QD SECONDS`: a raw device at a queue depth,
 * past the buffer cache. The result is one line:
 *
 *   bench blk.randread dev=xvda bs=4096 qd=32 seconds=2.000 ops=61440 iops=30720 mb_s=125.8 errors=0
 *
 * and one of how long transfers took, from submission to the event that ends them (the first MAX_TIMES of them):
 *
 *   bench percentiles 1=40.10 5=41.00 ... 100=850.33
 *
 * Each of QD transfers starts its successor in the event handler that ends it. Writing
 * ruins what is on the device, so not a mounted one.
 */
#include "cmd.h"
#include <pv/blk.h>
#include <pv/percentiles.h>
#include <pv/thread.h>
#include <pv/time.h>

#define MAX_QD		256U
#define MAX_SECONDS	3600U
#define MAX_TIMES	(1U << 17)

struct bench {
	struct blkdev *dev;
	enum blk_op op;
	bool random;
	uint32_t bs, qd;
	uint64_t positions;	/* transfers of bs that fit on the device */
	uint64_t next;		/* sequential position */
	uint64_t seed;
	uint64_t end_ns;
	uint64_t ops, errors;
	uint32_t active;
	uint32_t *times;	/* ns */
	uint32_t nr_times;
	spinlock_t lock;
};

struct lane {
	struct bench *b;
	struct bio bio;
	uint64_t start_ns;
	uint32_t pages;
	struct blk_seg segs[];
};

static struct wait_queue bench_over = WAIT_QUEUE_INIT(bench_over);

/* xorshift64: positions need not be better than that. */
static uint64_t next_position(struct bench *b)
{
	if (!b->random)
		return b->next++ % b->positions;
	b->seed ^= b->seed << 13;
	b->seed ^= b->seed >> 7;
	b->seed ^= b->seed << 17;
	return b->seed % b->positions;
}

/* Event handler context, or the starter's. */
static void lane_done(struct bio *bio)
{
	struct lane *l = container_of(bio, struct lane, bio);
	struct bench *b = l->b;
	uint64_t now = now_ns();
	bool again = !bio->status && now < b->end_ns;
	unsigned long flags = spin_lock_irqsave(&b->lock);

	b->ops += !bio->status;
	b->errors += bio->status != 0;
	if (b->nr_times < MAX_TIMES)
		b->times[b->nr_times++] = MIN(now - l->start_ns, (uint64_t)0xffffffffU);
	l->start_ns = now;
	if (again)
		bio->sector = next_position(b) * (b->bs / BLK_SECTOR);
	else
		__atomic_store_n(&b->active, b->active - 1, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&b->lock, flags);
	if (again)
		blk_submit(bio);
	else
		wake_up(&bench_over);
}

static void lane_free(struct lane *l)
{
	for (uint32_t i = 0; l && i < l->pages; i++)
		page_free(l->segs[i].page, 0);
	kfree(l);
}

static struct lane *lane_make(struct bench *b)
{
	uint32_t pages = (b->bs + PAGE_SIZE - 1) / PAGE_SIZE;
	struct lane *l = kzalloc(sizeof(*l) + pages * sizeof(l->segs[0]));

	for (uint32_t left = b->bs; l && left; left -= l->segs[l->pages - 1].len) {
		void *page = page_alloc_zeroed();

		if (!page) {
			lane_free(l);
			return NULL;
		}
		l->segs[l->pages++] = (struct blk_seg){ page, 0, MIN(left, (uint32_t)PAGE_SIZE) };
	}
	if (l) {
		l->b = b;
		l->bio = (struct bio){ .dev = b->dev, .op = b->op, .segs = l->segs,
				       .nr_segs = l->pages, .done = lane_done };
	}
	return l;
}

static int run(struct bench *b, uint64_t seconds, uint64_t *ns)
{
	struct lane **lanes = kzalloc(b->qd * sizeof(*lanes));
	uint64_t start;
	int ret = lanes ? 0 : -ENOMEM;

	for (uint32_t i = 0; !ret && i < b->qd; i++) {
		lanes[i] = lane_make(b);
		ret = lanes[i] ? 0 : -ENOMEM;
	}
	start = now_ns();
	if (!ret) {
		b->end_ns = start + seconds * NSEC_PER_SEC;
		b->active = b->qd;
		for (uint32_t i = 0; i < b->qd; i++) {
			unsigned long flags = spin_lock_irqsave(&b->lock);

			lanes[i]->bio.sector = next_position(b) * (b->bs / BLK_SECTOR);
			lanes[i]->start_ns = now_ns();
			spin_unlock_irqrestore(&b->lock, flags);
			blk_submit(&lanes[i]->bio);
		}
		wait_event(&bench_over, !__atomic_load_n(&b->active, __ATOMIC_ACQUIRE));
	}
	*ns = MAX(now_ns() - start, (uint64_t)1);
	for (uint32_t i = 0; lanes && i < b->qd; i++)
		lane_free(lanes[i]);
	kfree(lanes);
	return ret;
}

static int parse_what(const char *s, struct bench *b)
{
	static const char *const names[] = { "randread", "randwrite", "read", "write" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(s, names[i]))
			continue;
		b->random = i < 2;
		b->op = i & 1 ? BLK_WRITE : BLK_READ;
		return 0;
	}
	return -EINVAL;
}

static int parse(int argc, char **argv, struct bench *b, uint64_t *seconds)
{
	uint64_t bs, qd;

	if (argc != 6 || parse_what(argv[2], b) || cmd_size(argv[3], &bs) ||
	    parse_u64(argv[4], &qd) || parse_u64(argv[5], seconds))
		return -EINVAL;
	b->dev = blk_find(argv[1]);
	if (!b->dev)
		return -ENXIO;
	if (!bs || bs % b->dev->sector_size || bs > BLK_MAX_SEGMENTS * PAGE_SIZE || !qd ||
	    qd > MAX_QD || !*seconds || *seconds > MAX_SECONDS)
		return -EINVAL;
	b->bs = bs;
	b->qd = qd;
	b->positions = b->dev->sectors * BLK_SECTOR / bs;
	if (b->op == BLK_WRITE && (b->dev->users || b->dev->rdonly))
		return -EBUSY;
	return b->positions ? 0 : -EINVAL;
}

static int bench_blk(int argc, char **argv)
{
	struct bench b = { .lock = SPINLOCK_INIT };
	uint64_t seconds, ns = 1, bytes;
	int ret = parse(argc, argv, &b, &seconds);

	if (ret == -EINVAL) {
		eprintf("usage: bench blk DEV randread|randwrite|read|write BS QD SECONDS\n");
		return 2;
	}
	b.seed = now_ns() | 1;
	b.times = kmalloc(MAX_TIMES * sizeof(*b.times));
	if (!ret && !b.times)
		ret = -ENOMEM;
	if (!ret) {
		blk_use(b.dev);
		ret = run(&b, seconds, &ns);
		blk_unuse(b.dev);
	}
	if (ret) {
		kfree(b.times);
		return cmd_fail("bench", argv[1], ret);
	}
	bytes = b.ops * b.bs;
	printf("bench blk.%s dev=%s bs=%u qd=%u seconds=%llu.%03llu ops=%llu iops=%llu mb_s=%llu.%llu errors=%llu\n",
	       argv[2], b.dev->name, b.bs, b.qd, (unsigned long long)(ns / NSEC_PER_SEC),
	       (unsigned long long)(ns % NSEC_PER_SEC / NSEC_PER_MSEC), (unsigned long long)b.ops,
	       (unsigned long long)(b.ops * NSEC_PER_SEC / ns),
	       (unsigned long long)(bytes * 1000 / ns),
	       (unsigned long long)(bytes * 10000 / ns % 10), (unsigned long long)b.errors);
	sort_u32(b.times, b.nr_times);
	percentiles_print("bench percentiles", b.times, b.nr_times);
	kfree(b.times);
	return b.errors != 0;
}
SHELL_COMMAND("bench-blk", bench_blk,
	      "DEV randread|randwrite|read|write BS QD SECONDS - measure a raw disk");
