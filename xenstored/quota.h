/* SPDX-License-Identifier: MIT */
/* The quotas of unprivileged domains: names, values, and the one comparison. */
#ifndef XENSTORED_QUOTA_H
#define XENSTORED_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum quota {
	QUOTA_NODES,
	QUOTA_WATCHES,
	QUOTA_TRANSACTIONS,
	QUOTA_TRANS_NODES,	/* nodes accessed in one transaction */
	QUOTA_NODE_SIZE,
	QUOTA_PERMS,		/* per node */
	QUOTA_PATH,
	QUOTA_OUTSTANDING,	/* requests whose replies were not taken */
	QUOTA_MEMORY_HARD,
	QUOTA_MEMORY_SOFT,
	QUOTA_COUNT
};

/* The name xenstore-control knows it by, and what it is. */
const char *quota_name(enum quota q);
const char *quota_text(enum quota q);
bool quota_is_soft(enum quota q);
int quota_by_name(const char *name);		/* enum quota, or -EINVAL */
void quota_defaults(uint32_t quota[QUOTA_COUNT]);

/* Is used more than the quota allows?  A quota of 0 allows everything. */
bool quota_exceeded(const struct store *s, enum quota q, uint64_t used);

#endif
