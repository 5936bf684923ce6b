/* SPDX-License-Identifier: MIT */
/*
 * Ring, rate, buffer and log of a console, and the whole of one against a domain played by the test.
 * What breaks this loses console output, or lets a domain fill a disk or stop the daemon.
 */
#include "config.h"
#include "backends/console.h"
#include "backends/store.h"
#include "libs/util/loop.h"
#include "tests/unit/backends_fake.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct xencons_interface ring;

static void say(struct xencons_interface *r, const char *text)
{
	for (; *text; text++)
		r->out[MASK_XENCONS_IDX(r->out_prod++, r->out)] = *text;
}

Test(console_parts, ring_takes_what_is_there)
{
	char buf[4096];

	ring.out_prod = ring.out_cons = 0xfffffffe;	/* indexes wrap at 2^32, the ring at 2048 */
	say(&ring, "hello");
	cr_assert_eq(console_ring_waiting(&ring), 5);
	cr_assert_eq(console_ring_take(&ring, buf, 2), 2);
	cr_assert_eq(console_ring_take(&ring, buf + 2, sizeof(buf)), 3);
	cr_assert_eq(memcmp(buf, "hello", 5), 0);
	cr_assert_eq(console_ring_take(&ring, buf, sizeof(buf)), 0);
	cr_assert_eq(ring.out_cons, 3);
}

Test(console_parts, ring_indexes_may_be_anything)
{
	static const uint32_t values[] = { 0, 1, 2047, 2048, 2049, 0x7fffffff, 0x80000000, 0xffffffff };
	char buf[8192];
	unsigned int i, j;
	ssize_t n;

	for (i = 0; i < 8; i++) {
		for (j = 0; j < 8; j++) {
			ring.out_prod = ring.in_prod = values[i];
			ring.out_cons = ring.in_cons = values[j];
			n = console_ring_take(&ring, buf, sizeof(buf));
			cr_assert(n == -EPROTO || (n >= 0 && n <= 2048));
			cr_assert_leq(console_ring_waiting(&ring), 2048);
			cr_assert_leq(console_ring_room(&ring), 1024);
			cr_assert_leq(console_ring_put(&ring, buf, sizeof(buf)), 1024);
		}
	}
}

Test(console_parts, input_stops_at_a_full_ring)
{
	char buf[2048] = { 0 };

	cr_assert_eq(console_ring_put(&ring, buf, 1000), 1000);
	cr_assert_eq(console_ring_put(&ring, buf, 1000), 24);
	cr_assert_eq(console_ring_room(&ring), 0);
	ring.in_cons += 10;
	cr_assert_eq(console_ring_put(&ring, buf, 1000), 10);
}

Test(console_parts, buffer_keeps_the_last)
{
	struct console_buffer b;
	char text[64], out[64];
	const char *data;
	size_t n, got = 0;
	int i;

	console_buffer_init(&b, 10000);
	for (i = 0; i < 5000; i++) {
		n = (size_t)snprintf(text, sizeof(text), "%d\n", i);
		console_buffer_add(&b, text, n);
		cr_assert_leq(b.size, 10000);
	}
	cr_assert_eq(b.used, 10000);
	while ((n = console_buffer_peek(&b, &data)) > 0) {
		got += n;
		memcpy(out, data + n - (n < 5 ? n : 5), n < 5 ? n : 5);
		console_buffer_skip(&b, n);
	}
	cr_assert_eq(got, 10000);
	cr_assert_eq(memcmp(out, "4999\n", 5), 0);
	console_buffer_free(&b);
	/* one piece larger than everything */
	console_buffer_init(&b, 4);
	console_buffer_add(&b, "abcdefgh", 8);
	cr_assert_eq(console_buffer_peek(&b, &data), 4);
	cr_assert_eq(memcmp(data, "efgh", 4), 0);
	console_buffer_free(&b);
}

Test(console_parts, rate_is_an_average_with_a_burst)
{
	struct console_rate r;
	uint64_t now = 12345;
	size_t total = 0, n;
	int ms;

	console_rate_init(&r, 100000, now);
	n = console_rate_allowed(&r, now);
	cr_assert_eq(n, 100000);
	console_rate_spend(&r, n);
	cr_assert_eq(console_rate_allowed(&r, now), 0);
	for (ms = 0; ms < 10000; ms++) {
		now += 1000000;
		n = console_rate_allowed(&r, now);
		total += n;
		console_rate_spend(&r, n);
	}
	cr_assert(total >= 999000 && total <= 1000001, "%zu in 10 s", total);
	now += 3600ull * 1000000000;
	cr_assert_eq(console_rate_allowed(&r, now), 100000, "a silence earns one burst");
	console_rate_init(&r, 0, now);
	cr_assert_eq(console_rate_allowed(&r, now), SIZE_MAX);
	console_rate_init(&r, 1, now);
	cr_assert_gt(console_rate_wait_ns(&r), 900000000ull, "no busy waiting for one byte");
}

