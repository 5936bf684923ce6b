/* SPDX-License-Identifier: MIT */
/* A medium behind an NBD server: libnbd's asynchronous interface in our event loop. */
#ifndef PVN_BACKENDS_BLK_NBD_H
#define PVN_BACKENDS_BLK_NBD_H

#include <stdbool.h>

#include "backends/blk_image.h"

struct blk_medium;
struct pvn_loop;

struct blk_nbd_want {
	struct pvn_loop *loop;
	int sock;		/* connected; belongs to the medium from here on, whatever happens */
	int lifetime;		/* closed with the medium: its helper ends then; -1: none */
	const char *place;	/* for messages */
	const char *export;
	unsigned int domid, devid;
	bool readonly;
};

/* The handshake is over: 0, or -errno with why, a line for the user.  Not from inside of blk_nbd_open. */
typedef void blk_nbd_ready_cb(void *arg, int rc, const char *why);

/* 0: cb follows, unless the medium is closed before; or -errno. */
int blk_nbd_open(const struct blk_nbd_want *want, blk_nbd_ready_cb *cb, void *arg,
		 struct blk_medium **out);

/* After the handshake: size, sectors, what the server can do.  Also makes the medium img's. */
void blk_nbd_describe(struct blk_medium *m, struct blk_image *img);

#endif
