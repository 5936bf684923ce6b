/* SPDX-License-Identifier: MIT */
/*
 * What a library has mapped of domains: the page set, and the memory object when first wanted.
 * One table per connection; its owner locks it.
 *
 * Trust: numbers and descriptors come from paravaned.  The mapped bytes belong to the domain, with
 * one exception: the magic number in the page set's header is zeroed by paravaned when the domain
 * is gone, after its process is, so that a cached mapping can be found stale without asking.  A domain
 * that zeroes it itself only makes us ask.
 */
#ifndef PVN_CLIENT_DOMAIN_H
#define PVN_CLIENT_DOMAIN_H

#include "libs/client/conn.h"

#include <paravane/shared.h>
#include <stdbool.h>
#include <stdint.h>

#define PVN_DOMAIN_BUCKETS	256

struct pvn_domain {
	struct pvn_domain *next;
	struct pvn_msg_domain_map m;
	int mem_fd, shared_fd;		/* -1: closed */
	uint8_t *shared;		/* the page set */
	uint8_t *mem;			/* the memory object; NULL: not mapped yet */
	uint32_t refs;
	bool gone;			/* not in the table any more */
};

struct pvn_domains {
	struct pvn_conn *conn;
	bool drop_fds;			/* descriptors are not wanted after mapping the page set */
	struct pvn_domain *bucket[PVN_DOMAIN_BUCKETS];
};

/* The live domain domid, with a reference.  0, -ESRCH, or -errno. */
int pvn_domain_get(struct pvn_domains *t, uint32_t domid, struct pvn_domain **d);
void pvn_domain_put(struct pvn_domain *d);

/* Map the memory object, once.  0 or -errno. */
int pvn_domain_map_mem(struct pvn_domain *d);

/* PVN_MSG_EVENT_DOMAIN_GONE (arg = its generation): forget it.  Those who hold a reference keep their mapping. */
void pvn_domain_gone(struct pvn_domains *t, const struct pvn_msg_domain *m);
void pvn_domains_clear(struct pvn_domains *t);

/* Where frame mfn of the domain is: the descriptor to map and the offset there.  Returns false if
 * it is no frame of the domain. heap_ok: heap frames (shared_info, grant table) count, too. */
bool pvn_domain_frame(const struct pvn_domain *d, uint64_t mfn, bool heap_ok, int *fd,
		      uint64_t *offset);
/* Byte offset in the memory object of RAM frame mfn, or UINT64_MAX. */
uint64_t pvn_domain_ram_offset(const struct pvn_domain *d, uint64_t mfn);

#endif
