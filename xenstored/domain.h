/* SPDX-License-Identifier: MIT */
/* Domains as the store knows them: identity, what they use, whether they are still there. */
#ifndef XENSTORED_DOMAIN_H
#define XENSTORED_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct store;
struct conn;

struct domain {
	TAILQ_ENTRY(domain) entry;
	uint16_t domid;
	uint16_t target;	/* SET_TARGET; DOMID_INVALID: none */
	bool shutdown;		/* and @releaseDomain was fired for it */
	bool seen;		/* by the check at hand */
	bool over_soft;		/* said so in the log */
	unsigned complaints;	/* in the log; a domain may not fill it */
	uint64_t born_gen;	/* when the store came to know it */
	uint8_t handle[16];
	struct conn *conn;	/* its ring; NULL: not introduced */

	int64_t nodes;		/* owned */
	int64_t node_bytes;
	int64_t other_bytes;	/* watches, transactions */
	uint32_t watches;
	uint32_t transactions;

	/* Write-rate limit: credit in ns of waiting, refilled by time (limit.c). */
	int64_t wrl_credit_ns;
	uint64_t wrl_time_ns;
};

struct domain *domain_find(const struct store *s, uint16_t domid);	/* NULL: not known */
/* Known, or made known if the machine has it.  NULL: there is no such domain (or no memory). */
struct domain *domain_learn(struct store *s, uint16_t domid);
const struct domain *domain_target(const struct store *s, const struct domain *d);

/* Say in the log what d did wrong, a few times at most: it may do it for ever. */
void domain_complain(struct domain *d, const char *what);

/* Bytes held for d, with the output that waits for it. */
int64_t domain_memory(const struct domain *d);
void domain_memory_note(struct store *s, struct domain *d);	/* log the soft limit, once */

/* d is gone or released: its connection, nodes, and the record.  Fires @releaseDomain if it was
 * introduced. */
void domain_remove(struct store *s, struct domain *d);
/* Ask the machine who is there (VIRQ_DOM_EXC): shut-down domains fire @releaseDomain once, those
 * gone are removed. */
void domains_check(struct store *s);
void domain_free(struct store *s, struct domain *d);	/* the record alone */

#endif
