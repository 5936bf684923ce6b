/* SPDX-License-Identifier: MIT */
/* Restrictions of an io_uring. */
#include "config.h"
#include "libs/util/uring-restrict.h"

#include <errno.h>
#include <liburing.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_RULES	32

/* liburing has functions for these, but its library in Debian 12 does not export them. */
static int ring_register(struct io_uring *ring, unsigned int op, const void *arg, unsigned int nr)
{
	return syscall(SYS_io_uring_register, ring->ring_fd, op, arg, nr) < 0 ? -errno : 0;
}

int pvn_uring_restrict(struct io_uring *ring, const struct pvn_uring_limits *limits)
{
	struct io_uring_restriction rules[MAX_RULES];
	unsigned int n = 0, i;
	int rc;

	if (limits->nr_ops + limits->nr_registers > MAX_RULES)
		return -E2BIG;
	memset(rules, 0, sizeof(rules));
	for (i = 0; i < limits->nr_ops; i++) {
		rules[n].opcode = IORING_RESTRICTION_SQE_OP;
		rules[n++].sqe_op = limits->ops[i];
	}
	for (i = 0; i < limits->nr_registers; i++) {
		rules[n].opcode = IORING_RESTRICTION_REGISTER_OP;
		rules[n++].register_op = limits->registers[i];
	}
	rc = ring_register(ring, IORING_REGISTER_RESTRICTIONS, rules, n);
	return rc ? rc : ring_register(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}
