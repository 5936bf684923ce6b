/* SPDX-License-Identifier: MIT */
/*
 * The whole block backend against a frontend played by the test: xenbus, ring, grants, images.
 * What breaks this loses or corrupts data, or lets one frontend hurt the backend.
 *
 * The suite runs on a tmpfs image and on one of the build directory's file system, each with io_uring
 * and by blocking calls, with direct I/O and without.
 */
#include "config.h"
#include "backends/blk.h"
#include "backends/store.h"
#include "libs/util/loop.h"
#include "tests/unit/backends_fake.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BE	"/local/domain/0/backend/vbd/7/51712"
#define FE	"/local/domain/7/device/vbd/51712"
#define PORT	5
#define RING_PAGE	0	/* gref and page number of the ring, up to 16 of them */
#define DATA_PAGE	256	/* on a 1 MiB chunk of its own */
#define INDIRECT_PAGE	32
#define DISK_BYTES	(4u << 20)

struct variant {
	char name[24];
	bool tmpfs, no_uring, no_direct, no_fixed, no_nowait;
	bool nbd;	/* behind a qemu-nbd */
};

static struct variant variants[] = {
	{ .name = "tmpfs", .tmpfs = true },
	{ .name = "tmpfs no-uring", .tmpfs = true, .no_uring = true },
	{ .name = "file" },
	{ .name = "file no-direct", .no_direct = true },
	{ .name = "file no-direct no-nowait", .no_direct = true, .no_nowait = true },
	{ .name = "file no-fixed", .no_fixed = true },
	{ .name = "file no-uring", .no_uring = true },
	{ .name = "file none", .no_uring = true, .no_direct = true },
	{ .name = "nbd", .tmpfs = true, .nbd = true },
};

static void server_end(void);
static struct blkback bb;
static char image[64];
static blkif_front_ring_t front;
static char *disk;		/* what the image must hold */
static pid_t server;		/* qemu-nbd; it ends with its one client */

static void world_open(const struct variant *v)
{
	fake_init();
	memset(&bb, 0, sizeof(bb));
	TAILQ_INIT(&bb.active);
	TAILQ_INIT(&bb.answered);
	bb.no_direct = v->no_direct;
	bb.no_fixed = v->no_fixed;
	bb.no_nowait = v->no_nowait;
	bb.no_poll = true;
	cr_assert_eq(pvn_loop_new(&bb.loop), 0);
	cr_assert_eq(events_open(bb.loop, NULL, NULL, &bb.events), 0);
	bb.xgt = xengnttab_open(NULL, 0);
	if (!v->no_uring)
		cr_assert_eq(blk_uring_open(&bb), 0);
	cr_assert_eq(store_open(bb.loop, &bb.store), 0);
	cr_assert_eq(xenbus_open(bb.loop, bb.store, &bb.bus), 0);
	cr_assert_eq(xenbus_register(bb.bus, &blk_backend, &bb), 0);
}

static void world_close(void)
{
	xenbus_close(bb.bus);
	store_close(bb.store);
	blk_uring_close(&bb);
	events_close(bb.events);
	pvn_loop_free(bb.loop);
	server_end();
	unlink(image);
	cr_assert_eq(fake_mapped, 0, "grants left mapped: %d", fake_mapped);
	cr_assert_eq(fake_bound, 0);
	free(disk);
}

static void image_make(const struct variant *v)
{
	unsigned int i;
	int fd;

	snprintf(image, sizeof(image), v->tmpfs ? "/dev/shm/pvn-blk.XXXXXX" : "./pvn-blk.XXXXXX");
	fd = mkstemp(image);
	cr_assert_geq(fd, 0);
	disk = malloc(DISK_BYTES);
	for (i = 0; i < DISK_BYTES / 4; i++)
		((uint32_t *)(void *)disk)[i] = i * 2654435761u;
	cr_assert_eq(write(fd, disk, DISK_BYTES), DISK_BYTES);
	close(fd);
}

