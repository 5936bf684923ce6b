/* SPDX-License-Identifier: MIT */
/*
 * What can be known to be wrong before a domain is made: kernel, ramdisk, disks, memory, name.
 * Called by create; everything here only looks, so a failure has nothing to undo.  What it finds
 * may change before it is used: whoever uses it checks again.
 */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "toolstack/builder/builder.h"
#include "toolstack/lib/toolstack.h"

#define SECTOR		512
#define WHERE_BYTES	(PATH_MAX + 32)

/* Size of an open file or block device in bytes, or -errno. */
static int64_t media_size(int fd)
{
	struct stat st;
	uint64_t bytes;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISREG(st.st_mode))
		return st.st_size;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	if (ioctl(fd, BLKGETSIZE64, &bytes))
		return -errno;
	return bytes;
}

int disk_preflight(struct toolstack *t, const struct domain_config *c, const struct disk_config *d)
{
	char where[WHERE_BYTES];
	int64_t bytes;
	int fd;

	if (d->target[0] != '/')	/* a server: only asking it would tell, which the backend does */
		return 0;
	domain_config_where(c, d->line, where, sizeof(where));
	/* O_NONBLOCK: a FIFO or a drive without a medium must not hold us up. */
	fd = open(d->target, (d->readwrite ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return ts_fail(t, -errno, "%s: disk %s: cannot open %s for %s: %s", where, d->vdev,
			       d->target, d->readwrite ? "writing" : "reading", strerror(errno));
	bytes = media_size(fd);
	close(fd);
	if (bytes == -ENOTBLK)
		return ts_fail(t, -ENOTBLK, "%s: disk %s: %s is neither a file nor a block device",
			       where, d->vdev, d->target);
	if (bytes < 0)
		return ts_fail(t, bytes, "%s: disk %s: %s: no size: %s", where, d->vdev, d->target,
			       strerror(-bytes));
	if (bytes < SECTOR)
		return ts_fail(t, -EINVAL, "%s: disk %s: %s is empty; a disk has at least %d bytes",
			       where, d->vdev, d->target, SECTOR);
	return 0;
}

static int check_ramdisk(struct toolstack *t, const struct domain_config *c)
{
	char where[WHERE_BYTES];
	struct stat st;
	int fd, ret = 0;

	if (!c->ramdisk)
		return 0;
	domain_config_where(c, c->ramdisk_line, where, sizeof(where));
	fd = open(c->ramdisk, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return ts_fail(t, -errno, "%s: ramdisk: cannot open %s: %s", where, c->ramdisk,
			       strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		ret = ts_fail(t, -EINVAL, "%s: ramdisk: %s is not a file", where, c->ramdisk);
	close(fd);
	return ret;
}

static int check_p9(struct toolstack *t, const struct domain_config *c, const struct p9_config *p9)
{
	char where[WHERE_BYTES];
	struct stat st;

	domain_config_where(c, p9->line, where, sizeof(where));
	if (stat(p9->path, &st))
		return ts_fail(t, -errno, "%s: p9 %s: cannot share %s: %s", where, p9->tag, p9->path,
			       strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return ts_fail(t, -ENOTDIR, "%s: p9 %s: %s is not a directory", where, p9->tag, p9->path);
	return 0;
}

int domain_check_memory(struct toolstack *t, const struct domain_config *c)
{
	struct xen_sysctl_physinfo info;
	int ret = pvn_ctl_physinfo(t->ctl, &info);
	char where[WHERE_BYTES];
	uint64_t free_kib;

	if (ret < 0)
		return ts_fail(t, ret, "paravaned: physinfo: %s", strerror(-ret));
	free_kib = info.free_pages << 2;
	if (c->memory_kib <= free_kib)
		return 0;
	return ts_fail(t, -ENOMEM, "%s: memory: %llu MiB is more than the host has free (%llu MiB); "
		       "`xl info free_memory' shows it",
		       domain_config_where(c, c->memory_line, where, sizeof(where)),
		       (unsigned long long)c->memory_kib >> 10, (unsigned long long)free_kib >> 10);
}

int domain_preflight(struct toolstack *t, const struct domain_config *c)
{
	char why[512] = "", where[WHERE_BYTES];
	unsigned int i;
	int ret = pvn_kernel_check(c->kernel, why, sizeof(why));

	if (ret)
		return ts_fail(t, ret, "%s: kernel: %s",
			       domain_config_where(c, c->kernel_line, where, sizeof(where)),
			       why[0] ? why : strerror(-ret));
	ret = check_ramdisk(t, c);
	for (i = 0; !ret && i < c->nr_disks; i++)
		ret = disk_preflight(t, c, &c->disks[i]);
	for (i = 0; !ret && i < c->nr_p9s; i++)
		ret = check_p9(t, c, &c->p9s[i]);
	return ret;
}