static char dir[32];

static long size_of(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) ? -1 : (long)st.st_size;
}

static void dir_make(void)
{
	snprintf(dir, sizeof(dir), "./pvn-console.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void dir_remove(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	cr_assert_eq(system(command), 0);
}

Test(console_parts, log_rotates)
{
	struct console_log l;
	int i;

	dir_make();
	cr_assert_eq(console_log_open(&l, dir, "a/../b", 1000, 2), 0);
	cr_assert_eq(size_of("guest-a_.._b.log"), -1, "no byte, no file");
	for (i = 0; i < 100; i++)
		console_log_write(&l, "0123456789012345678901234567890123456789\n", 41);
	cr_assert(size_of("guest-a_.._b.log") > 0 && size_of("guest-a_.._b.log") <= 1000);
	cr_assert_eq(size_of("guest-a_.._b.log.1"), 984);
	cr_assert_eq(size_of("guest-a_.._b.log.2"), 984);
	cr_assert_eq(size_of("guest-a_.._b.log.3"), -1);
	console_log_close(&l);
	/* appended to after a restart, and the old size counts */
	cr_assert_eq(console_log_open(&l, dir, "a/../b", 1000, 2), 0);
	console_log_write(&l, "x", 1);
	cr_assert_eq((long)l.size, 4 * 41 + 1);
	cr_assert_eq((long)l.size, size_of("guest-a_.._b.log"));
	console_log_close(&l);
	dir_remove();
}

Test(console_parts, log_on_a_full_disk_goes_on)
{
	struct console_log l = { .fd = open("/dev/full", O_WRONLY), .path = strdup("/dev/full") };

	console_log_write(&l, "x", 1);
	cr_assert(l.said);
	console_log_write(&l, "x", 1);
	close(l.fd);
	l.fd = open("/dev/null", O_WRONLY);
	console_log_write(&l, "x", 1);
	cr_assert(!l.said);
	console_log_close(&l);
}

/* One console in a world. */
static struct consoled cd;
static struct console *con;
static struct xencons_interface *page;

static void settle(void)
{
	int i;

	for (i = 0; i < 20; i++)
		pvn_loop_once(cd.loop, 1000000);
}

static void world_open(uint64_t rate)
{
	int b;

	fake_init();
	dir_make();
	memset(&cd, 0, sizeof(cd));
	for (b = 0; b < CONSOLE_BUCKETS; b++)
		TAILQ_INIT(&cd.consoles[b]);
	cr_assert_eq(pvn_loop_new(&cd.loop), 0);
	cr_assert_eq(store_open(cd.loop, &cd.store), 0);
	cr_assert_eq(events_open(cd.loop, NULL, NULL, &cd.events), 0);
	cd.xgt = xengnttab_open(NULL, 0);
	snprintf(cd.log_dir, sizeof(cd.log_dir), "%s", dir);
	cd.rotate_size = 100000;
	cd.rotate_keep = 1;
	cd.log_rate = rate;
	console_attach_open(&cd);
	page = (void *)FAKE_PAGE(3);
	fake_grant(0, 3, false);
	fake_set("/local/domain/7/name", "guest");
	fake_set("/local/domain/7/console/port", "2");
	fake_set("/local/domain/7/console/limit", "8192");
	cr_assert_eq(console_new(&cd, FAKE_DOMID, &con), 0);
	settle();
}

static void world_close(void)
{
	int b;

	for (b = 0; b < CONSOLE_BUCKETS; b++)
		while (!TAILQ_EMPTY(&cd.consoles[b]))
			console_free(TAILQ_FIRST(&cd.consoles[b]));
	console_attach_close(&cd);
	store_close(cd.store);
	events_close(cd.events);
	pvn_loop_free(cd.loop);
	cr_assert_eq(fake_mapped, 0);
	cr_assert_eq(fake_bound, 0);
	dir_remove();
}

static int attach(void)
{
	const char *tty = fake_get("/local/domain/7/console/tty");
	int fd;

	cr_assert_not_null(tty);
	fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK);
	cr_assert_geq(fd, 0);
	settle();
	return fd;
}

/* Read until want bytes have come, or none for long; what comes beyond is read, too. */
static size_t read_all(int fd, char *buf, size_t size, size_t want)
{
	size_t got = 0;
	ssize_t n;
	int idle = 0;

	while (idle < (got < want ? 500 : 3) && got < size) {
		n = read(fd, buf + got, size - got);
		idle = n > 0 ? 0 : idle + 1;
		got += n > 0 ? (size_t)n : 0;
		settle();
	}
	return got;
}