static void settle(void)
{
	int i;

	for (i = 0; i < 20; i++)
		pvn_loop_once(bb.loop, 1000000);
}

static char *socket_name(void)
{
	static char name[80];

	snprintf(name, sizeof(name), "%s.sock", image);
	return name;
}

static void server_start(void)
{
	int i;

	server = fork();
	if (!server) {
		execlp("qemu-nbd", "qemu-nbd", "-f", "raw", "--discard=unmap", "-k", socket_name(), image, NULL);
		_exit(127);
	}
	for (i = 0; access(socket_name(), F_OK) && i < 3000; i++)
		usleep(10000);
	cr_assert_lt(i, 3000, "qemu-nbd does not run");
}

static void server_end(void)
{
	if (!server)
		return;
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(socket_name());
	server = 0;
}

static void device_make(const char *mode)
{
	fake_set(BE "/frontend", FE);
	if (server)
		fake_set(BE "/params", "nbd:unix:%s", socket_name());
	else
		fake_set(BE "/params", "%s", image);
	fake_set(BE "/mode", "%s", mode);
	fake_set(BE "/online", "1");
	fake_set(FE "/state", "1");
	fake_set(BE "/state", "1");
	settle();
}

#define STATE_IS(n)	cr_assert_str_eq(fake_get(BE "/state"), #n)

static void ring_make(unsigned int order)
{
	blkif_sring_t *sring = (blkif_sring_t *)(void *)FAKE_PAGE(RING_PAGE);
	unsigned int i;

	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&front, sring, 4096ul << order);
	for (i = 0; i < 1u << order; i++)
		fake_grant(RING_PAGE + i, RING_PAGE + i, false);
	for (i = DATA_PAGE; i < FAKE_GREFS; i++)
		fake_grant(i, i, false);
	fake_grant(INDIRECT_PAGE, INDIRECT_PAGE, true);
	if (order) {
		fake_set(FE "/ring-page-order", "%u", order);
		for (i = 0; i < 1u << order; i++) {
			char path[80];

			snprintf(path, sizeof(path), FE "/ring-ref%u", i);
			fake_set(path, "%u", RING_PAGE + i);
		}
	} else {
		fake_set(FE "/ring-ref", "%u", RING_PAGE);
	}
	fake_set(FE "/event-channel", "%u", PORT);
	fake_set(FE "/protocol", "x86_64-abi");
}

static void connect_it(const struct variant *v, const char *mode, unsigned int order)
{
	int i;

	world_open(v);
	image_make(v);
	if (v->nbd)
		server_start();
	device_make(mode);
	for (i = 0; i < 200 && strcmp(fake_get(BE "/state"), "2"); i++)
		settle();
	STATE_IS(2);
	ring_make(order);
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
}

static struct blkif_request *request(uint8_t op, uint64_t id)
{
	struct blkif_request *req = RING_GET_REQUEST(&front, front.req_prod_pvt++);

	memset(req, 0, sizeof(*req));
	req->operation = op;
	req->id = id;
	return req;
}

/* nr pages from DATA_PAGE + first, whole, at sector. */
static void request_pages(uint8_t op, uint64_t id, uint64_t sector, unsigned int first, unsigned int nr)
{
	struct blkif_request *req = request(op, id);
	unsigned int i;

	req->nr_segments = (uint8_t)nr;
	req->sector_number = sector;
	for (i = 0; i < nr; i++)
		req->seg[i] = (struct blkif_request_segment){ DATA_PAGE + first + i, 0, 7 };
}

static void push(void)
{
	RING_PUSH_REQUESTS(&front);
	fake_kick(PORT);
}

