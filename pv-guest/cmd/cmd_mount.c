/* SPDX-License-Identifier: MIT */
/* Commands: mount, umount, df, sync, lsblk. */
#include <pv/bcache.h>
#include "cmd.h"

static int list_mounts(void)
{
	struct vfs_mountinfo m;

	for (unsigned i = 0; !vfs_mount_get(i, &m); i++)
		printf("%s on %s type %s (%s)\n", m.source, m.path, m.type, m.rdonly ? "ro" : "rw");
	return 0;
}

static int cmd_mount(int argc, char **argv)
{
	const char *type = NULL, *source, *path;
	bool rdonly = false;
	int i, ret;

	if (argc == 1)
		return list_mounts();
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-r"))
			rdonly = true;
		else if (!strcmp(argv[i], "-t") && i + 1 < argc)
			type = argv[++i];
		else
			break;
	}
	if (argc - i != 2) {
		eprintf("usage: mount [-r] [-t TYPE] SOURCE DIR\n");
		return 2;
	}
	source = argv[i];
	path = argv[i + 1];
	ret = vfs_mount(strcmp(source, "none") ? source : NULL, path, type, rdonly);
	if (ret) {
		eprintf("mount: %s on %s: %s\n", source, path,
			ret == -EINVAL ? "not a file system this kernel can mount, see dmesg" :
					 error_text(ret));
		return 1;
	}
	return 0;
}
SHELL_COMMAND("mount", cmd_mount, "[[-r] [-t TYPE] SOURCE DIR] - mount, or list mounts");

static int cmd_umount(int argc, char **argv)
{
	int status = argc < 2 ? 2 : 0;

	for (int i = 1; i < argc; i++) {
		int ret = vfs_umount(argv[i]);

		if (ret)
			status = cmd_fail("umount", argv[i], ret == -EINVAL ? -ENOENT : ret);
	}
	return status;
}
SHELL_COMMAND("umount", cmd_umount, "DIR... - unmount");

static int cmd_df(int argc, char **argv)
{
	struct vfs_mountinfo m;
	struct vfs_statfs st;

	printf("%-12s %-6s %10s %10s %10s %8s %s\n", "source", "type", "KiB", "used", "free",
	       "inodes", "on");
	for (unsigned i = 0; !vfs_mount_get(i, &m); i++) {
		uint64_t kib;

		if (vfs_statfs(m.path, &st) || !st.blocks)
			continue;
		kib = st.bsize / 1024;
		printf("%-12s %-6s %10llu %10llu %10llu %8llu %s\n", m.source, m.type,
		       (unsigned long long)(st.blocks * kib),
		       (unsigned long long)((st.blocks - st.bfree) * kib),
		       (unsigned long long)(st.bavail * kib), (unsigned long long)st.ffree, m.path);
	}
	return 0;
}
SHELL_COMMAND("df", cmd_df, "- space on mounted file systems");

static int cmd_sync(int argc, char **argv)
{
	int ret = vfs_sync();

	return ret ? cmd_fail("sync", "/", ret) : 0;
}
SHELL_COMMAND("sync", cmd_sync, "- write back what is only in memory");

static int cmd_lsblk(int argc, char **argv)
{
	struct bcache_stats s;
	struct blkdev *dev;

	blk_find("");	/* waits for what boot found */
	for (unsigned i = 0; (dev = blk_get(i)); i++)
		printf("%-8s %llu sectors %llu MiB sector %u segments %u%s%s%s%s\n", dev->name,
		       (unsigned long long)dev->sectors, (unsigned long long)(dev->sectors >> 11),
		       dev->sector_size, dev->max_segs, dev->rdonly ? " ro" : "",
		       dev->can_flush ? " flush" : "", dev->mounted ? " mounted" : "",
		       dev->gone ? " gone" : "");
	bcache_get_stats(&s);
	printf("cache: %llu of %llu pages, %llu dirty, %llu hits, %llu misses, %llu reads, %llu writes\n",
	       (unsigned long long)s.pages, (unsigned long long)s.max_pages,
	       (unsigned long long)s.dirty, (unsigned long long)s.hits,
	       (unsigned long long)s.misses, (unsigned long long)s.reads,
	       (unsigned long long)s.writes);
	return 0;
}
SHELL_COMMAND("lsblk", cmd_lsblk, "- block devices and the cache");
