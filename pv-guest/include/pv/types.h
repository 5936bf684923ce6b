/* SPDX-License-Identifier: MIT */
/*
 * Base types and helpers every other header of the guest kernel stands on.
 * All of them compile on the host too (unit tests): where a name is libc's, the host's is used.
 */
#ifndef PV_TYPES_H
#define PV_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if __STDC_HOSTED__
#include <sys/types.h>
#else
typedef long ssize_t;
#endif

#define PAGE_SHIFT	12
#define PAGE_SIZE	4096UL
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ROUND_UP(x, n)	(((x) + (n) - 1) / (n) * (n))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#define MIN(a, b)	({ __typeof__(a) min_a = (a); __typeof__(b) min_b = (b); \
			   min_a < min_b ? min_a : min_b; })
#define MAX(a, b)	({ __typeof__(a) max_a = (a); __typeof__(b) max_b = (b); \
			   max_a > max_b ? max_a : max_b; })

#define NSEC_PER_SEC	1000000000UL
#define NSEC_PER_MSEC	1000000UL
#define NSEC_PER_USEC	1000UL

#endif