/* Wait for nr responses; those of id < 64 have their status noted. */
static int statuses[64];
static void answers(unsigned int nr)
{
	struct blkif_response rsp;
	int rounds = 0;

	while (nr) {
		if (!XEN_RING_NR_UNCONSUMED_RESPONSES(&front)) {
			cr_assert_lt(rounds++, 10000, "no answer");
			pvn_loop_once(bb.loop, 10000000);
			continue;
		}
		rsp = *RING_GET_RESPONSE(&front, front.rsp_cons++);
		if (rsp.id < 64)
			statuses[rsp.id] = rsp.status;
		nr--;
	}
}

static int answer(uint64_t id)
{
	statuses[id] = 99;
	answers(1);
	return statuses[id];
}

static void fill(unsigned int page, unsigned int nr, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < nr * 1024; i++)
		((uint32_t *)(void *)FAKE_PAGE(DATA_PAGE + page))[i] = (seed + i) * 40503u;
}

static void disk_is(void)
{
	char *now = malloc(DISK_BYTES);
	int fd = open(image, O_RDONLY);

	cr_assert_eq(pread(fd, now, DISK_BYTES, 0), DISK_BYTES);
	cr_assert_eq(memcmp(now, disk, DISK_BYTES), 0, "the image holds something else");
	close(fd);
	free(now);
}

ParameterizedTestParameters(blkback_ring, moves_data)
{
	return cr_make_param_array(struct variant, variants, sizeof(variants) / sizeof(variants[0]));
}

ParameterizedTest(struct variant *v, blkback_ring, moves_data)
{
	struct blkif_request *req;
	int i;

	connect_it(v, "w", 0);
	cr_assert_str_eq(fake_get(BE "/sectors"), "8192");
	cr_assert_str_eq(fake_get(BE "/hotplug-status"), "connected");
	/* neighbours, and pages in reverse order: several runs */
	request_pages(BLKIF_OP_READ, 1, 16, 0, 11);
	req = request(BLKIF_OP_READ, 2);
	req->nr_segments = 3;
	req->sector_number = 800;
	for (i = 0; i < 3; i++)
		req->seg[i] = (struct blkif_request_segment){ (uint32_t)(DATA_PAGE + 22 - i), 0, 7 };
	push();
	answers(2);
	cr_assert_eq(statuses[1], BLKIF_RSP_OKAY, "%s", v->name);
	cr_assert_eq(statuses[2], BLKIF_RSP_OKAY, "%s", v->name);
	cr_assert_eq(memcmp(FAKE_PAGE(DATA_PAGE), disk + 16 * 512, 11 * 4096), 0);
	for (i = 0; i < 3; i++)
		cr_assert_eq(memcmp(FAKE_PAGE(DATA_PAGE + 22 - i), disk + 800 * 512 + i * 4096, 4096), 0);
	/* single sectors inside pages: direct I/O may refuse these, the disk may not */
	fill(30, 1, 9);
	req = request(BLKIF_OP_WRITE, 3);
	req->nr_segments = 2;
	req->sector_number = 33;
	req->seg[0] = (struct blkif_request_segment){ DATA_PAGE + 30, 3, 3 };
	req->seg[1] = (struct blkif_request_segment){ DATA_PAGE + 30, 6, 7 };
	memcpy(disk + 33 * 512, FAKE_PAGE(DATA_PAGE + 30) + 3 * 512, 512);
	memcpy(disk + 34 * 512, FAKE_PAGE(DATA_PAGE + 30) + 6 * 512, 1024);
	push();
	cr_assert_eq(answer(3), BLKIF_RSP_OKAY, "%s", v->name);
	/* a write, the flush behind it, a flush that carries data, a barrier */
	fill(40, 4, 77);
	request_pages(BLKIF_OP_WRITE, 4, 400, 40, 1);
	request(BLKIF_OP_FLUSH_DISKCACHE, 5);
	request_pages(BLKIF_OP_FLUSH_DISKCACHE, 6, 408, 41, 1);
	request_pages(BLKIF_OP_WRITE_BARRIER, 7, 416, 42, 2);
	request_pages(BLKIF_OP_READ, 8, 400, 50, 4);
	memcpy(disk + 400 * 512, FAKE_PAGE(DATA_PAGE + 40), 4 * 4096);
	push();
	answers(5);
	for (i = 4; i <= 8; i++)
		cr_assert_eq(statuses[i], BLKIF_RSP_OKAY, "%s: request %d", v->name, i);
	cr_assert_eq(memcmp(FAKE_PAGE(DATA_PAGE + 50), FAKE_PAGE(DATA_PAGE + 40), 4 * 4096), 0,
		     "a read behind a barrier sees what was written before it");
	disk_is();
	world_close();
}

