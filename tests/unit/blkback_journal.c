/* SPDX-License-Identifier: MIT */
/*
 * The journal of a disk: a backend is killed before each of the stores that it makes to its rings and its
 * journal, the next one too, and the one after that owes exactly what was not answered.
 *
 * Ring and journal are write-protected while the backend works, and each store is let through by a
 * single step, so the kills come between any two instructions that matter.  What breaks this: a guest that
 * waits for ever for an answer, or gets one twice, after a crash nobody else can reproduce.
 */
#include "config.h"
#include "backends/blk.h"
#include "backends/blk_journal_file.h"
#include "backends/blk_sandbox.h"
#include "backends/store.h"
#include "libs/util/loop.h"
#include "tests/unit/backends_fake.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define BE	"/local/domain/0/backend/vbd/7/51712"
#define FE	"/local/domain/7/device/vbd/51712"
#define PORT	5
#define DATA_PAGE	256
#define DISK_BYTES	(1u << 20)
#define START		0xffffffe8u	/* of the ring's indexes: they wrap on the way */
#define WARM		40		/* requests before the kills: more than there are slots */
#define MAX_IDS		128
#define TRAP_FLAG	0x100

/* The frontend, which outlives backends. */
static struct shared {
	blkif_front_ring_t front;
	unsigned int nr_ids;
	uint8_t op[MAX_IDS];
	unsigned int answered[MAX_IDS];
	int status[MAX_IDS];
	char why[200];
} *sh;

static struct variant {
	const char *name;
	bool tmpfs, no_uring, no_direct, no_nowait;
} in_order = { "in order", true, true, true, false }, out_of_order = { "out of order", false, false, true, true };

static struct blkback bb;
static char image[64], dir_name[64];
static char *pattern;

/* The kills. */
static struct { char *at; size_t bytes; } guarded[2];
static long stores_left;

static void protect(int prot)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (mprotect(guarded[i].at, guarded[i].bytes, prot))
			_exit(98);
}

