/* SPDX-License-Identifier: MIT */
/* Names and errors, for the commands. */
#include <lwip/netdb.h>
#include "ethif.h"
#include "netcmd.h"

#define IPV6_WAIT_NS	(5 * NSEC_PER_SEC)

int net_errno(err_t err)
{
	switch (err) {
	case ERR_OK: return 0;
	case ERR_MEM: case ERR_BUF: return -ENOMEM;
	case ERR_TIMEOUT: return -ETIMEDOUT;
	case ERR_RTE: case ERR_IF: return -EHOSTUNREACH;
	case ERR_USE: return -EADDRINUSE;
	case ERR_ABRT: case ERR_RST: case ERR_CLSD: return -ECONNREFUSED;
	case ERR_CONN: return -ENOTCONN;
	}
	return -EINVAL;
}

const char *net_text(const ip_addr_t *addr, char text[IPADDR_STRLEN_MAX])
{
	text[0] = 0;
	ipaddr_ntoa_r(addr, text, IPADDR_STRLEN_MAX);
	for (char *p = text; *p != 0; p++)
		if (*p >= 'A' && *p <= 'F')
			*p += 'a' - 'A';
	return text;
}

/* A link-local address means nothing without an interface. */
static int scope(char *text, ip_addr_t *addr)
{
	char *percent = strchr(text, '%');
	struct ethif *e;
	int rc = 0;

	if (percent != NULL)
		*percent++ = 0;
	if (!ipaddr_aton(text, addr))
		return -ENOENT;
	if (!IP_IS_V6(addr) || !ip6_addr_has_scope(ip_2_ip6(addr), IP6_UNKNOWN))
		return 0;
	LOCK_TCPIP_CORE();
	e = ethif_find(percent);
	if (e != NULL)
		ip6_addr_assign_zone(ip_2_ip6(addr), IP6_UNKNOWN, &e->netif);
	else
		rc = -ENODEV;
	UNLOCK_TCPIP_CORE();
	return rc;
}

/* An address of ours that is still being looked at for doubles cannot be sent from. */
static bool still_tentative(void)
{
	bool found = false;

	LOCK_TCPIP_CORE();
	for (const struct ethif *e = ethifs; e != NULL; e = e->next) {
		for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
			found |= ip6_addr_istentative(netif_ip6_addr_state(&e->netif, i));
	}
	UNLOCK_TCPIP_CORE();
	return found;
}

static void wait_for_ipv6(void)
{
	uint64_t end = now_ns() + IPV6_WAIT_NS;

	while (still_tentative() && now_ns() < end && !console_interrupted())
		sleep_ns(10 * NSEC_PER_MSEC);
}

int net_resolve(const char *host, int want, ip_addr_t *addr)
{
	char text[128];
	u8_t type = want == 4 ? NETCONN_DNS_IPV4 : want == 6 ? NETCONN_DNS_IPV6 : NETCONN_DNS_IPV4_IPV6;
	int rc;

	if (str_copy(text, host, sizeof(text)) >= sizeof(text))
		return -ENAMETOOLONG;
	rc = scope(text, addr);
	if (rc == -ENOENT)
		rc = netconn_gethostbyname_addrtype(host, addr, type) == ERR_OK ? 0 : -ENOENT;
	if (rc == 0 && want != 0 && IP_IS_V6(addr) != (want == 6))
		rc = -EINVAL;
	if (rc == 0 && IP_IS_V6(addr))
		wait_for_ipv6();
	return rc;
}

int net_fail(const char *command, const char *what, int rc)
{
	const char *why = rc == -ENOENT ? "no such host" : rc == -ECONNREFUSED ? "connection refused or reset" :
			  rc == -EHOSTUNREACH ? "no way there" : rc == -ENOTCONN ? "not connected" :
			  rc == -EADDRINUSE ? "port is in use" : error_text(rc);

	eprintf("%s: %s: %s\n", command, what, why);
	return 1;
}

int net_port(const char *s, uint16_t *port)
{
	uint64_t v;

	if (s == NULL || parse_u64(s, &v) != 0 || v == 0 || v > 0xffff)
		return -EINVAL;
	*port = v;
	return 0;
}
