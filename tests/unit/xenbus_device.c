/* SPDX-License-Identifier: MIT */
/* Lives of a device in a store: what xenbus asks of the device type, and what it writes. */
#include "config.h"
#include "backends/store.h"
#include "backends/xenbus.h"
#include "libs/util/loop.h"
#include "tests/unit/backends_fake.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define BE	"/local/domain/0/backend/toy/7/51712"
#define FE	"/local/domain/7/device/toy/51712"

static struct {
	int probes, connects, disconnects, removes;
	int probe_rc, connect_rc, disconnect_rc;
	bool dead;
	struct xenbus_device *dev;
} toy;

static int toy_probe(struct xenbus_device *dev, bool last)
{
	toy.probes++;
	toy.dev = dev;
	if (toy.probe_rc == -EAGAIN && last)
		xenbus_probe_error(dev, "still busy");
	else if (toy.probe_rc && toy.probe_rc != -EAGAIN)
		xenbus_probe_error(dev, "no such toy");
	return toy.probe_rc;
}

static void toy_publish(struct xenbus_device *dev)
{
	store_write(dev->store, dev->path, "feature-toy", "1");
}

static int toy_connect(struct xenbus_device *dev)
{
	toy.connects++;
	if (toy.connect_rc)
		xenbus_dev_fatal(dev, toy.connect_rc, "reading ring-ref");
	return toy.connect_rc;
}

static int toy_disconnect(struct xenbus_device *dev)
{
	toy.disconnects++;
	return toy.disconnect_rc;
}

static bool toy_alive(struct xenbus_device *dev)
{
	return !toy.dead;
}

static void toy_remove(struct xenbus_device *dev)
{
	toy.removes++;
	toy.dev = NULL;
}

static const struct xenbus_backend toy_backend = {
	"toy", toy_probe, toy_publish, toy_connect, toy_disconnect, toy_alive, toy_remove,
};

static struct pvn_loop *loop;
static struct store *store;
static struct xenbus *bus;

static void setup(void)
{
	memset(&toy, 0, sizeof(toy));
	fake_init();
	cr_assert_eq(pvn_loop_new(&loop), 0);
	cr_assert_eq(store_open(loop, &store), 0);
	cr_assert_eq(xenbus_open(loop, store, &bus), 0);
	cr_assert_eq(xenbus_register(bus, &toy_backend, NULL), 0);
}

static void teardown(void)
{
	xenbus_close(bus);
	store_close(store);
	pvn_loop_free(loop);
}

TestSuite(xenbus_device, .init = setup, .fini = teardown);

/* Enough rounds for every event that is under way. */
static void settle(void)
{
	int i;

	for (i = 0; i < 20; i++)
		pvn_loop_once(loop, 1000000);
}

static void make(void)
{
	fake_set(BE "/frontend", FE);
	fake_set(BE "/frontend-id", "7");
	fake_set(BE "/online", "1");
	fake_set(FE "/state", "1");
	fake_set(BE "/state", "1");
	settle();
}

#define STATE_IS(n)	cr_assert_str_eq(fake_get(BE "/state"), #n)

static void connect_it(void)
{
	make();
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
}

Test(xenbus_device, comes_up)
{
	make();
	STATE_IS(2);
	cr_assert_str_eq(fake_get(BE "/feature-toy"), "1");
	cr_assert_eq(toy.probes, 1);
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
	fake_set(FE "/state", "4");
	settle();
	STATE_IS(4);
	cr_assert_eq(toy.connects, 1);
	cr_assert_eq(toy.dev->domid, 7);
	cr_assert_eq(toy.dev->devid, 51712);
}

Test(xenbus_device, was_there_before_us)
{
	xenbus_close(bus);
	make();
	cr_assert_eq(toy.probes, 0);
	xenbus_open(loop, store, &bus);
	xenbus_register(bus, &toy_backend, NULL);
	settle();
	STATE_IS(2);
}

Test(xenbus_device, a_restarted_backend_takes_over_a_connected_device)
{
	fake_set(BE "/frontend", FE);
	fake_set(BE "/online", "1");
	fake_set(FE "/state", "4");
	fake_set(BE "/state", "4");
	settle();
	cr_assert_eq(toy.connects, 1);
	STATE_IS(4);
}

Test(xenbus_device, closes_and_reopens_for_the_next_kernel)
{
	connect_it();
	fake_set(FE "/state", "6");
	settle();
	STATE_IS(6);
	cr_assert_eq(toy.disconnects, 1);
	cr_assert_eq(toy.removes, 0);
	fake_set(FE "/state", "1");
	settle();
	STATE_IS(2);
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
	cr_assert_eq(toy.connects, 2);
}

Test(xenbus_device, closing_keeps_the_ring_until_closed)
{
	connect_it();
	fake_set(FE "/state", "5");
	settle();
	STATE_IS(5);
	cr_assert_eq(toy.disconnects, 0);
	fake_set(FE "/state", "6");
	settle();
	STATE_IS(6);
	cr_assert_eq(toy.disconnects, 1);
}

Test(xenbus_device, detach)
{
	connect_it();
	fake_set(BE "/online", "0");
	fake_set(BE "/state", "5");
	settle();
	cr_assert_eq(toy.disconnects, 0);
	fake_set(FE "/state", "6");
	settle();
	STATE_IS(6);
	cr_assert_eq(toy.removes, 1);
	/* and it is not made anew by what is left of it */
	fake_set(BE "/online", "0");
	settle();
	cr_assert_eq(toy.probes, 1);
}