ParameterizedTestParameters(blkback_ring, large_requests_on_a_large_ring)
{
	return cr_make_param_array(struct variant, variants, sizeof(variants) / sizeof(variants[0]));
}

ParameterizedTest(struct variant *v, blkback_ring, large_requests_on_a_large_ring)
{
	struct blkif_request_segment *segs;
	struct blkif_request_indirect *req;
	unsigned int i, n;

	connect_it(v, "w", 4);
	cr_assert_eq(front.nr_ents, 512);
	segs = (void *)FAKE_PAGE(INDIRECT_PAGE);
	for (i = 0; i < 256; i++)
		segs[i] = (struct blkif_request_segment){ DATA_PAGE + i, 0, 7 };
	fill(0, 256, 3);
	memcpy(disk + 8 * 512, FAKE_PAGE(DATA_PAGE), 256 * 4096);
	req = (void *)request(BLKIF_OP_INDIRECT, 0);
	req->indirect_op = BLKIF_OP_WRITE;
	req->nr_segments = 256;
	req->sector_number = 8;
	req->id = 1;
	req->indirect_grefs[0] = INDIRECT_PAGE;
	push();
	cr_assert_eq(answer(1), BLKIF_RSP_OKAY, "%s", v->name);
	disk_is();
	/* many in flight, more than one turn takes, several laps of the ring */
	for (i = 0; i < 3; i++) {
		memset(FAKE_PAGE(DATA_PAGE), 0, 500 * 4096);
		for (n = 0; n < 500; n++)
			request_pages(BLKIF_OP_READ, 100 + n, 8 * n, n, 1);
		push();
		answers(500);
		cr_assert_eq(memcmp(FAKE_PAGE(DATA_PAGE), disk, 500 * 4096), 0, "%s", v->name);
	}
	world_close();
}

static struct variant tmpfs = { .name = "tmpfs", .tmpfs = true };
static struct variant file = { .name = "file" };

Test(blkback_ring, errors_are_answered_one_by_one)
{
	struct blkif_request *req;

	connect_it(&tmpfs, "w", 0);
	request_pages(BLKIF_OP_READ, 1, 8192, 0, 1);		/* beyond the end */
	request_pages(9, 2, 0, 0, 1);				/* no such operation */
	req = request(BLKIF_OP_READ, 3);			/* no such grant */
	req->nr_segments = 2;
	req->seg[0] = (struct blkif_request_segment){ DATA_PAGE, 0, 7 };
	req->seg[1] = (struct blkif_request_segment){ 99, 0, 7 };
	req = request(BLKIF_OP_READ, 4);			/* into a read-only grant */
	req->nr_segments = 1;
	req->seg[0] = (struct blkif_request_segment){ INDIRECT_PAGE, 0, 7 };
	request_pages(BLKIF_OP_READ, 5, 0, 0, 1);
	push();
	answers(5);
	cr_assert_eq(statuses[1], BLKIF_RSP_ERROR);
	cr_assert_eq(statuses[2], BLKIF_RSP_EOPNOTSUPP);
	cr_assert_eq(statuses[3], BLKIF_RSP_ERROR);
	cr_assert_eq(statuses[4], BLKIF_RSP_ERROR);
	cr_assert_eq(statuses[5], BLKIF_RSP_OKAY);
	cr_assert_eq(fake_mapped, 1, "only the ring is mapped");
	STATE_IS(4);
	world_close();
}

