/* SPDX-License-Identifier: MIT */
/*
 * The opener: a process beside the backend that may open files, connect sockets and start helpers,
 * so that the backend itself, which reads what domains write, may do none of it (blk_sandbox.c).
 *
 * It is asked for a device by domain and number, never for a path: it reads the disk's nodes itself,
 * and opens nothing unless they belong to the control domain and to nobody else's pen.
 */
#ifndef PVN_BACKENDS_BLK_OPENER_H
#define PVN_BACKENDS_BLK_OPENER_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/blk_place.h"

struct blk_opener;
struct pvn_loop;

/* Fork it: early, while we are small and have nothing open.  0 or -errno. */
int blk_opener_start(struct blk_opener **out);

/* Hear its answers in the loop.  0 or -errno. */
int blk_opener_listen(struct blk_opener *op, struct pvn_loop *loop);
/* From now on it answers the connect() calls of our sandbox; notify is closed here. */
int blk_opener_supervise(struct blk_opener *op, int notify);
void blk_opener_stop(struct blk_opener *op);	/* it ends, the helpers of media do when these are closed */

/* rc and o as blk_place_open() has them; what is open in o is the callee's. */
typedef void blk_opener_cb(void *arg, int rc, struct blk_opened *o);

/* Ask for a disk.  A number > 0 for blk_opener_forget(), or -errno. */
int64_t blk_opener_ask(struct blk_opener *op, unsigned int domid, unsigned int devid, bool allow_direct,
		       blk_opener_cb *cb, void *arg);
void blk_opener_forget(struct blk_opener *op, int64_t number);	/* its callback will not be called */

#endif
