/* SPDX-License-Identifier: MIT */
/*
 * File systems at boot and at the end: the cache, the root, /dev, and the thread that
 * writes back.
 *
 * Called by the kernel's init levels. A root that cannot be mounted is no reason to die: the
 * console gets a shell on an empty ramfs and the log says why.
 */
#include "cpio.h"
#include "vfs_fs.h"
#include <pv/bcache.h>
#include <pv/init.h>
#include <pv/shell.h>
#include <pv/time.h>
#include <pv/xenbus.h>

#define CACHE_SHARE		4		/* of RAM: one part in 4 */
#define SYNC_INTERVAL_NS	(5 * NSEC_PER_SEC)
#define DISKS_WAIT_NS		(5 * NSEC_PER_SEC)

static void mount_dev(void)
{
	int ret = vfs_mkdir("/dev", 0755);

	if (!ret || ret == -EEXIST)
		ret = vfs_mount(NULL, "/dev", "devfs", false);
	if (ret && ret != -EROFS)
		printk("fs: no /dev: %s\n", error_text(ret));
}

int fs_boot(const char *root, bool rdonly, const void *initrd, size_t initrd_bytes)
{
	int ret = -ENOENT, r;

	if (root && *root) {
		ret = vfs_mount(root, "/", NULL, rdonly);
		if (ret)
			printk("fs: cannot mount root %s: %s\n", root, error_text(ret));
		else
			printk("fs: %s is the root file system\n", root);
	}
	if (ret) {
		r = vfs_mount(NULL, "/", "ramfs", false);
		if (r)
			return r;
		r = initrd ? cpio_unpack(initrd, initrd_bytes) : 0;
		if (!root || !*root)
			ret = r;
	}
	mount_dev();
	return ret;
}

#if !__STDC_HOSTED__
static void sync_thread(void *arg)
{
	struct bcache_stats s;

	for (;;) {
		sleep_ns(SYNC_INTERVAL_NS);
		bcache_get_stats(&s);
		if (s.dirty)
			vfs_sync();
	}
}

/* What > and >> of the shell write to. */
static int redirect_open(const char *path, bool append, void **file)
{
	struct file *f;
	int ret = vfs_open(path, VFS_WRONLY | VFS_CREAT | (append ? VFS_APPEND : VFS_TRUNC), 0644,
			   &f);

	if (!ret)
		*file = f;
	return ret;
}

static ssize_t redirect_write(void *file, const void *buf, size_t n)
{
	int64_t ret = vfs_write(file, buf, n);

	return ret >= 0 && (size_t)ret < n ? -ENOSPC : ret;
}

static int redirect_close(void *file)
{
	return vfs_close(file);
}

static const struct shell_file_ops redirect_ops = {
	.open = redirect_open,
	.write = redirect_write,
	.close = redirect_close,
};

static int cache_start(void)
{
	struct mem_stats mem;

	mem_stats(&mem);
	return bcache_init(mem.total_pages * PAGE_SIZE / CACHE_SHARE);
}
INITCALL(INIT_DRIVER, cache_start);

static void wait_for_disks(void)
{
	xenbus_settle(DISKS_WAIT_NS);
}

static int fs_start(void)
{
	const char *root = cmdline_get("root");
	size_t bytes = 0;
	const void *initrd = boot_initrd(&bytes);
	int ret;

	blk_set_wait(wait_for_disks);
	ret = fs_boot(root, !cmdline_has("rw"), initrd, bytes);
	shell_set_file_ops(&redirect_ops);
	shutdown_hook(fs_shutdown);
	if (!thread_create("sync", sync_thread, NULL))
		return -ENOMEM;
	return ret;
}
INITCALL(INIT_FS, fs_start);
#endif
