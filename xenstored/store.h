/* SPDX-License-Identifier: MIT */
/*
 * The store: what all parts of the core share.
 *
 * The core (everything but socket.c, ring.c, machine.c and main.c) knows neither sockets nor
 * shared memory: requests come in through conn.h, bytes go out of a connection's queue, and
 * the machine is behind struct machine_ops.  One thread.
 */
#ifndef XENSTORED_STORE_H
#define XENSTORED_STORE_H

#include "xenstored/account.h"
#include "xenstored/change.h"
#include "xenstored/conn.h"
#include "xenstored/hash.h"
#include "xenstored/quota.h"
#include "xenstored/tree.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct domain;
struct perms;

/* What the machine says of a domain. */
struct domain_state {
	uint16_t domid;
	bool shutdown;		/* shut down or crashed: it will run no more as it is */
	bool dying;
	uint8_t handle[16];	/* tells it from an earlier one of the same number */
};

struct machine_ops {
	/* Exactly that domain: 0; -ESRCH: there is none. */
	int (*domain_info)(void *arg, uint16_t domid, struct domain_state *st);
	/* Domains with domid >= first, in order: count or -errno. */
	int (*domain_list)(void *arg, uint16_t first, struct domain_state *st, int max);
	/* Connect to the ring of d; *c: a connection with its transport.  0 or -errno. */
	int (*introduce)(void *arg, struct domain *d, uint32_t port, struct conn **c);
	/* Bind the ring's event channel anew. 0 or -errno */
	int (*rebind)(void *arg, struct conn *c, uint32_t port);
	uint64_t (*now_ns)(void *arg);
};

TAILQ_HEAD(conn_list, conn);
TAILQ_HEAD(domain_list, domain);
enum special { SPECIAL_INTRODUCE, SPECIAL_RELEASE, SPECIAL_COUNT };

struct store {
	struct node *root;
	uint64_t gen;			/* counts changes */
	uint32_t quota[QUOTA_COUNT];
	struct perms *special[SPECIAL_COUNT];

	struct domain **by_domid;
	struct domain_list domains;
	struct conn_list conns;
	struct conn_list dirty;		/* have output to flush */

	struct strmap watch_points;
	uint32_t nr_watches;
	uint32_t nr_transactions;
	struct transaction_list transactions;	/* that may still grow too old, oldest first */
	uint32_t next_tx_id;

	struct tally tally;		/* of the direct change at hand */
	struct changes changes;

	const struct machine_ops *machine;
	void *machine_arg;
	bool trace;			/* CONTROL log on */
};

/* An empty store with the initial contents.  0 or -ENOMEM. */
int store_new(const struct machine_ops *machine, void *arg, struct store **s);
void store_free(struct store *s);	/* with its connections */
/* Recount everything: 0, or -EIO with a line in the log. */
int store_check(struct store *s);

const char *special_name(enum special sp);
int special_by_name(const char *path);	/* enum special, or -ENOENT */

#endif