Test(blkback_ring, read_only_image_is_not_written)
{
	connect_it(&tmpfs, "r", 0);
	cr_assert_str_eq(fake_get(BE "/info"), "4");
	request_pages(BLKIF_OP_WRITE, 1, 0, 0, 1);
	request_pages(BLKIF_OP_READ, 2, 0, 0, 1);
	request(BLKIF_OP_FLUSH_DISKCACHE, 3);
	push();
	answers(3);
	cr_assert_eq(statuses[1], BLKIF_RSP_ERROR);
	cr_assert_eq(statuses[2], BLKIF_RSP_OKAY);
	cr_assert_eq(statuses[3], BLKIF_RSP_OKAY);
	disk_is();
	world_close();
}

Test(blkback_ring, a_producer_out_of_range_costs_the_device)
{
	connect_it(&tmpfs, "w", 0);
	front.sring->req_prod = 1000;
	fake_kick(PORT);
	settle();
	STATE_IS(5);
	cr_assert_not_null(fake_get("/local/domain/0/error/backend/vbd/7/51712/error"));
	cr_assert_eq(fake_mapped, 0);
	cr_assert_eq(fake_bound, 0);
	/* and it may start over */
	fake_set(FE "/state", "6");
	settle();
	fake_set(FE "/state", "1");
	settle();
	ring_make(0);
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
	request_pages(BLKIF_OP_READ, 1, 0, 0, 1);
	push();
	cr_assert_eq(answer(1), BLKIF_RSP_OKAY);
	world_close();
}

Test(blkback_ring, ring_indexes_of_ours_are_not_believed)
{
	connect_it(&tmpfs, "w", 0);
	request_pages(BLKIF_OP_READ, 1, 0, 0, 1);
	push();
	cr_assert_eq(answer(1), BLKIF_RSP_OKAY);
	front.sring->rsp_prod = 0x12345678;
	front.sring->req_event = 0xffffffff;
	request_pages(BLKIF_OP_READ, 2, 8, 1, 1);
	push();
	settle();
	cr_assert_eq(front.sring->rsp_prod, 2, "our own index is written, not read");
	world_close();
}

Test(blkback_ring, bad_transports_are_refused)
{
	static const struct {
		const char *key, *value;
	} bad[] = {
		{ FE "/ring-ref", "99" }, { FE "/ring-ref", "-1" }, { FE "/ring-ref", "4294967296" },
		{ FE "/event-channel", "0" }, { FE "/event-channel", "x" },
		{ FE "/protocol", "x86_32-abi" }, { FE "/ring-page-order", "5" },
		{ FE "/num-ring-pages", "3" },
	};
	unsigned int i;
	char good[64];

	world_open(&tmpfs);
	image_make(&tmpfs);
	device_make("w");
	ring_make(0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(good, sizeof(good), "%s", fake_get(bad[i].key) ? fake_get(bad[i].key) : "");
		fake_set(bad[i].key, "%s", bad[i].value);
		fake_set(FE "/state", "3");
		settle();
		STATE_IS(5);
		cr_assert_eq(fake_mapped, 0, "%s", bad[i].key);
		cr_assert_eq(fake_bound, 0);
		if (*good)
			fake_set(bad[i].key, "%s", good);
		else
			fake_remove(bad[i].key);
		fake_set(FE "/state", "6");
		settle();
		fake_set(FE "/state", "1");
		settle();
		STATE_IS(2);
	}
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
	world_close();
}