static void on_store(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char *at = info->si_addr;
	unsigned int i;

	for (i = 0; i < 2 && !(at >= guarded[i].at && at < guarded[i].at + guarded[i].bytes); i++)
		;
	if (i == 2) {		/* no store of ours: let it crash */
		signal(SIGSEGV, SIG_DFL);
		return;
	}
	if (!stores_left--)
		kill(getpid(), SIGKILL);
	protect(PROT_READ | PROT_WRITE);
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void after_store(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	protect(PROT_READ);
	uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

/* From now on the backend has so many stores to live; stop < 0: as many as it likes. */
static void arm(struct blk_journal_queue *jq, long stop)
{
	struct sigaction segv = { .sa_sigaction = on_store, .sa_flags = SA_SIGINFO };
	struct sigaction trap = { .sa_sigaction = after_store, .sa_flags = SA_SIGINFO };

	if (stop < 0)
		return;
	stores_left = stop;
	guarded[0].at = FAKE_PAGE(0);
	guarded[0].bytes = 4096;
	guarded[1].at = (char *)jq;
	guarded[1].bytes = journal_queue_bytes(jq->nr_entries);
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGTRAP, &trap, NULL);
	protect(PROT_READ);
}

static void disarm(long stop)
{
	if (stop >= 0)
		protect(PROT_READ | PROT_WRITE);
}

/* Children say what went wrong, and end. */
#define CHECK_SAY(what, fmt, ...) do { \
	if (!(what)) { \
		snprintf(sh->why, sizeof(sh->why), "line %d: %s: " fmt, __LINE__, #what, __VA_ARGS__); \
		_exit(1); \
	} \
} while (0)
#define CHECK(what)	CHECK_SAY(what, "%s", "no")

static void request(uint8_t op)
{
	unsigned int id = sh->nr_ids++;
	struct blkif_request *req = RING_GET_REQUEST(&sh->front, sh->front.req_prod_pvt++);

	memset(req, 0, sizeof(*req));
	req->operation = sh->op[id] = op;
	req->id = id;
	if (op != BLKIF_OP_READ && op != BLKIF_OP_WRITE)
		return;
	req->nr_segments = 1;
	req->sector_number = 8 * id;
	req->seg[0] = (struct blkif_request_segment){ DATA_PAGE + id, 0, 7 };
	if (op == BLKIF_OP_WRITE)
		memset(FAKE_PAGE(DATA_PAGE + id), (int)(id ^ 0xaa), 4096);
}

/* Reads, writes, a flush, an operation that nobody knows. */
static void requests(void)
{
	static const uint8_t ops[] = { BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_WRITE, 77, BLKIF_OP_WRITE,
				       BLKIF_OP_READ, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_READ };
	unsigned int i;

	for (i = 0; i < sizeof(ops); i++)
		request(sh->nr_ids < WARM && ops[i] == BLKIF_OP_FLUSH_DISKCACHE ? BLKIF_OP_READ : ops[i]);
	RING_PUSH_REQUESTS(&sh->front);
	fake_kick(PORT);
}

static void consume(void)
{
	blkif_front_ring_t *f = &sh->front;
	struct blkif_response rsp;

	for (; f->rsp_cons != f->sring->rsp_prod; f->rsp_cons++) {
		rsp = *RING_GET_RESPONSE(f, f->rsp_cons);
		CHECK_SAY(rsp.id < sh->nr_ids, "%llu", (unsigned long long)rsp.id);
		CHECK_SAY(rsp.operation == sh->op[rsp.id], "id %u", (unsigned int)rsp.id);
		CHECK_SAY(!sh->answered[rsp.id]++, "id %u again", (unsigned int)rsp.id);
		sh->status[rsp.id] = rsp.status;
	}
	f->sring->rsp_event = f->rsp_cons + 1;
}

static void get_device(struct xenbus_device *xdev, void *arg)
{
	*(struct blk_device **)arg = xdev->priv;
}

static void rounds(bool (*done)(void))
{
	int i;

	for (i = 0; i < 3000 && !done(); i++)
		pvn_loop_once(bb.loop, 10000000);
	CHECK_SAY(done(), "BE is %s", fake_get(BE "/state"));
}

static bool waits(void)
{
	return !strcmp(fake_get(BE "/state"), "2");
}

static struct blk_device *device(void)
{
	struct blk_device *dev = NULL;

	xenbus_for_each(bb.bus, get_device, &dev);
	return dev;
}

static bool connected(void)
{
	struct blk_device *dev = device();

	return dev && dev->queues && dev->xdev->connected && !strcmp(fake_get(BE "/state"), "4");
}

static bool all_shown(void)
{
	return sh->front.sring->rsp_prod == sh->front.sring->req_prod;
}

static void nodes_set(int state)
{
	fake_set(BE "/frontend", FE);
	fake_set(BE "/params", "%s", image);
	fake_set(BE "/mode", "w");
	fake_set(BE "/online", "1");
	fake_set(FE "/ring-ref", "0");
	fake_set(FE "/event-channel", "%u", PORT);
	fake_set(FE "/protocol", "x86_64-abi");
	fake_set(FE "/state", "%d", state);
	fake_set(BE "/state", "%d", state);
}

static void world_open(const struct variant *v)
{
	int dir = open(dir_name, O_RDONLY | O_DIRECTORY);

	memset(&bb, 0, sizeof(bb));
	TAILQ_INIT(&bb.active);
	TAILQ_INIT(&bb.answered);
	bb.no_direct = v->no_direct;
	bb.no_nowait = v->no_nowait;
	bb.no_poll = true;
	CHECK(!pvn_loop_new(&bb.loop) && !events_open(bb.loop, NULL, NULL, &bb.events));
	bb.xgt = xengnttab_open(NULL, 0);
	CHECK(!blk_journals_open(&bb.journals, dir) && !blk_alive_open(&bb, dir));
	close(dir);
	CHECK(v->no_uring || !blk_uring_open(&bb));
	CHECK(!store_open(bb.loop, &bb.store) && !xenbus_open(bb.loop, bb.store, &bb.bus));
	CHECK(!xenbus_register(bb.bus, &blk_backend, &bb));
}

/* The first backend: connects, serves more than a lap in peace, then is killed. */
static void first(const struct variant *v, long stop)
{
	nodes_set(1);
	world_open(v);
	rounds(waits);
	fake_set(FE "/state", "3");
	rounds(connected);
	while (sh->nr_ids < WARM) {
		requests();
		rounds(all_shown);
		consume();
	}
	requests();
	arm(device()->queues[0].journal, stop);
	rounds(all_shown);
	disarm(stop);
}

static long second_stop;

/* It has its journal, and is about to have its ring. */
static void arm_second(void)
{
	arm(blk_journal_queue(device()->journal, 0), second_stop);
}

/* The next: takes over, and is killed again. */
static void second(const struct variant *v, long stop)
{
	nodes_set(4);
	second_stop = stop;
	fake_before_map = arm_second;
	world_open(v);
	rounds(all_shown);
	disarm(stop);
}

static void disk_check(void)
{
	char page[4096], want[4096];
	int fd = open(image, O_RDONLY);
	unsigned int id;

	for (id = 0; id < sh->nr_ids; id++) {
		CHECK(pread(fd, page, 4096, 4096l * id) == 4096);
		if (sh->op[id] == BLKIF_OP_WRITE)
			memset(want, (int)(id ^ 0xaa), 4096);
		else
			memcpy(want, pattern + 4096ul * id, 4096);
		CHECK_SAY(!memcmp(page, want, 4096), "write %u", id);
		CHECK_SAY(sh->op[id] != BLKIF_OP_READ || !memcmp(FAKE_PAGE(DATA_PAGE + id), want, 4096), "read %u", id);
	}
	close(fd);
}

/* The last one answers everything, once, tells the frontend so, and goes on. */
static void last(const struct variant *v)
{
	struct blk_device *dev;
	unsigned int id;

	nodes_set(4);
	world_open(v);
	rounds(connected);
	CHECK(fake_notified);
	rounds(all_shown);
	consume();
	requests();
	rounds(all_shown);
	consume();
	for (id = 0; id < sh->nr_ids; id++) {
		CHECK_SAY(sh->answered[id] == 1, "id %u", id);
		CHECK_SAY(sh->status[id] == (sh->op[id] == 77 ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_OKAY), "id %u: %d", id,
		      sh->status[id]);
	}
	dev = device();
	CHECK(!dev->inflight && blk_journal_check(dev->queues[0].journal, sh->front.sring->req_prod,
						  sh->front.sring->rsp_prod) == 0);
	disk_check();
}

static void frontend_new(void)
{
	blkif_sring_t *sring = (blkif_sring_t *)(void *)FAKE_PAGE(0);
	int fd = open(image, O_WRONLY | O_CREAT, 0600);

	cr_assert_eq(pwrite(fd, pattern, DISK_BYTES, 0), DISK_BYTES);
	close(fd);
	memset(sh, 0, sizeof(*sh));
	memset(sring, 0, 4096);
	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&sh->front, sring, 4096);
	sring->req_prod = sring->rsp_prod = sh->front.req_prod_pvt = sh->front.rsp_cons = START;
	sring->req_event = sring->rsp_event = START + 1;
}

