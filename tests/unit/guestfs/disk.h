/* SPDX-License-Identifier: MIT */
/* A block device of the guest kernel over an image file or over memory, for tests. */
#ifndef GUESTFS_DISK_H
#define GUESTFS_DISK_H

#include <pv/blk.h>

struct disk {
	struct blkdev dev;
	int fd;
	uint8_t *mem;		/* instead of fd */
	uint64_t fail_sector;	/* transfers that touch it fail with -EIO; UINT64_MAX: none */
	bool fail_writes;
	uint64_t requests, flushes, largest;	/* largest: sectors of one transfer */
	uint64_t budget;	/* transfers allowed before everything fails; 0: no limit */
};

/* A device named name. path NULL: bytes of memory at mem. threads: completions come from other
 * threads, as from a backend, else before submit returns. Exits on failure. */
struct disk *disk_open(const char *name, const char *path, void *mem, uint64_t bytes,
		       unsigned threads);
void disk_close(struct disk *d);

#endif