Test(blkback_ring, requests_in_flight_are_finished_before_closing)
{
	unsigned int i;

	connect_it(&file, "w", 0);
	for (i = 0; i < 32; i++)
		request_pages(BLKIF_OP_WRITE_BARRIER, i, 8 * i, i, 1);
	push();
	pvn_loop_once(bb.loop, 0);
	fake_set(FE "/state", "6");
	for (i = 0; i < 2000 && strcmp(fake_get(BE "/state"), "6"); i++)
		pvn_loop_once(bb.loop, 10000000);
	STATE_IS(6);
	cr_assert_eq(fake_mapped, 0);
	world_close();
}

static void get_device(struct xenbus_device *xdev, void *arg)
{
	*(struct blk_device **)arg = xdev->priv;
}

Test(blkback_ring, a_barrier_runs_alone)
{
	struct blk_device *dev = NULL;
	unsigned int i;

	connect_it(&file, "w", 0);
	xenbus_for_each(bb.bus, get_device, &dev);
	for (i = 0; i < 15; i++)
		request_pages(BLKIF_OP_WRITE, i, 8 * i, i, 1);
	request_pages(BLKIF_OP_WRITE_BARRIER, 15, 0, 15, 1);
	request_pages(BLKIF_OP_READ, 16, 0, 20, 1);
	push();
	for (i = 0; i < 2000 && front.sring->rsp_prod != 17; i++) {
		pvn_loop_once(bb.loop, 1000000);
		cr_assert(!dev->queues[0].barrier || dev->inflight == 1 ||
			  dev->queues[0].barrier->phase == BLK_WAIT);
	}
	answers(17);
	cr_assert_eq(statuses[15], BLKIF_RSP_OKAY);
	cr_assert_eq(memcmp(FAKE_PAGE(DATA_PAGE + 20), FAKE_PAGE(DATA_PAGE + 15), 4096), 0);
	world_close();
}

Test(blkback_ring, a_domain_dies_with_requests_in_flight)
{
	unsigned int i;

	connect_it(&file, "w", 0);
	for (i = 0; i < 32; i++)
		request_pages(BLKIF_OP_READ, i, 8 * i, i, 1);
	push();
	pvn_loop_once(bb.loop, 0);
	fake_remove("/local/domain/0/backend/vbd/7");
	fake_remove("/local/domain/7");
	fake_introduced = false;
	fake_special("@releaseDomain");
	for (i = 0; i < 2000 && fake_mapped; i++)
		pvn_loop_once(bb.loop, 10000000);
	settle();
	cr_assert_eq(fake_mapped, 0);
	cr_assert_eq(fake_count_below("/local/domain/0/backend"), 0);
	world_close();
}

Test(blkback_ring, chain_loaded_kernel_gets_a_new_ring)
{
	connect_it(&tmpfs, "w", 0);
	request_pages(BLKIF_OP_READ, 1, 0, 0, 1);
	push();
	cr_assert_eq(answer(1), BLKIF_RSP_OKAY);
	fake_set(FE "/state", "6");
	settle();
	STATE_IS(6);
	fake_set(FE "/ring-ref", "%s", "");
	fake_set(FE "/state", "1");
	settle();
	STATE_IS(2);
	fake_remove(FE "/ring-ref");
	ring_make(2);
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
	request_pages(BLKIF_OP_READ, 2, 8, 1, 1);
	push();
	cr_assert_eq(answer(2), BLKIF_RSP_OKAY);
	world_close();
}

Test(blkback_ring, missing_image_is_reported)
{
	world_open(&tmpfs);
	snprintf(image, sizeof(image), "/nonexistent/image");
	device_make("w");
	STATE_IS(5);
	cr_assert_str_eq(fake_get(BE "/hotplug-status"), "error");
	cr_assert_not_null(strstr(fake_get(BE "/hotplug-error"), "/nonexistent/image"));
	world_close();
}