/* Was it killed (else it has come to its end)? */
static bool killed(pid_t pid, const char *name, long n, long m)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	cr_assert(WIFEXITED(status) && !WEXITSTATUS(status), "%s, killed at stores %ld and %ld: %s", name, n, m,
		  WIFEXITED(status) ? sh->why : strsignal(WTERMSIG(status)));
	return false;
}

#define CHILD(call) ({ pid_t pid_ = fork(); if (!pid_) { call; _exit(0); } pid_; })

/* m < 0: there is no second one.  How many of the two were killed. */
static int kill_at(const struct variant *v, long n, long m)
{
	int kills;

	frontend_new();
	kills = killed(CHILD(first(v, n)), v->name, n, m);
	if (kills && m >= 0)
		kills += killed(CHILD(second(v, m)), v->name, n, m);
	cr_assert(!killed(CHILD(last(v)), v->name, n, m));
	return kills;
}

static void world_begin(const struct variant *v)
{
	unsigned int i;

	fake_init();
	for (i = 0; i < FAKE_GREFS; i++)
		fake_grant(i, i, false);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(image, sizeof(image), "%s/pvn-journal.%d", v->tmpfs ? "/dev/shm" : ".", (int)getpid());
	strcpy(dir_name, "./pvn-journals.XXXXXX");
	cr_assert_not_null(mkdtemp(dir_name));
	pattern = malloc(DISK_BYTES);
	for (i = 0; i < DISK_BYTES / 4; i++)
		((uint32_t *)(void *)pattern)[i] = i * 2654435761u;
}

static void world_end(void)
{
	char command[100];

	unlink(image);
	snprintf(command, sizeof(command), "rm -rf %s", dir_name);
	cr_assert_eq(system(command), 0);
	free(pattern);
}

