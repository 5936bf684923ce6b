/* SPDX-License-Identifier: MIT */
/*
 * Strings to entries: the hash table of the store, for watches and for transactions.
 * The hash is keyed with a secret of this process, since guests choose the strings.
 */
#ifndef XENSTORED_HASH_H
#define XENSTORED_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Embedded in the thing found; key is not copied and must live as long as the entry. */
struct strmap_entry {
	struct strmap_entry *next;
	uint64_t hash;
	const char *key;
	uint32_t len;
};

struct strmap {
	struct strmap_entry **slots;
	uint32_t nr_slots;	/* 0 or a power of two */
	uint32_t nr;
};

uint64_t str_hash(const char *s, size_t len);

/* A number an outsider cannot foresee. */
uint32_t random_u32(void);

struct strmap_entry *strmap_find(const struct strmap *m, const char *key, size_t len);
int strmap_add(struct strmap *m, struct strmap_entry *e, const char *key, size_t len); /* 0, -ENOMEM */
void strmap_del(struct strmap *m, struct strmap_entry *e);
/* Call fn(e, arg) for every entry; fn may free it when the map is not used any more. */
void strmap_each(struct strmap *m, void (*fn)(struct strmap_entry *e, void *arg), void *arg);
void strmap_free(struct strmap *m);	/* the slots, not the entries */

#endif
