/* SPDX-License-Identifier: MIT */
/* What a virtual disk stands on: a raw file, a block device, or a medium of another kind. */
#ifndef PVN_BACKENDS_BLK_IMAGE_H
#define PVN_BACKENDS_BLK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct blk_medium;

struct blk_image {
	struct blk_medium *medium;	/* NULL: the file or block device below; else neither is open */
	int fd;			/* through the page cache; also holds the lock */
	int direct_fd;		/* O_DIRECT; -1: the file system has none */
	bool readonly;
	bool in_memory;		/* tmpfs, ramfs: never blocks for a device */
	bool is_blockdev;
	bool can_discard;
	bool no_flush;		/* nothing here makes what was written durable: do not promise it */
	uint32_t direct_align;	/* bytes: offset, length and address of direct I/O */
	uint32_t sector_size, physical_sector_size;
	uint64_t sectors;	/* of 512 bytes */
	dev_t rdev;
};

/*
 * Open path.  0; -EAGAIN: somebody else has it, writable (readonly: or somebody writes it);
 * or -errno.  On error *why is a line for the user.  allow_direct false: never O_DIRECT.
 */
int blk_image_open(struct blk_image *img, const char *path, bool readonly, bool allow_direct,
		   char *why, size_t why_size);
void blk_image_close(struct blk_image *img);

#endif
