/* SPDX-License-Identifier: MIT */
/*
 * The quotas, as one table.  Names and values are those of Xen's daemon, so that
 * `xenstore-control quota` reads the same.  Called by everything that a guest can make grow.
 */
#include "xenstored/quota.h"

#include "xenstored/store.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	const char *text;
	uint32_t value;
	bool soft;
} table[QUOTA_COUNT] = {
	[QUOTA_NODES] = { "nodes", "nodes owned by a domain", 1000, false },
	[QUOTA_WATCHES] = { "watches", "watches of a domain", 128, false },
	[QUOTA_TRANSACTIONS] = { "transactions", "open transactions of a domain", 10, false },
	[QUOTA_TRANS_NODES] = { "transaction-nodes", "nodes accessed in one transaction", 1024, false },
	[QUOTA_NODE_SIZE] = { "node-size", "bytes of one node", 2048, false },
	[QUOTA_PERMS] = { "node-permissions", "permission entries of one node", 5, false },
	[QUOTA_PATH] = { "path-max", "length of a path", 2048, false },
	[QUOTA_OUTSTANDING] = { "outstanding", "requests whose replies were not taken", 20, false },
	[QUOTA_MEMORY_HARD] = { "memory", "bytes of a domain, hard", 2560 * 1024, false },
	[QUOTA_MEMORY_SOFT] = { "memory", "bytes of a domain, soft", 2048 * 1024, true },
};

const char *quota_name(enum quota q)
{
	return table[q].name;
}

const char *quota_text(enum quota q)
{
	return table[q].text;
}

bool quota_is_soft(enum quota q)
{
	return table[q].soft;
}

int quota_by_name(const char *name)
{
	int q;

	for (q = 0; q < QUOTA_COUNT; q++)
		if (!table[q].soft && !strcmp(table[q].name, name))
			return q;
	return -EINVAL;
}

void quota_defaults(uint32_t quota[QUOTA_COUNT])
{
	int q;

	for (q = 0; q < QUOTA_COUNT; q++)
		quota[q] = table[q].value;
}

bool quota_exceeded(const struct store *s, enum quota q, uint64_t used)
{
	return s->quota[q] && used > s->quota[q];
}
