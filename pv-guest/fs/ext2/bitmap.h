/* SPDX-License-Identifier: MIT */
/* Bits of a block or inode bitmap: bit i is bit i % 8 of byte i / 8. */
#ifndef PV_EXT2_BITMAP_H
#define PV_EXT2_BITMAP_H

#include <pv/types.h>

static inline bool bitmap_test(const uint8_t *map, uint32_t bit)
{
	return map[bit / 8] & (1U << (bit % 8));
}

static inline void bitmap_set(uint8_t *map, uint32_t bit)
{
	map[bit / 8] |= 1U << (bit % 8);
}

static inline void bitmap_clear(uint8_t *map, uint32_t bit)
{
	map[bit / 8] &= ~(1U << (bit % 8));
}

/* The first zero bit in [from, end), or end. */
static inline uint32_t bitmap_find_zero(const uint8_t *map, uint32_t from, uint32_t end)
{
	while (from < end) {
		if (from % 8 == 0 && map[from / 8] == 0xff) {
			from += 8;
			continue;
		}
		if (!bitmap_test(map, from))
			return from;
		from++;
	}
	return end;
}

#endif
