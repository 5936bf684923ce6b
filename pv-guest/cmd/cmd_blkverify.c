/* SPDX-License-Identifier: MIT */
/*
 * `blkverify DEV SECONDS [LANES]`: random writes, reads and flushes of a raw disk, every byte checked.
 *
 * The disk is units of 4096 bytes. Write number N goes to 1 to 16 units that N alone decides, and fills
 * each with a pattern of N and the unit's number; so whoever reads the disk later, here or on the host
 * (tests/blkverify.py), can tell which write a unit is of and which it should be of. A unit is
 * written or read by one lane at a time. What a completed flush covers is said on the console:
 *
 *   blkverify: begins 1 units 2048
 *   blkverify: flushed 812
 *   blkverify: writes=9120 reads=8311 flushes=60 mb=571 errors=0
 *
 * Begun anew on a disk it has written, it goes on with the numbers.
 */
#include "cmd.h"
#include <pv/blk.h>
#include <pv/thread.h>
#include <pv/time.h>

#define UNIT		PAGE_SIZE
#define UNIT_SECTORS	(UNIT / BLK_SECTOR)
#define WORDS		(UNIT / sizeof(uint64_t))
#define MAX_UNITS	32768U
#define MAX_RUN		16U
#define MAX_LANES	128U
#define MAGIC		0x5245564b4c425650ULL	/* "PVBLKVER" */
#define FLUSH_EVERY_NS	(10 * NSEC_PER_MSEC)
#define ERRORS_SAID	8

struct verify {
	struct blkdev *dev;
	uint32_t units;
	uint32_t lanes, running;
	spinlock_t lock;	/* guards what follows */
	uint64_t next;		/* write number */
	uint64_t *holds;	/* per unit: number of its last write, 0: none */
	bool *busy;		/* per unit */
	uint64_t issued[MAX_LANES];	/* number of the lane's write, 0: none */
	uint64_t writes, reads, flushes, bytes, errors, seed;
	volatile bool stop;
};

struct lane {
	struct verify *v;
	uint32_t index;
	struct blk_seg segs[MAX_RUN];
};

static struct wait_queue changed = WAIT_QUEUE_INIT(changed);

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* Where write number n goes. The length. */
static uint32_t place(const struct verify *v, uint64_t n, uint32_t *first)
{
	uint64_t h = mix(n * 0x9e3779b97f4a7c15ULL);
	uint32_t len = 1 + (h >> 40) % MAX_RUN;

	*first = (uint32_t)h % v->units;
	return MIN(len, v->units - *first);
}

static uint64_t word(uint32_t unit, uint64_t n, uint64_t i)
{
	uint64_t base = unit * 0x9e3779b97f4a7c15ULL + n * 0xc2b2ae3d27d4eb4fULL;

	return (base + i) * 0xd6e8feb86659fd93ULL;
}

static void fill(uint64_t *page, uint32_t unit, uint64_t n)
{
	page[0] = MAGIC;
	page[1] = unit;
	page[2] = n;
	for (uint64_t i = 3; i < WORDS; i++)
		page[i] = word(unit, n, i);
}

/* Does the page hold write n of unit? With n 0: nothing at all? */
static bool holds(const uint64_t *page, uint32_t unit, uint64_t n)
{
	bool ok = n ? page[0] == MAGIC && page[1] == unit && page[2] == n : !(page[0] | page[1] | page[2]);

	for (uint64_t i = 3; i < WORDS && ok; i++)
		ok = page[i] == (n ? word(unit, n, i) : 0);
	return ok;
}

static void complain(struct verify *v, const char *what, uint32_t unit, uint64_t is, uint64_t want)
{
	unsigned long flags = spin_lock_irqsave(&v->lock);
	bool say = v->errors++ < ERRORS_SAID;

	spin_unlock_irqrestore(&v->lock, flags);
	if (say)
		printk("blkverify: %s: unit %u, %llu, want %llu\n", what, unit, (unsigned long long)is,
		       (unsigned long long)want);
}

/* Nobody but us has those units until release(); false: somebody does. Lock held. */
static bool claim(struct verify *v, uint32_t first, uint32_t len)
{
	for (uint32_t i = first; i < first + len; i++)
		if (v->busy[i])
			return false;
	memset(v->busy + first, true, len);
	return true;
}

static void release(struct lane *l, uint32_t first, uint32_t len)
{
	unsigned long flags = spin_lock_irqsave(&l->v->lock);

	memset(l->v->busy + first, false, len);
	l->v->issued[l->index] = 0;
	spin_unlock_irqrestore(&l->v->lock, flags);
	wake_up(&changed);
}