Test(xenbus_device, domain_dies)
{
	connect_it();
	fake_introduced = false;
	fake_special("@releaseDomain");
	settle();
	STATE_IS(6);
	cr_assert_eq(toy.removes, 1);
}

Test(xenbus_device, somebody_elses_death_changes_nothing)
{
	connect_it();
	fake_special("@releaseDomain");
	settle();
	STATE_IS(4);
	cr_assert_eq(toy.disconnects, 0);
}

Test(xenbus_device, frontend_directory_goes)
{
	connect_it();
	fake_remove("/local/domain/7");
	settle();
	STATE_IS(6);
	cr_assert_eq(toy.removes, 1);
}

Test(xenbus_device, backend_directory_goes_and_nothing_comes_back)
{
	connect_it();
	fake_remove("/local/domain/0/backend/toy/7");
	settle();
	cr_assert_eq(toy.disconnects, 1);
	cr_assert_eq(toy.removes, 1);
	cr_assert_eq(fake_count_below("/local/domain/0/backend/toy/7"), 0);
}

static void remove_all(void)
{
	fake_remove("/local/domain/0/backend/toy");
}

Test(xenbus_device, removal_while_features_are_written_leaves_no_node)
{
	fake_before_commit = remove_all;
	make();
	cr_assert_eq(toy.probes, 1);
	cr_assert_eq(fake_count_below("/local/domain/0/backend"), 0);
	settle();
	cr_assert_eq(toy.removes, 1);
}

Test(xenbus_device, conflicts_are_tried_again)
{
	fake_conflicts = 3;
	make();
	STATE_IS(2);
	cr_assert_str_eq(fake_get(BE "/feature-toy"), "1");
}

Test(xenbus_device, toolstack_waiting_for_a_device_we_forgot)
{
	connect_it();
	fake_remove("/local/domain/7");
	settle();
	fake_set(BE "/online", "0");
	fake_set(BE "/state", "5");
	settle();
	STATE_IS(6);
}

Test(xenbus_device, probe_fails)
{
	toy.probe_rc = -ENOENT;
	make();
	STATE_IS(5);
	cr_assert_str_eq(fake_get(BE "/hotplug-status"), "error");
	cr_assert_str_eq(fake_get(BE "/hotplug-error"), "no such toy");
	fake_set(FE "/state", "3");
	settle();
	cr_assert_eq(toy.connects, 0);
	fake_set(BE "/online", "0");
	settle();
	cr_assert_eq(toy.removes, 1);
	STATE_IS(6);
}

Test(xenbus_device, busy_probe_is_tried_again)
{
	toy.probe_rc = -EAGAIN;
	make();
	STATE_IS(1);
	toy.probe_rc = 0;
	while (strcmp(fake_get(BE "/state"), "2"))
		pvn_loop_once(loop, UINT64_MAX);
	cr_assert_eq(toy.probes, 2);
}

Test(xenbus_device, liar_loses_its_device_and_may_come_back)
{
	toy.connect_rc = -EINVAL;
	make();
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(5);
	cr_assert_str_eq(fake_get("/local/domain/0/error/backend/toy/7/51712/error"),
			 "22 reading ring-ref");
	toy.connect_rc = 0;
	fake_set(FE "/state", "6");
	settle();
	fake_set(FE "/state", "1");
	settle();
	STATE_IS(2);
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
}

Test(xenbus_device, slow_disconnect)
{
	connect_it();
	toy.disconnect_rc = -EINPROGRESS;
	fake_set(FE "/state", "6");
	settle();
	STATE_IS(4);
	fake_set(FE "/state", "1");
	settle();
	STATE_IS(4);
	xenbus_disconnected(toy.dev);
	settle();
	STATE_IS(2);
	cr_assert_eq(toy.disconnects, 1);
}

Test(xenbus_device, domain_dies_during_a_slow_disconnect)
{
	connect_it();
	toy.disconnect_rc = -EINPROGRESS;
	fake_set(FE "/state", "6");
	settle();
	fake_remove("/local/domain/0/backend/toy/7");
	fake_remove("/local/domain/7");
	settle();
	cr_assert_eq(toy.removes, 0);
	xenbus_disconnected(toy.dev);
	settle();
	cr_assert_eq(toy.removes, 1);
	cr_assert_eq(fake_count_below("/local/domain/0/backend/toy/7"), 0);
}

Test(xenbus_device, a_restarted_store_takes_no_disk_away)
{
	int i;

	connect_it();
	fake_store_restart();
	for (i = 0; i < 1000 && store_epoch(store) == 1; i++)
		pvn_loop_once(loop, 10000000);
	settle();
	cr_assert_eq(toy.disconnects, 0);
	/* it is let go of when its domain ends, though no store tells */
	toy.dead = true;
	for (i = 0; i < 1000 && !toy.removes; i++)
		pvn_loop_once(loop, 10000000);
	cr_assert_eq(toy.removes, 1);
	cr_assert_eq(fake_count_below("/local"), 0);
}

Test(xenbus_device, garbage_states_do_nothing)
{
	static const char *const bad[] = { "", "x", "-1", "99999999999999999999999", "4 ", "7", "0" };
	unsigned int i;

	make();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_set(FE "/state", "%s", bad[i]);
		settle();
		STATE_IS(2);
	}
	fake_set(FE "/state", "3");
	settle();
	STATE_IS(4);
}
