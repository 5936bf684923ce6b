/* SPDX-License-Identifier: MIT */
/* What the commands of the TCP/IP stack share. */
#ifndef PV_LWIP_NETCMD_H
#define PV_LWIP_NETCMD_H

#include <lwip/opt.h>
#include <lwip/api.h>
#include <lwip/ip_addr.h>
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/time.h>

/* lwIP's word for an error, as ours. */
int net_errno(err_t err);
/* An address in numbers, or a name; "fe80::1%eth0" has a device. want: 4, 6 or 0. 0 or -errno. */
int net_resolve(const char *host, int want, ip_addr_t *addr);
/* An address in numbers, in lower case (RFC 5952, 4.3; lwIP writes upper).  Returns text. */
const char *net_text(const ip_addr_t *addr, char text[IPADDR_STRLEN_MAX]);
/* "command: what: why", returns 1. */
int net_fail(const char *command, const char *what, int rc);
/* A port number. 0 or -EINVAL. */
int net_port(const char *s, uint16_t *port);

#endif