Test(blkback_ring, second_writer_is_refused_and_readers_share)
{
	char why[256];
	struct blk_image a, b;

	image_make(&tmpfs);
	cr_assert_eq(blk_image_open(&a, image, false, true, why, sizeof(why)), 0);
	cr_assert_eq(blk_image_open(&b, image, false, true, why, sizeof(why)), -EAGAIN);
	cr_assert_not_null(strstr(why, "in use by another domain"));
	cr_assert_eq(blk_image_open(&b, image, true, true, why, sizeof(why)), -EAGAIN);
	blk_image_close(&a);
	cr_assert_eq(blk_image_open(&a, image, true, true, why, sizeof(why)), 0);
	cr_assert_eq(blk_image_open(&b, image, true, true, why, sizeof(why)), 0);
	blk_image_close(&a);
	blk_image_close(&b);
	unlink(image);
	free(disk);
}

Test(blkback_ring, what_is_no_disk_is_refused)
{
	char why[256];
	struct blk_image a;

	cr_assert_eq(blk_image_open(&a, "/dev/null", false, true, why, sizeof(why)), -ENOTBLK);
	cr_assert_lt(blk_image_open(&a, "/tmp", true, true, why, sizeof(why)), 0);
	cr_assert_lt(blk_image_open(&a, "", true, true, why, sizeof(why)), 0);
}

Test(blkback_ring, discard_punches)
{
	struct blkif_request_discard *d;
	struct stat before, after;

	connect_it(&tmpfs, "w", 0);
	cr_assert_str_eq(fake_get(BE "/feature-discard"), "1");
	stat(image, &before);
	d = (void *)request(BLKIF_OP_DISCARD, 1);
	d->sector_number = 2048;
	d->nr_sectors = 2048;
	push();
	cr_assert_eq(answer(1), BLKIF_RSP_OKAY);
	stat(image, &after);
	cr_assert_lt(after.st_blocks, before.st_blocks);
	memset(disk + (1u << 20), 0, 1u << 20);
	disk_is();
	world_close();
}

Test(blkback_ring, image_that_shrinks_fails_its_requests_only)
{
	connect_it(&file, "w", 0);
	cr_assert_eq(truncate(image, 4096), 0);
	request_pages(BLKIF_OP_READ, 1, 4096, 0, 1);
	request_pages(BLKIF_OP_READ, 2, 0, 1, 1);
	push();
	answers(2);
	cr_assert_eq(statuses[1], BLKIF_RSP_ERROR);
	cr_assert_eq(statuses[2], BLKIF_RSP_OKAY);
	STATE_IS(4);
	world_close();
}

/* Data in hot chunks goes through registered buffers; frames given back must not be served from
 * pages that are pinned but no longer the domain's. */
Test(blkback_ring, registered_chunks_follow_given_back_frames)
{
	unsigned int i;

	connect_it(&file, "w", 0);
	for (i = 0; i < 256; i++) {
		request_pages(BLKIF_OP_READ, 1, 8 * (i % 16), i % 16, 1);
		push();
		cr_assert_eq(answer(1), BLKIF_RSP_OKAY);
	}
	/* the domain gives the chunk back and gets fresh frames at the same place */
	cr_assert_eq(madvise(FAKE_PAGE(DATA_PAGE), 1u << 20, MADV_REMOVE), 0);
	fake_generation++;
	fill(0, 16, 5);
	request_pages(BLKIF_OP_WRITE, 2, 800, 0, 1);
	memcpy(disk + 800 * 512, FAKE_PAGE(DATA_PAGE), 4096);
	request_pages(BLKIF_OP_READ, 3, 0, 1, 1);
	push();
	answers(2);
	cr_assert_eq(statuses[2], BLKIF_RSP_OKAY);
	cr_assert_eq(statuses[3], BLKIF_RSP_OKAY);
	disk_is();
	cr_assert_eq(memcmp(FAKE_PAGE(DATA_PAGE + 1), disk, 4096), 0);
	world_close();
}

