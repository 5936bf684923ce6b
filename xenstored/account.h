/* SPDX-License-Identifier: MIT */
/* How many nodes and bytes a change gives to and takes from domains, before it is applied. */
#ifndef XENSTORED_ACCOUNT_H
#define XENSTORED_ACCOUNT_H

#include <stdint.h>

struct store;
struct node;
struct perms;

struct tally_row {
	uint16_t domid;
	int64_t nodes;
	int64_t bytes;
};

struct tally {
	struct tally_row *rows;
	uint32_t nr, size;
};

/* What a node of perms with a name and a value of these lengths costs its owner. */
int64_t node_cost(const struct perms *p, uint32_t name_len, uint32_t value_len);

/* Owner of perms gets so much more.  0 or -ENOMEM. */
int tally_add(struct store *s, struct tally *t, const struct perms *p, int64_t nodes, int64_t bytes);
const struct tally_row *tally_row(const struct tally *t, uint16_t domid);	/* NULL: nothing */
void tally_apply(struct store *s, struct tally *t);	/* into the domains; t is empty then */
void tally_reset(struct tally *t);
void tally_free(struct tally *t);

#endif