Test(console_parts, output_waits_for_who_attaches)
{
	char buf[32768];
	struct stat st;
	size_t n;
	int fd, i;

	world_open(0);
	for (i = 0; i < 2000; i++) {
		snprintf(buf, sizeof(buf), "line %05d\n", i);
		say(page, buf);
		fake_kick(2);
		pvn_loop_once(cd.loop, 0);
	}
	settle();
	cr_assert_eq(size_of("guest-guest.log"), 2000 * 11, "everything is in the log");
	fd = attach();
	cr_assert_eq(fstat(fd, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	n = read_all(fd, buf, sizeof(buf), 8192);
	cr_assert_eq(n, 8192, "the last `limit` bytes, not %zu", n);
	cr_assert_eq(memcmp(buf + n - 11, "line 01999\n", 11), 0);
	say(page, "more\n");
	fake_kick(2);
	settle();
	n = read_all(fd, buf, sizeof(buf), 5);
	cr_assert_eq(n, 5);
	close(fd);
	settle();
	cr_assert_eq(con->attached, 0);
	world_close();
}

Test(console_parts, input_goes_to_the_ring_as_there_is_room)
{
	char buf[3000], got[3000];
	int fd, i, total = 0, sent = 0;
	ssize_t n;

	world_open(0);
	fd = attach();
	for (i = 0; i < 3000; i++)
		buf[i] = (char)('a' + i % 26);
	for (i = 0; i < 1000 && total < 3000; i++) {
		n = write(fd, buf + sent, (size_t)(3000 - sent));
		sent += n > 0 ? (int)n : 0;
		settle();
		while (page->in_cons != page->in_prod && total < 3000)
			got[total++] = page->in[MASK_XENCONS_IDX(page->in_cons++, page->in)];
		fake_kick(2);
	}
	cr_assert_eq(total, 3000);
	cr_assert_eq(memcmp(buf, got, 3000), 0);
	close(fd);
	world_close();
}

Test(console_parts, a_flood_is_held_to_the_rate)
{
	int i;

	world_open(65536);
	for (i = 0; i < 1000; i++) {
		while (page->out_prod - page->out_cons < 2000)
			say(page, "flood flood flood flood\n");
		fake_kick(2);
		pvn_loop_once(cd.loop, 0);
	}
	cr_assert_geq(size_of("guest-guest.log"), 65536);
	cr_assert_not_null(con->rate_timer, "it waits");
	world_close();
}

Test(console_parts, garbage_indexes_stop_nobody)
{
	world_open(0);
	page->out_prod = 0xdeadbeef;
	page->in_cons = 0x5555;
	fake_kick(2);
	settle();
	memset(page, 0, sizeof(*page));		/* the next kernel starts its ring over */
	say(page, "here\n");
	fake_kick(2);
	settle();
	cr_assert_eq(size_of("guest-guest.log"), 5);
	world_close();
}

Test(console_parts, last_words_reach_who_is_attached)
{
	char buf[16384];
	size_t n, i;
	int fd;

	world_open(0);
	fd = attach();
	for (i = 0; i < 1500; i++)
		say(page, "x");
	say(page, "bye\n");
	console_end(con);
	cr_assert_null(fake_get("/local/domain/7/console/tty"));
	n = read_all(fd, buf, sizeof(buf), 1504);
	cr_assert_eq(n, 1504);
	cr_assert_eq(memcmp(buf + n - 4, "bye\n", 4), 0);
	for (i = 0; i < 200 && !TAILQ_EMPTY(&cd.consoles[FAKE_DOMID]); i++)
		settle();
	cr_assert(TAILQ_EMPTY(&cd.consoles[FAKE_DOMID]));
	cr_assert_eq(read(fd, buf, sizeof(buf)), 0, "then it ends");
	close(fd);
	world_close();
}

Test(console_parts, a_domid_used_anew_is_another_console)
{
	struct console *c;
	char first[64];
	int fd;

	world_open(0);
	fd = attach();		/* somebody keeps the old one alive for a while */
	snprintf(first, sizeof(first), "%s", fake_get("/local/domain/7/console/tty"));
	fake_remove("/local/domain/7");
	settle();
	TAILQ_FOREACH(c, &cd.consoles[FAKE_DOMID], entry)
		cr_assert(c->ending);
	fake_set("/local/domain/7/name", "other");
	fake_set("/local/domain/7/console/port", "2");
	cr_assert_eq(console_new(&cd, FAKE_DOMID, &con), 0);
	settle();
	cr_assert_not_null(fake_get("/local/domain/7/console/tty"));
	cr_assert_str_neq(fake_get("/local/domain/7/console/tty"), first);
	close(fd);
	world_close();
}
