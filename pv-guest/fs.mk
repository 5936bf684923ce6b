# SPDX-License-Identifier: MIT
# Files, block devices and their commands: the part of the guest kernel above its core.
GUEST_FS_CORE = \
	pv-guest/block/bcache.c pv-guest/block/blk.c pv-guest/block/readahead.c \
	pv-guest/block/vdev_name.c pv-guest/block/writeback.c \
	pv-guest/fs/boot.c pv-guest/fs/cpio.c pv-guest/fs/devfs.c pv-guest/fs/file.c \
	pv-guest/fs/inode.c pv-guest/fs/mount.c pv-guest/fs/path.c pv-guest/fs/ramfs.c \
	pv-guest/fs/rename.c pv-guest/fs/walk.c \
	pv-guest/fs/ext2/balloc.c pv-guest/fs/ext2/block.c pv-guest/fs/ext2/bmap.c \
	pv-guest/fs/ext2/dir.c pv-guest/fs/ext2/file.c pv-guest/fs/ext2/ialloc.c \
	pv-guest/fs/ext2/inode.c pv-guest/fs/ext2/namei.c pv-guest/fs/ext2/super.c \
	pv-guest/fs/ext2/truncate.c
GUEST_FS_COMMANDS = \
	pv-guest/cmd/cmd_cat.c pv-guest/cmd/cmd_copy.c pv-guest/cmd/cmd_dd.c \
	pv-guest/cmd/cmd_ls.c pv-guest/cmd/cmd_make.c pv-guest/cmd/cmd_mount.c \
	pv-guest/cmd/cmd_sha256sum.c pv-guest/cmd/common.c pv-guest/cmd/list_dir.c \
	pv-guest/cmd/sha256.c pv-guest/cmd/tree.c
GUEST_FS_SOURCES = $(GUEST_FS_CORE) $(GUEST_FS_COMMANDS) pv-guest/cmd/bench_blk.c \
	pv-guest/drivers/blkfront.c pv-guest/drivers/blkfront_ring.c

noinst_HEADERS += pv-guest/include/pv/bcache.h pv-guest/include/pv/blk.h \
	pv-guest/include/pv/vfs.h pv-guest/cmd/cmd.h pv-guest/cmd/sha256.h \
	pv-guest/drivers/blkfront_ring.h pv-guest/block/bcache_priv.h pv-guest/fs/cpio.h \
	pv-guest/fs/ramfs.h pv-guest/fs/vfs_fs.h pv-guest/fs/ext2/bitmap.h \
	pv-guest/fs/ext2/ext2.h

# The same code on the host, over a made-up kernel core, against image files.
check_LTLIBRARIES = tests/unit/guestfs/libguestfs.la
tests_unit_guestfs_libguestfs_la_SOURCES = $(GUEST_FS_CORE) \
	tests/unit/guestfs/disk.c tests/unit/guestfs/image.c tests/unit/guestfs/shim.c
tests_unit_guestfs_libguestfs_la_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
GUESTFS_TEST_CPPFLAGS = -I$(top_srcdir)/pv-guest/include -I$(top_srcdir)/tests/unit \
	-I$(top_srcdir)/pv-guest
GUESTFS_TESTS = tests/unit/guestfs_ext2
check_PROGRAMS += $(GUESTFS_TESTS)
UNIT_TESTS += $(GUESTFS_TESTS)
noinst_HEADERS += tests/unit/guestfs/disk.h tests/unit/guestfs/image.h \
	tests/unit/guestfs/shim.h
GUESTFS_TEST_LIBS = tests/unit/guestfs/libguestfs.la $(CRITERION_LIBS) -lpthread
tests_unit_guestfs_ext2_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
tests_unit_guestfs_ext2_LDADD = $(GUESTFS_TEST_LIBS)