static int transfer(struct lane *l, enum blk_op op, uint32_t first, uint32_t len)
{
	struct bio bio = { .dev = l->v->dev, .op = op, .segs = l->segs, .nr_segs = len,
			   .sector = (uint64_t)first * UNIT_SECTORS };

	return blk_submit_wait(&bio);
}

static bool claim_write(struct lane *l, uint64_t *n, uint32_t *first, uint32_t *len)
{
	struct verify *v = l->v;
	unsigned long flags = spin_lock_irqsave(&v->lock);
	bool ok;

	*n = v->next;
	*len = place(v, *n, first);
	ok = claim(v, *first, *len);
	if (ok)
		v->issued[l->index] = v->next++;
	spin_unlock_irqrestore(&v->lock, flags);
	return ok;
}

static void do_write(struct lane *l)
{
	struct verify *v = l->v;
	uint32_t first, len;
	uint64_t n;
	int ret;

	/* Numbers are given out in order, so the last write of a unit is the one of the highest. */
	wait_event(&changed, claim_write(l, &n, &first, &len));
	for (uint32_t i = 0; i < len; i++)
		fill(l->segs[i].page, first + i, n);
	ret = transfer(l, BLK_WRITE, first, len);
	if (ret)
		complain(v, "a write failed", first, -ret, 0);
	for (uint32_t i = 0; i < len && !ret; i++)
		v->holds[first + i] = n;
	__atomic_add_fetch(&v->writes, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&v->bytes, (uint64_t)len * UNIT, __ATOMIC_RELAXED);
	release(l, first, len);
}

static void compare(struct lane *l, uint32_t first, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		const uint64_t *page = l->segs[i].page;

		if (!holds(page, first + i, l->v->holds[first + i]))
			complain(l->v, "something else is there", first + i, page[2], l->v->holds[first + i]);
	}
}

static void read_units(struct lane *l, uint32_t first, uint32_t len)
{
	int ret;

	for (uint32_t i = 0; i < len; i++)
		memset(l->segs[i].page, 0xee, UNIT);
	ret = transfer(l, BLK_READ, first, len);
	if (ret)
		complain(l->v, "a read failed", first, -ret, 0);
	else
		compare(l, first, len);
	__atomic_add_fetch(&l->v->reads, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&l->v->bytes, (uint64_t)len * UNIT, __ATOMIC_RELAXED);
}

static void do_read(struct lane *l, uint64_t random)
{
	struct verify *v = l->v;
	uint32_t first = random % v->units, len = 1 + (random >> 40) % MAX_RUN;
	unsigned long flags;
	bool ok;

	len = MIN(len, v->units - first);
	flags = spin_lock_irqsave(&v->lock);
	ok = claim(v, first, len);
	spin_unlock_irqrestore(&v->lock, flags);
	if (!ok)
		return;
	read_units(l, first, len);
	release(l, first, len);
}

/* All writes up to the one that is returned have ended. */
static uint64_t ended(struct verify *v)
{
	unsigned long flags = spin_lock_irqsave(&v->lock);
	uint64_t n = v->next - 1;

	for (uint32_t i = 0; i < v->lanes; i++)
		if (v->issued[i] && v->issued[i] <= n)
			n = v->issued[i] - 1;
	spin_unlock_irqrestore(&v->lock, flags);
	return n;
}

static void flush(struct verify *v)
{
	uint64_t n = ended(v);
	int ret = blk_flush(v->dev);

	if (ret)
		complain(v, "a flush failed", 0, -ret, 0);
	else
		printk("blkverify: flushed %llu\n", (unsigned long long)n);
	v->flushes++;
}

static void lane_thread(void *arg)
{
	struct lane *l = arg;
	struct verify *v = l->v;

	for (uint64_t turn = l->index; !v->stop; turn += MAX_LANES) {
		uint64_t random = mix(v->seed + turn);

		if (random >> 63)
			do_write(l);
		else
			do_read(l, random);
	}
	__atomic_sub_fetch(&v->running, 1, __ATOMIC_RELEASE);
	wake_up(&changed);
}

static struct lane *lane_make(struct verify *v, uint32_t index)
{
	struct lane *l = kzalloc(sizeof(*l));

	if (!l)
		return NULL;
	l->v = v;
	l->index = index;
	for (uint32_t i = 0; i < MAX_RUN; i++) {
		l->segs[i] = (struct blk_seg){ page_alloc_zeroed(), 0, UNIT };
		if (!l->segs[i].page)
			return NULL;	/* the shell says so; who asks for so many lanes has no memory */
	}
	return l;
}

