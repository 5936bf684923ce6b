/* SPDX-License-Identifier: MIT */
/*
 * Permissions of a node: "n0", "r5", ... on the wire, an immutable counted array inside.
 *
 * The first entry names the owner and what everybody not named has; the others grant.  An
 * entry is for the domain that had the domid when the list was written (gen), not for a later
 * one that got the same number.
 */
#ifndef XENSTORED_PERMS_H
#define XENSTORED_PERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct conn;

#define PERM_READ	1U
#define PERM_WRITE	2U
#define PERM_OWNER	4U
#define PERM_ALL	(PERM_READ | PERM_WRITE | PERM_OWNER)

struct perm {
	uint16_t domid;
	uint16_t bits;		/* PERM_READ | PERM_WRITE */
};

struct perms {
	uint32_t refs;
	uint32_t nr;
	uint64_t gen;		/* when it was written */
	struct perm p[];
};

struct perms *perms_new(const struct perm *p, uint32_t nr, uint64_t gen);	/* NULL: -ENOMEM */
struct perms *perms_get(struct perms *p);
void perms_put(struct perms *p);		/* NULL is fine */

static inline uint16_t perms_owner(const struct perms *p)
{
	return p->p[0].domid;
}

/* What conn may do with a node of these permissions: PERM_*. */
unsigned perms_for(const struct conn *c, const struct perms *p);

/* What a new node below one with parent gets when c creates it.  A new reference, or NULL: -ENOMEM. */
struct perms *perms_inherit(const struct conn *c, struct perms *parent);

/* Is the entry i for a domain that is there and was there when p was written? */
bool perms_entry_valid(struct store *s, const struct perms *p, uint32_t i);

/* "r5" NUL "n0" NUL ... of len bytes.  -EINVAL; -ENOMEM.  Domids that exist become known to the
 * store, so that the entries can be told from those of a later domain. */
int perms_parse(struct store *s, const char *text, size_t len, struct perms **p);
/* The wire form into buf of size bytes.  Its length, or -E2BIG. */
int perms_format(struct store *s, const struct perms *p, char *buf, size_t size);

#endif
