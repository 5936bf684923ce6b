/* SPDX-License-Identifier: MIT */
/*
 * Opening an image, finding out its geometry and whether direct I/O works on it, and keeping
 * two domains from writing it at once.
 *
 * The lock is flock(2) on our open file: exclusive for a writer, shared for a reader.  It holds
 * between the disks of this process and between processes, and ends with the descriptor.
 */
#include "config.h"
#include "backends/blk_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backends/blk_medium.h"
#include "backends/blk_request.h"

#define PROBE_BYTES	4096

static int image_lock(struct blk_image *img)
{
	if (flock(img->fd, (img->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0)
		return 0;
	/* A file system without locks is the user's choice; a lock held by another is not. */
	return errno == EWOULDBLOCK ? -EAGAIN : 0;
}

static int blockdev_geometry(struct blk_image *img)
{
	uint64_t bytes;
	unsigned int physical;
	int logical;

	if (ioctl(img->fd, BLKGETSIZE64, &bytes) || ioctl(img->fd, BLKSSZGET, &logical))
		return -errno;
	if (ioctl(img->fd, BLKPBSZGET, &physical))
		physical = (unsigned int)logical;
	if (logical < 512 || logical > 4096 || (logical & (logical - 1)))
		return -EINVAL;
	img->sector_size = (uint32_t)logical;
	img->physical_sector_size = physical;
	img->sectors = (bytes >> BLK_SECTOR_SHIFT) & ~((uint64_t)(logical >> BLK_SECTOR_SHIFT) - 1);
	return 0;
}

static int image_geometry(struct blk_image *img)
{
	struct statfs fs;
	struct stat st;

	if (fstat(img->fd, &st))
		return -errno;
	img->rdev = st.st_rdev;
	img->is_blockdev = S_ISBLK(st.st_mode);
	if (img->is_blockdev)
		return blockdev_geometry(img);
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -ENOTBLK;
	/* 512 whatever lies below: what direct I/O refuses goes through the page cache. */
	img->sector_size = img->physical_sector_size = 512;
	img->sectors = (uint64_t)st.st_size >> BLK_SECTOR_SHIFT;
	if (fstatfs(img->fd, &fs) == 0)
		img->in_memory = fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
	return 0;
}

/* What the file system says of direct I/O.  1: *align; 0: it has none; -1: the kernel cannot tell. */
static int direct_align_said(int fd, uint32_t *align)
{
#ifdef STATX_DIOALIGN
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) || !(stx.stx_mask & STATX_DIOALIGN))
		return -1;
	*align = stx.stx_dio_offset_align > stx.stx_dio_mem_align ?
		stx.stx_dio_offset_align : stx.stx_dio_mem_align;
	return *align ? 1 : 0;
#else
	return -1;
#endif
}

/* Does a read at align work?  It may wait for the disk, so only where nobody tells us. */
static bool direct_works(int fd, uint32_t align)
{
	void *buf;
	ssize_t n;

	if (posix_memalign(&buf, PROBE_BYTES, 2 * PROBE_BYTES))
		return false;
	n = pread(fd, (char *)buf + align % PROBE_BYTES, align, align % PROBE_BYTES);
	free(buf);
	return n >= 0;
}

static void image_open_direct(struct blk_image *img)
{
	uint32_t align = img->sector_size;
	char path[40];
	int said;

	/* Through /proc, so that it is the same file even if the name means another by now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", img->fd);
	img->direct_fd = open(path, (img->readonly ? O_RDONLY : O_RDWR) | O_DIRECT | O_CLOEXEC);
	if (img->direct_fd < 0)
		return;
	said = direct_align_said(img->direct_fd, &align);
	for (; said < 0 && align <= PROBE_BYTES; align *= 2) {
		if (direct_works(img->direct_fd, align)) {
			said = 1;
			break;
		}
	}
	if (said > 0 && align <= PROBE_BYTES && !(align & (align - 1))) {
		img->direct_align = align > img->sector_size ? align : img->sector_size;
		return;
	}
	close(img->direct_fd);
	img->direct_fd = -1;
}

static void explain(char *why, size_t size, const char *path, bool readonly, int rc)
{
	if (rc == -EAGAIN)
		snprintf(why, size, "%s is in use by another domain%s", path,
			 readonly ? " that may write it" : "");
	else if (rc == -ENOTBLK)
		snprintf(why, size, "%s is neither a file nor a block device", path);
	else
		snprintf(why, size, "cannot open %s%s: %s", path,
			 readonly ? "" : " for writing", strerror(-rc));
}

int blk_image_open(struct blk_image *img, const char *path, bool readonly, bool allow_direct,
		   char *why, size_t why_size)
{
	int rc;

	*img = (struct blk_image){ .fd = -1, .direct_fd = -1, .readonly = readonly };
	/* O_NONBLOCK: a FIFO must not hold us up before we see what it is. */
	img->fd = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	rc = img->fd < 0 ? -errno : image_geometry(img);
	if (!rc)
		rc = image_lock(img);
	if (rc) {
		explain(why, why_size, path, readonly, rc);
		blk_image_close(img);
		return rc;
	}
	fcntl(img->fd, F_SETFL, fcntl(img->fd, F_GETFL) & ~O_NONBLOCK);
	if (allow_direct && !img->in_memory)
		image_open_direct(img);
	img->can_discard = !readonly && !img->is_blockdev;
	return 0;
}

void blk_image_close(struct blk_image *img)
{
	if (img->medium)
		img->medium->ops->close(img->medium);
	img->medium = NULL;
	if (img->direct_fd >= 0)
		close(img->direct_fd);
	if (img->fd >= 0)
		close(img->fd);
	img->fd = img->direct_fd = -1;
}