static void lane_free(struct lane *l)
{
	for (uint32_t i = 0; l && i < MAX_RUN; i++)
		page_free(l->segs[i].page, 0);
	kfree(l);
}

/* What an earlier run has left, and which number is next. */
static void survey(struct lane *l)
{
	struct verify *v = l->v;
	uint64_t last = 0;

	for (uint32_t first = 0; first < v->units; first += MAX_RUN) {
		uint32_t len = MIN(MAX_RUN, v->units - first);
		int ret = transfer(l, BLK_READ, first, len);

		if (ret)
			complain(v, "a read failed", first, -ret, 0);
		for (uint32_t i = 0; i < len && !ret; i++) {
			const uint64_t *page = l->segs[i].page;

			v->holds[first + i] = page[0] == MAGIC ? page[2] : 0;
			last = MAX(last, v->holds[first + i]);
		}
		if (!ret)
			compare(l, first, len);
	}
	v->next = last + 1;
}

static int run(struct verify *v, uint64_t seconds)
{
	struct lane *lanes[MAX_LANES] = { NULL };
	uint64_t end;
	int ret = 0;

	for (uint32_t i = 0; i < v->lanes && !ret; i++) {
		lanes[i] = lane_make(v, i);
		ret = lanes[i] ? 0 : -ENOMEM;
	}
	if (!ret) {
		survey(lanes[0]);
		printk("blkverify: begins %llu units %u\n", (unsigned long long)v->next, v->units);
	}
	end = now_ns() + seconds * NSEC_PER_SEC;
	for (uint32_t i = 0; i < v->lanes && !ret; i++) {
		__atomic_add_fetch(&v->running, 1, __ATOMIC_RELAXED);
		if (!thread_create("blkverify", lane_thread, lanes[i])) {
			__atomic_sub_fetch(&v->running, 1, __ATOMIC_RELAXED);
			ret = -ENOMEM;
		}
	}
	while (!ret && now_ns() < end && !v->errors && !console_interrupted()) {
		sleep_ns(FLUSH_EVERY_NS);
		flush(v);
	}
	v->stop = true;
	wait_event(&changed, !__atomic_load_n(&v->running, __ATOMIC_ACQUIRE));
	for (uint32_t first = 0; first < v->units && !ret; first += MAX_RUN)
		read_units(lanes[0], first, MIN(MAX_RUN, v->units - first));
	for (uint32_t i = 0; i < v->lanes; i++)
		lane_free(lanes[i]);
	return ret;
}

static int prepare(struct verify *v, int argc, char **argv, uint64_t *seconds)
{
	uint64_t lanes = 32;

	if (argc < 3 || argc > 4 || parse_u64(argv[2], seconds) || (argc == 4 && parse_u64(argv[3], &lanes)) ||
	    !lanes || lanes > MAX_LANES)
		return -EINVAL;
	v->dev = blk_find(argv[1]);
	if (!v->dev)
		return -ENXIO;
	if (v->dev->users || v->dev->rdonly)
		return -EBUSY;
	v->lanes = lanes;
	v->units = MIN(v->dev->sectors / UNIT_SECTORS, (uint64_t)MAX_UNITS);
	v->holds = kzalloc(v->units * sizeof(*v->holds));
	v->busy = kzalloc(v->units * sizeof(*v->busy));
	v->seed = now_ns();
	return !v->units ? -EINVAL : v->holds && v->busy ? 0 : -ENOMEM;
}

static int cmd_blkverify(int argc, char **argv)
{
	struct verify *v = kzalloc(sizeof(*v));
	uint64_t seconds, errors;
	int ret = v ? prepare(v, argc, argv, &seconds) : -ENOMEM;

	if (ret == -EINVAL) {
		kfree(v);
		eprintf("usage: blkverify DEV SECONDS [LANES]\n");
		return 2;
	}
	if (!ret) {
		blk_use(v->dev);
		ret = run(v, seconds);
		blk_unuse(v->dev);
	}
	if (!ret)
		printf("blkverify: writes=%llu reads=%llu flushes=%llu mb=%llu errors=%llu\n",
		       (unsigned long long)v->writes, (unsigned long long)v->reads,
		       (unsigned long long)v->flushes, (unsigned long long)(v->bytes >> 20),
		       (unsigned long long)v->errors);
	errors = v ? v->errors : 0;
	if (v) {
		kfree(v->holds);
		kfree(v->busy);
	}
	kfree(v);
	return ret ? cmd_fail("blkverify", argv[1], ret) : errors != 0;
}
SHELL_COMMAND("blkverify", cmd_blkverify,
	      "DEV SECONDS [LANES] - write a raw disk at random and check every byte");
