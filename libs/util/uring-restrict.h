/* SPDX-License-Identifier: MIT */
/*
 * A ring that can do only what its owner does.  io_uring carries its operations out past any system
 * call filter: a ring that may do everything would be a way around one.
 */
#ifndef PVN_UTIL_URING_RESTRICT_H
#define PVN_UTIL_URING_RESTRICT_H

#include <stdint.h>

struct io_uring;

struct pvn_uring_limits {
	const uint8_t *ops;		/* IORING_OP_* */
	unsigned int nr_ops;
	const uint8_t *registers;	/* IORING_REGISTER_* that may be asked for later */
	unsigned int nr_registers;
};

/*
 * Of a ring made with IORING_SETUP_R_DISABLED: restrict and enable it.  A kernel before 5.10 has no
 * such thing: -errno, and then the ring must not be used.
 */
int pvn_uring_restrict(struct io_uring *ring, const struct pvn_uring_limits *limits);

#endif
