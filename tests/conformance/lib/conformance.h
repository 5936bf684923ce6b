/* SPDX-License-Identifier: MIT */
/*
 * What a conformance case is written with: see tests/conformance/README.
 *
 * A case is one PV guest.  It asks the hypervisor something, notes what it was told by answer(), and ends
 * by one of the four outcomes.  The same binary runs on Paravane and on Xen; what Xen
 * answered is kept in tests/conformance/answers/, so a case needs no expectation of its own for values
 * that Xen can be asked for.  CHECK is for what must hold on both.
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include "tests/guests/lib/guest.h"

/* --- what the case provides --- */
extern const char test_title[];		/* one line: the behaviour, in plain words */
void test_main(void);			/* guest-kernel mode; traps, upcall and shared_info are set up */

/* --- what it notes: compared with Xen's recorded answer of the same key --- */
/* Keys are [a-z0-9_.-]+, each answered once.  Values must not depend on the machine, the domain
 * id, addresses or time.  -1..-133 is written as an errno's name. */
void answer(const char *key, uint64_t value);
void answer_str(const char *key, const char *value);	/* printable, one line */
/* What a grant operation came to: ret if that is an error, else its status as a number (-3: bad_gntref). */
void answer_status(const char *key, uint64_t ret, int16_t status);
/* One grant operation on the structure s, and its status. */
#define answer_gnttab(key, cmd, s)						\
	do { uint64_t ret_ = (uint64_t)HC(grant_table_op, (long)GNTTABOP_##cmd, (long)&(s), 1L);	\
		answer_status(key, ret_, (s).status); } while (0)
/* The registers a trap handler found (vector, error code, mask, selectors, flags that matter; not rip, rsp). */
void answer_trap(const char *key, const struct regs *r);
/* Run fn(arg) and answer what it ended by: KEY = none, or vector, error code. */
bool answer_caught(const char *key, void (*fn)(void *), void *arg);

/* --- how it ends --- */
/* Success < skip < error < failure: the worst of what was said is the verdict.  Each ends the case. */
void test_success(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The CPU or the machine lacks what the case needs. */
void test_skip(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The case could not be set up: says nothing about the behaviour. */
void test_error(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void test_failure(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* Say before doing what must get the domain crashed by the hypervisor; to live on is a failure.
 * The case's opening comment has `expect: crash`. */
void test_crash_next(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A failure if cond does not hold; the case goes on. */
void check_failed(const char *file, int line, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#define CHECK(cond, ...)							\
	do { if (!(cond)) check_failed(__FILE__, __LINE__, #cond, " " __VA_ARGS__); } while (0)
#define CHECK_EQ(got, want)							\
	do { long got_ = (long)(got), want_ = (long)(want); if (got_ != want_)	\
		check_failed(__FILE__, __LINE__, #got " == " #want, "is %ld (%#lx), not %ld",	\
			     got_, (unsigned long)got_, want_); } while (0)

/* --- cases of two domains (`domains: 2`): the same binary twice --- */
domid_t self_id(void);			/* this domain's id, from the store; works in any case */
unsigned role(void);			/* 0 or 1: 0 was made first */
domid_t peer_id(void);			/* the other's domain id; waits until it is known */
/* A number under KEY that the other can fetch; peer_get waits for it, and ends with an error if
 * it does not come within 20 s.  A pair of them is a meeting point.  They use the store ring,
 * so a case that breaks its event channels or grants does so after the last of them. */
void peer_put(const char *key, uint64_t value);
uint64_t peer_get(const char *key);

#endif
