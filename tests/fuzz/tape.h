/* SPDX-License-Identifier: MIT */
/*
 * A fuzzer's input, read from front to end.  Past the end everything is 0, so that a shorter
 * input is the beginning of a longer one.
 */
#ifndef TESTS_FUZZ_TAPE_H
#define TESTS_FUZZ_TAPE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tape {
	const uint8_t *p;
	size_t left;
};

static inline void tape_bytes(struct tape *t, void *dst, size_t n)
{
	size_t have = n < t->left ? n : t->left;

	memset(dst, 0, n);
	if (have)
		memcpy(dst, t->p, have);
	t->p += have;
	t->left -= have;
}

static inline uint8_t tape_u8(struct tape *t)
{
	uint8_t v;

	tape_bytes(t, &v, sizeof(v));
	return v;
}

static inline uint16_t tape_u16(struct tape *t)
{
	uint16_t v;

	tape_bytes(t, &v, sizeof(v));
	return v;
}

static inline uint32_t tape_u32(struct tape *t)
{
	uint32_t v;

	tape_bytes(t, &v, sizeof(v));
	return v;
}

static inline uint64_t tape_u64(struct tape *t)
{
	uint64_t v;

	tape_bytes(t, &v, sizeof(v));
	return v;
}

/* What a checker says before it stops the fuzzer. */
#define FUZZ_CHECK(cond, ...) do { \
	if (!(cond)) { \
		fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond); \
		fprintf(stderr, __VA_ARGS__); \
		fputc('\n', stderr); \
		abort(); \
	} \
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
