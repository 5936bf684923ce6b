/* SPDX-License-Identifier: MIT */
/*
 * Addresses: what ip= of the command line says, and the commands `ip' and `dhcp'.
 *
 *   ip=[DEVICE:]dhcp | [DEVICE:]ADDRESS/BITS[,GATEWAY]
 */
#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/sys.h>
#include <pv/errno.h>
#include <pv/init.h>
#include <pv/shell.h>
#include <pv/smp.h>
#include <pv/string.h>
#include <pv/time.h>
#include "ethif.h"
#include "netcmd.h"

#define WAIT_NS	(30 * NSEC_PER_SEC)

/* "10.0.0.2/24,10.0.0.1" */
static int parse_static(const char *how, ip4_addr_t *addr, ip4_addr_t *mask, ip4_addr_t *gw)
{
	char text[64], *slash, *comma;
	uint64_t bits;

	if (str_copy(text, how, sizeof(text)) >= sizeof(text))
		return -EINVAL;
	slash = strchr(text, '/');
	if (slash == NULL)
		return -EINVAL;
	*slash++ = 0;
	comma = strchr(slash, ',');
	if (comma != NULL)
		*comma++ = 0;
	ip4_addr_set_zero(gw);
	if (!ip4addr_aton(text, addr) || parse_u64(slash, &bits) != 0 || bits < 1 || bits > 32 ||
	    (comma != NULL && !ip4addr_aton(comma, gw)))
		return -EINVAL;
	ip4_addr_set_u32(mask, lwip_htonl(0xffffffffUL << (32 - bits)));
	return 0;
}

int ethif_configure(struct ethif *e, const char *how)
{
	ip4_addr_t addr, mask, gw;
	int rc;

	if (strcmp(how, "dhcp") == 0) {
		e->dhcp = true;
		return dhcp_start(&e->netif) == ERR_OK ? 0 : -ENOMEM;
	}
	if (strcmp(how, "none") == 0) {
		ip4_addr_set_zero(&addr);
		ip4_addr_set_zero(&mask);
		ip4_addr_set_zero(&gw);
	} else {
		rc = parse_static(how, &addr, &mask, &gw);
		if (rc != 0)
			return rc;
	}
	if (e->dhcp)
		dhcp_release_and_stop(&e->netif);
	e->dhcp = false;
	netif_set_addr(&e->netif, &addr, &mask, &gw);
	return 0;
}

const char *ethif_boot_config(const struct ethif *e, bool first)
{
	const char *ip = cmdline_get("ip");
	size_t n = strlen(e->dev->name);

	if (ip == NULL || ip[0] == 0)
		return NULL;
	if (strncmp(ip, e->dev->name, n) == 0 && ip[n] == ':')
		return ip + n + 1;
	return first && strchr(ip, ':') == NULL ? ip : NULL;
}

static bool any_address(void)
{
	bool found = false;

	LOCK_TCPIP_CORE();
	for (const struct ethif *e = ethifs; e != NULL; e = e->next)
		found |= ethif_has_address(e);
	UNLOCK_TCPIP_CORE();
	return found;
}

/* The lock may sleep, so no wait_event: looks again at each change. */
static bool wait_address(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	while (!any_address()) {
		if (now_ns() >= end)
			return false;
		sleep_ns(5 * NSEC_PER_MSEC);
	}
	return true;
}

/* As Linux does with ip=: what comes after has the network. */
static int ip_boot_wait(void)
{
	const char *ip = cmdline_get("ip");

	if (ip != NULL && ip[0] != 0 && !wait_address(WAIT_NS))
		printk("paravane: no address after %lu s (ip=%s)\n", WAIT_NS / NSEC_PER_SEC, ip);
	return 0;
}
INITCALL(INIT_LATE, ip_boot_wait);

static void show(const struct ethif *e)
{
	char text[IPADDR_STRLEN_MAX];
	const struct netif *n = &e->netif;
	uint32_t mask = lwip_ntohl(ip4_addr_get_u32(netif_ip4_netmask(n)));

	printf("%s: %s mtu %u\n", e->dev->name, netif_is_link_up(n) ? "up" : "no carrier", n->mtu);
	if (!ip4_addr_isany_val(*netif_ip4_addr(n))) {
		printf("    inet %s/%u%s", ip4addr_ntoa_r(netif_ip4_addr(n), text, sizeof(text)),
		       mask_count(mask), e->dhcp ? " dhcp" : "");
		if (!ip4_addr_isany_val(*netif_ip4_gw(n)))
			printf(" gateway %s", ip4addr_ntoa_r(netif_ip4_gw(n), text, sizeof(text)));
		printf("\n");
	}
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		u8_t state = netif_ip6_addr_state(n, i);

		if (ip6_addr_isinvalid(state))
			continue;
		printf("    inet6 %s%s\n", net_text(netif_ip_addr6(n, i), text),
		       ip6_addr_istentative(state) ? " tentative" : "");
	}
}

static int show_all(void)
{
	char text[IPADDR_STRLEN_MAX];

	LOCK_TCPIP_CORE();
	for (const struct ethif *e = ethifs; e != NULL; e = e->next)
		show(e);
	for (u8_t i = 0; i < DNS_MAX_SERVERS; i++) {
		if (!ip_addr_isany(dns_getserver(i)))
			printf("nameserver %s\n", net_text(dns_getserver(i), text));
	}
	UNLOCK_TCPIP_CORE();
	return 0;
}

static int set(const char *dev, const char *how)
{
	struct ethif *e;
	int rc;

	LOCK_TCPIP_CORE();
	e = ethif_find(dev);
	rc = e != NULL ? ethif_configure(e, how) : -ENODEV;
	UNLOCK_TCPIP_CORE();
	if (rc == 0 && strcmp(how, "none") != 0 && !wait_address(WAIT_NS))
		rc = -ETIMEDOUT;
	if (rc != 0)
		eprintf("ip: %s: %s\n", dev != NULL ? dev : "eth0", error_text(rc));
	return rc != 0;
}

static int cmd_ip(int argc, char **argv)
{
	if (argc == 1 || (argc == 2 && (strcmp(argv[1], "addr") == 0 || strcmp(argv[1], "a") == 0)))
		return show_all();
	if (argc == 2 && strcmp(argv[1], "link") == 0)
		return shell_run("ifconfig");
	if (argc == 4 && strcmp(argv[1], "set") == 0)
		return set(argv[2], argv[3]);
	eprintf("usage: ip [addr | link | set DEV dhcp|none|ADDRESS/BITS[,GATEWAY]]\n");
	return 2;
}
SHELL_COMMAND("ip", cmd_ip, "[addr | link | set DEV dhcp|none|ADDRESS/BITS[,GATEWAY]] - addresses");

static int cmd_dhcp(int argc, char **argv)
{
	int rc = set(argc > 1 ? argv[1] : NULL, "dhcp");

	return rc != 0 ? rc : show_all();
}
SHELL_COMMAND("dhcp", cmd_dhcp, "[DEV] - get an address by DHCP");
