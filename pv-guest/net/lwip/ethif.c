/* SPDX-License-Identifier: MIT */
/*
 * lwIP's start, and an interface of it for each network device that comes.
 *
 * The core lock is taken by every thread that has to do with the stack; who lets it go first sends
 * what was put off meanwhile.
 */
#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/netifapi.h>
#include <pv/init.h>
#include <pv/string.h>
#include <pv/time.h>
#include "ethif.h"

struct ethif *ethifs;
struct wait_queue ethif_changes = WAIT_QUEUE_INIT(ethif_changes);
static volatile bool up;

void lwip_core_lock(void)
{
	sys_mutex_lock(&lock_tcpip_core);
}

void lwip_core_unlock(void)
{
	if (ethif_dirty)
		ethif_flush_all();
	sys_mutex_unlock(&lock_tcpip_core);
}

struct ethif *ethif_find(const char *name)
{
	for (struct ethif *e = ethifs; e != NULL; e = e->next) {
		if (name == NULL || strcmp(e->dev->name, name) == 0)
			return e;
	}
	return NULL;
}

bool ethif_has_address(const struct ethif *e)
{
	return netif_is_link_up(&e->netif) && !ip4_addr_isany_val(*netif_ip4_addr(&e->netif));
}

static void status_changed(struct netif *n)
{
	const struct ethif *e = n->state;
	char addr[16], mask[16];

	if (ethif_has_address(e))
		printk("paravane: %s has address %s mask %s\n", e->dev->name,
		       ip4addr_ntoa_r(netif_ip4_addr(n), addr, sizeof(addr)),
		       ip4addr_ntoa_r(netif_ip4_netmask(n), mask, sizeof(mask)));
	wake_up(&ethif_changes);
}

static err_t ethif_init(struct netif *n)
{
	struct ethif *e = n->state;

	n->name[0] = 'e';
	n->name[1] = 't';
	n->output = etharp_output;
	n->output_ip6 = ethip6_output;
	n->linkoutput = ethif_linkoutput;
	n->mtu = e->dev->mtu;
	n->hwaddr_len = NET_MAC_BYTES;
	memcpy(n->hwaddr, e->dev->mac, NET_MAC_BYTES);
	n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
	n->hostname = "pv-guest";
	NETIF_SET_CHECKSUM_CTRL(n, NETIF_CHECKSUM_ENABLE_ALL & ~NETIF_CHECKSUM_GEN_TCP);
	return ERR_OK;
}

static void added(struct netdev *dev)
{
	struct ethif *e = kzalloc(sizeof(*e)), **end = &ethifs;
	bool first = ethifs == NULL;
	const char *config;

	if (e == NULL)
		return;
	e->dev = dev;
	LOCK_TCPIP_CORE();
	if (netif_add_noaddr(&e->netif, e, ethif_init, tcpip_input) == NULL) {
		kfree(e);
		e = NULL;
	}
	if (e != NULL) {
		while (*end != NULL)
			end = &(*end)->next;
		*end = e;
		dev->stack = e;
		netif_set_status_callback(&e->netif, status_changed);
		netif_set_link_callback(&e->netif, status_changed);
		netif_create_ip6_linklocal_address(&e->netif, 1);
		netif_set_ip6_autoconfig_enabled(&e->netif, 1);
		if (netif_default == NULL)
			netif_set_default(&e->netif);
		netif_set_up(&e->netif);
		config = ethif_boot_config(e, first);
		if (config != NULL && ethif_configure(e, config) != 0)
			printk("paravane: %s: cannot understand ip=%s\n", dev->name, config);
	}
	UNLOCK_TCPIP_CORE();
}

static void changed(struct netdev *dev)
{
	struct ethif *e;

	LOCK_TCPIP_CORE();
	e = dev->stack;
	if (e != NULL) {
		e->netif.mtu = dev->mtu;
		if (dev->carrier)
			netif_set_link_up(&e->netif);
		else
			netif_set_link_down(&e->netif);
	}
	UNLOCK_TCPIP_CORE();
}

static void removed(struct netdev *dev)
{
	struct ethif *e, **at;

	LOCK_TCPIP_CORE();
	e = dev->stack;
	if (e != NULL) {
		ethif_flush_all();
		dhcp_stop(&e->netif);
		dhcp_cleanup(&e->netif);
		netif_remove(&e->netif);
		for (at = &ethifs; *at != e;)
			at = &(*at)->next;
		*at = e->next;
		dev->stack = NULL;
		if (netif_default == NULL && ethifs != NULL)
			netif_set_default(&ethifs->netif);
	}
	UNLOCK_TCPIP_CORE();
	kfree(e);
	wake_up(&ethif_changes);
}

static const struct net_stack stack = {
	.added = added, .changed = changed, .removed = removed, .receive = ethif_receive,
};

static void stack_is_up(void *arg)
{
	up = true;
	wake_up(&ethif_changes);
}

static int stack_init(void)
{
	tcpip_init(stack_is_up, NULL);
	wait_event(&ethif_changes, up);
	netdev_set_stack(&stack);
	return 0;
}
INITCALL(INIT_CORE, stack_init);
