/* SPDX-License-Identifier: MIT */
/*
 * Opening what a disk's nodes in the store name: a file or block device, an NBD server, or an image
 * of another format behind a helper.  May block, for seconds: the opener's work (blk_opener.h).
 */
#ifndef PVN_BACKENDS_BLK_PLACE_H
#define PVN_BACKENDS_BLK_PLACE_H

#include <stdbool.h>

#include "backends/blk_image.h"

/* What the control domain wrote below backend/vbd/DOMID/DEVID. */
struct blk_spec {
	char params[1400];
	char format[16];	/* "raw" and others by their names in xl-disk-configuration(5) */
	bool readonly, discard, direct_io_safe;
	bool allow_direct;
};

struct blk_opened {
	struct blk_image image;		/* sock < 0: complete */
	int sock;			/* connected to an NBD server, >= 0: the handshake is to be done */
	int lifetime;			/* the helper lives while this is open; -1 */
	char export[1024];
	char target[1400];		/* physical-device-path, or "" */
	char why[256];			/* of an error: a line for the user */
};

/* Value of a node, to be freed, or NULL. */
typedef char *blk_node_fn(void *arg, const char *node);

/* 0 or -errno with why, which may be NULL. */
int blk_spec_read(struct blk_spec *spec, blk_node_fn *node, void *arg, char *why, size_t why_size);

/* 0; -EAGAIN: it is in use, maybe not for long; or -errno.  On error o->why, and nothing is open. */
int blk_place_open(const struct blk_spec *spec, struct blk_opened *o);
void blk_place_close(struct blk_opened *o);

/* blk_helper.c: qemu-nbd for one image; fills sock, lifetime and target. */
int blk_helper_open(const struct blk_spec *spec, struct blk_opened *o);

#endif
