/* SPDX-License-Identifier: MIT */
/* Command: ifconfig, the network devices and what they have counted. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/net.h>

static void show(struct netdev *d)
{
	static const struct { uint32_t bit; const char *name; } names[] = {
		{ NET_F_SG, "sg" }, { NET_F_CSUM4, "csum4" }, { NET_F_CSUM6, "csum6" },
		{ NET_F_TSO4, "tso4" }, { NET_F_TSO6, "tso6" },
	};
	const uint8_t *m = d->mac;
	struct net_stats s;

	d->ops->stats(d, &s);
	printf("%s: %s mtu %u ether %02x:%02x:%02x:%02x:%02x:%02x queues %u", d->name,
	       d->carrier ? "up" : "no carrier", d->mtu, m[0], m[1], m[2], m[3], m[4], m[5], d->nr_queues);
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (d->features & names[i].bit)
			printf(" %s", names[i].name);
	}
	printf("\n    rx frames %lu bytes %lu errors %lu events %lu\n", s.rx_frames, s.rx_bytes, s.rx_errors,
	       s.rx_events);
	printf("    tx frames %lu bytes %lu errors %lu events %lu notifies %lu\n", s.tx_frames, s.tx_bytes,
	       s.tx_errors, s.tx_events, s.notifies);
}

static int cmd_ifconfig(int argc, char **argv)
{
	struct netdev *d;
	int found = 0;

	for (unsigned int i = 0; (d = netdev_get(i)) != NULL; i++) {
		if (argc < 2 || strcmp(argv[1], d->name) == 0) {
			show(d);
			found++;
		}
		netdev_put(d);
	}
	if (argc > 1 && found == 0) {
		eprintf("ifconfig: %s: %s\n", argv[1], error_text(-ENODEV));
		return 1;
	}
	return 0;
}
SHELL_COMMAND("ifconfig", cmd_ifconfig, "[DEV] - network devices and their counters");