Test(blkback_journal, killed_before_each_store)
{
	long n;

	world_begin(&in_order);
	for (n = 0; kill_at(&in_order, n, -1); n++)
		;
	cr_assert_gt(n, 8 * 8, "only %ld stores for 8 requests", n);
	world_end();
}

Test(blkback_journal, killed_before_each_store_of_requests_that_overtake_each_other)
{
	long n;

	world_begin(&out_of_order);
	for (n = 0; kill_at(&out_of_order, n, -1); n += 5)
		;
	cr_assert_gt(n, 8 * 8, "only %ld stores for 8 requests", n);
	world_end();
}

Test(blkback_journal, killed_again_while_it_takes_over)
{
	long n, m;
	int kills;

	world_begin(&out_of_order);
	for (n = 8; kill_at(&out_of_order, n, -1); n += 31)
		for (m = 0, kills = 2; kills == 2; m += 17)
			kills = kill_at(&out_of_order, n, m);
	world_end();
}

static void transport(struct blk_transport *t, uint32_t ref)
{
	memset(t, 0, sizeof(*t));
	t->nr_refs = 1;
	t->port = PORT;
	t->refs[0] = ref;
}

static void count(void *arg, unsigned int domid, unsigned int devid)
{
	*(unsigned int *)arg += 1000 * domid + devid;
}

/* In a child: journals are made, taken over and removed from inside the sandbox. */
static void from_the_sandbox(bool sandbox)
{
	struct blk_journal *j[3], *again;
	int dir = open(dir_name, O_RDONLY | O_DIRECTORY), notify;
	struct blk_transport t;
	struct blk_journals *js;
	unsigned int i, sum = 0;
	struct stat st;

	CHECK(!blk_journals_open(&js, dir));
	CHECK(!sandbox || !blk_sandbox_enter(&notify));
	for (i = 0; i < 3; i++) {
		transport(&t, i);
		CHECK(!blk_journal_create(&j[i], js, 1, i + 1, &t, 1));
		blk_journal_queue(j[i], 0)->entries[31].state = i + 100;
	}
	CHECK(blk_journal_create(&again, js, 1, 3, &t, 1) == -EBUSY);	/* while it is in use */
	blk_journal_forget(js, 1, 2);
	CHECK(blk_journal_queue(j[1], 0)->entries[31].state == 101);
	blk_journal_close(j[1], false);
	blk_journal_close(j[2], true);
	blk_journals_for_each(js, count, &sum);
	CHECK_SAY(sum == 1003, "%u", sum);		/* not the one that is in use */
	transport(&t, 7);
	CHECK(blk_journal_adopt(&again, js, 1, 3, &t, 1) == -ESTALE);	/* another ring */
	transport(&t, 2);
	CHECK(blk_journal_adopt(&again, js, 1, 2, &t, 1) == -ESTALE);	/* none */
	CHECK(!blk_journal_adopt(&again, js, 1, 3, &t, 1));
	CHECK(blk_journal_queue(again, 0)->entries[31].state == 102);
	/* the one in the middle is free, and clean */
	CHECK(!blk_journal_create(&j[1], js, 2, 2, &t, 1));
	CHECK(blk_journal_queue(j[1], 0)->entries[31].state == 0);
	CHECK(!fstat(journal_file_fd(js), &st) && st.st_size < journal_area_at(3));
	blk_journal_close(again, false);
	blk_journal_close(j[1], false);
	CHECK_SAY(!fstat(journal_file_fd(js), &st) && st.st_size == journal_area_at(1), "%lld",
	      (long long)st.st_size);
	CHECK_SAY(st.st_blocks * 512 < 65536, "%lld blocks", (long long)st.st_blocks);
	blk_journal_close(j[0], true);
	blk_journals_close(js);
}

Test(blkback_journal, is_there_in_the_sandbox)
{
	struct blk_journals *js;
	unsigned int sum = 0;
	int dir;

	world_begin(&in_order);
	cr_assert(!killed(CHILD(from_the_sandbox(BLK_SANDBOX_POSSIBLE)), "sandbox", 0, 0));
	dir = open(dir_name, O_RDONLY | O_DIRECTORY);
	cr_assert_eq(blk_journals_open(&js, dir), 0);
	blk_journals_for_each(js, count, &sum);
	cr_assert_eq(sum, 1001);
	blk_journal_forget(js, 1, 1);
	sum = 0;
	blk_journals_for_each(js, count, &sum);
	cr_assert_eq(sum, 0);
	blk_journals_close(js);
	close(dir);
	world_end();
}
