/* SPDX-License-Identifier: MIT */
/* A network device as an interface of lwIP. All under the core lock. */
#ifndef PV_LWIP_ETHIF_H
#define PV_LWIP_ETHIF_H

#include <lwip/opt.h>
#include <lwip/netif.h>
#include <lwip/tcpip.h>
#include <pv/net.h>

#define ETHIF_TX_PAGES	NET_MAX_FRAGS

/* A frame on its way out: copied, so that the other side sees nothing but frames. */
struct ethif_tx {
	struct net_tx tx;
	struct ethif_tx *next_free;
	unsigned int nr_pages;
	uint32_t len;
};

/* TCP segments that follow one another, gathered into one large one. */
struct ethif_gather {
	struct ethif_tx *t;		/* NULL: none */
	bool v6;
	unsigned int headers;		/* length of all of them */
	uint16_t segment;		/* payload of the first */
	uint32_t next_seq;
	unsigned int segments;
};

struct ethif {
	struct netif netif;
	struct netdev *dev;
	struct ethif_gather gather;
	uint32_t dirty_queues;		/* have frames the other side was not told of */
	struct ethif *next;
	bool dhcp;
};

extern struct ethif *ethifs;
struct ethif *ethif_find(const char *name);	/* NULL: the first */

err_t ethif_linkoutput(struct netif *n, struct pbuf *p);
/* What was gathered or put off goes. Called by lwip_core_unlock. */
void ethif_flush_all(void);
extern bool ethif_dirty;
void ethif_receive(struct netdev *dev, unsigned int queue, struct net_buf *frames, void *arg);

/* ipconfig.c: "dhcp", "none" or "ADDRESS/BITS[,GATEWAY]". 0 or -errno. Core lock held. */
int ethif_configure(struct ethif *e, const char *how);
/* What ip= says for this device, or NULL. first: there is no other. */
const char *ethif_boot_config(const struct ethif *e, bool first);
bool ethif_has_address(const struct ethif *e);
extern struct wait_queue ethif_changes;

#endif
