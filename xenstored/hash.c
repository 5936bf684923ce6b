/* SPDX-License-Identifier: MIT */
/*
 * The hash table of the store.  Called by the watches and the transactions; the keys are
 * guests' paths, hence the keyed hash (SipHash-1-3 by its published definition).
 */
#include "xenstored/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t secret[2];

static void secret_init(void)
{
	if (secret[0] | secret[1])
		return;
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		secret[0] = (uintptr_t)&secret;	/* address space layout is the next best */
	secret[0] |= 1;
}

static uint64_t rotl(uint64_t x, int b)
{
	return (x << b) | (x >> (64 - b));
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

uint64_t str_hash(const char *s, size_t len)
{
	uint64_t v[4], w;
	size_t left = len;

	secret_init();
	v[0] = secret[0] ^ 0x736f6d6570736575ULL;
	v[1] = secret[1] ^ 0x646f72616e646f6dULL;
	v[2] = secret[0] ^ 0x6c7967656e657261ULL;
	v[3] = secret[1] ^ 0x7465646279746573ULL;
	for (; left >= 8; left -= 8, s += 8) {
		memcpy(&w, s, 8);
		v[3] ^= w;
		sip_round(v);
		v[0] ^= w;
	}
	w = (uint64_t)len << 56;
	for (; left > 0; left--)
		w |= (uint64_t)(unsigned char)s[left - 1] << (8 * (left - 1));
	v[3] ^= w;
	sip_round(v);
	v[0] ^= w;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t random_u32(void)
{
	static uint64_t x;

	secret_init();
	/* xorshift64*: enough for the balance of a treap whose seed is secret */
	if (!x)
		x = secret[0] ^ rotl(secret[1], 32);
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return (uint32_t)((x * 0x2545f4914f6cdd1dULL) >> 32);
}

struct strmap_entry *strmap_find(const struct strmap *m, const char *key, size_t len)
{
	struct strmap_entry *e;
	uint64_t h;

	if (!m->nr)
		return NULL;
	h = str_hash(key, len);
	for (e = m->slots[h & (m->nr_slots - 1)]; e; e = e->next)
		if (e->hash == h && e->len == len && !memcmp(e->key, key, len))
			return e;
	return NULL;
}

static int strmap_grow(struct strmap *m)
{
	uint32_t nr = m->nr_slots ? m->nr_slots * 2 : 16, i;
	struct strmap_entry **slots = calloc(nr, sizeof(*slots)), *e;

	if (!slots)
		return -ENOMEM;
	for (i = 0; i < m->nr_slots; i++)
		while ((e = m->slots[i])) {
			m->slots[i] = e->next;
			e->next = slots[e->hash & (nr - 1)];
			slots[e->hash & (nr - 1)] = e;
		}
	free(m->slots);
	m->slots = slots;
	m->nr_slots = nr;
	return 0;
}

int strmap_add(struct strmap *m, struct strmap_entry *e, const char *key, size_t len)
{
	struct strmap_entry **slot;

	/* A full table is slow, not wrong: only the first slots are a must. */
	if (m->nr >= m->nr_slots && strmap_grow(m) && !m->nr_slots)
		return -ENOMEM;
	e->key = key;
	e->len = (uint32_t)len;
	e->hash = str_hash(key, len);
	slot = &m->slots[e->hash & (m->nr_slots - 1)];
	e->next = *slot;
	*slot = e;
	m->nr++;
	return 0;
}

void strmap_del(struct strmap *m, struct strmap_entry *e)
{
	struct strmap_entry **p = &m->slots[e->hash & (m->nr_slots - 1)];

	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	m->nr--;
}

void strmap_each(struct strmap *m, void (*fn)(struct strmap_entry *e, void *arg), void *arg)
{
	struct strmap_entry *e, *next;
	uint32_t i;

	for (i = 0; i < m->nr_slots; i++)
		for (e = m->slots[i]; e; e = next) {
			next = e->next;
			fn(e, arg);
		}
}

void strmap_free(struct strmap *m)
{
	free(m->slots);
	*m = (struct strmap){ 0 };
}