Test(blkback_ring, no_notification_unless_asked_for)
{
	unsigned int before;

	connect_it(&tmpfs, "w", 0);
	front.sring->rsp_event = 100;
	before = fake_notified;
	request_pages(BLKIF_OP_READ, 1, 0, 0, 1);
	request_pages(BLKIF_OP_READ, 2, 0, 1, 1);
	push();
	answers(2);
	cr_assert_eq(fake_notified, before);
	front.sring->rsp_event = front.rsp_cons + 1;
	request_pages(BLKIF_OP_READ, 1, 0, 0, 1);
	request_pages(BLKIF_OP_READ, 2, 0, 1, 1);
	push();
	answers(2);
	cr_assert_eq(fake_notified, before + 1, "one for the batch");
	world_close();
}

/* Queue nr of a frontend with several, in front; its ring is page RING_PAGE + nr, its port PORT + nr. */
static void queue_make(unsigned int nr)
{
	blkif_sring_t *sring = (blkif_sring_t *)(void *)FAKE_PAGE(RING_PAGE + nr);
	char path[80];

	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&front, sring, 4096);
	fake_grant(RING_PAGE + nr, RING_PAGE + nr, false);
	snprintf(path, sizeof(path), FE "/queue-%u/ring-ref", nr);
	fake_set(path, "%u", RING_PAGE + nr);
	snprintf(path, sizeof(path), FE "/queue-%u/event-channel", nr);
	fake_set(path, "%u", PORT + nr);
}

static void queues_offer(const char *count)
{
	unsigned int i;

	world_open(&file);
	image_make(&file);
	device_make("w");
	STATE_IS(2);
	cr_assert_str_eq(fake_get(BE "/multi-queue-max-queues"), "16");
	for (i = DATA_PAGE; i < FAKE_GREFS; i++)
		fake_grant(i, i, false);
	fake_set(FE "/protocol", "x86_64-abi");
	fake_set(FE "/multi-queue-num-queues", "%s", count);
}

Test(blkback_ring, several_queues_are_served_each_on_its_own)
{
	blkif_front_ring_t fronts[3];
	unsigned int i, q;

	queues_offer("3");
	for (q = 0; q < 3; q++) {
		queue_make(q);
		fronts[q] = front;
	}
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
	cr_assert_eq(fake_bound, 3);
	for (q = 0; q < 3; q++) {
		front = fronts[q];
		for (i = 0; i < 8; i++)
			request_pages(BLKIF_OP_READ, i, 64 * q + 8 * i, 8 * q + i, 1);
		/* A barrier in each at the same time. */
		request(BLKIF_OP_WRITE_BARRIER, 8);
		RING_PUSH_REQUESTS(&front);
		fake_kick(PORT + q);
		fronts[q] = front;
	}
	for (q = 3; q-- > 0;) {
		front = fronts[q];
		answers(9);
		for (i = 0; i < 8; i++)
			cr_assert_eq(statuses[i], BLKIF_RSP_OKAY, "queue %u, request %u", q, i);
	}
	cr_assert_eq(memcmp(FAKE_PAGE(DATA_PAGE), disk, 24 * 4096), 0);
	/* One that lies costs the device, with all of its queues. */
	fronts[1].sring->req_prod += 100;
	fake_kick(PORT + 1);
	settle();
	STATE_IS(5);
	fake_set(FE "/state", "6");
	settle();
	cr_assert_eq(fake_bound, 0);
	cr_assert_eq(fake_mapped, 0);
	world_close();
}

Test(blkback_ring, queues_that_are_not_there_are_refused)
{
	static const char *const counts[] = { "17", "0", "3", "-1" };	/* 3, of which two have keys */
	unsigned int i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		queues_offer(counts[i]);
		queue_make(0);
		queue_make(1);
		fake_set(FE "/state", "3");
		settle();
		STATE_IS(5);
		cr_assert_eq(fake_bound, 0, "%s", counts[i]);
		world_close();
		fake_remove(BE);
		fake_remove(FE);
	}
}
