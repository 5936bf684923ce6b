# SPDX-License-Identifier: MIT
# Files, block devices and their commands: the part of the guest kernel above its core.
GUEST_FS_CORE = \
	pv-guest/block/bcache.c pv-guest/block/blk.c pv-guest/block/pool.c pv-guest/block/readahead.c \
	pv-guest/block/vdev_name.c pv-guest/block/writeback.c \
	pv-guest/fs/boot.c pv-guest/fs/cpio.c pv-guest/fs/devfs.c pv-guest/fs/file.c \
	pv-guest/fs/inode.c pv-guest/fs/mount.c pv-guest/fs/path.c pv-guest/fs/ramfs.c \
	pv-guest/fs/ramfs_dir.c pv-guest/fs/ramfs_file.c pv-guest/fs/rename.c pv-guest/fs/walk.c \
	pv-guest/fs/ext2/balloc.c pv-guest/fs/ext2/block.c pv-guest/fs/ext2/bmap.c pv-guest/fs/ext2/check.c \
	pv-guest/fs/ext2/dir.c pv-guest/fs/ext2/file.c pv-guest/fs/ext2/ialloc.c \
	pv-guest/fs/ext2/inode.c pv-guest/fs/ext2/namei.c pv-guest/fs/ext2/super.c \
	pv-guest/fs/ext2/truncate.c
GUEST_FS_COMMANDS = \
	pv-guest/cmd/cmd_cat.c pv-guest/cmd/cmd_copy.c pv-guest/cmd/cmd_dd.c \
	pv-guest/cmd/cmd_ls.c pv-guest/cmd/cmd_make.c pv-guest/cmd/cmd_mount.c \
	pv-guest/cmd/cmd_sha256sum.c pv-guest/cmd/common.c pv-guest/cmd/list_dir.c \
	pv-guest/cmd/sha256.c pv-guest/cmd/tree.c
GUEST_FS_SOURCES = $(GUEST_FS_CORE) $(GUEST_FS_COMMANDS) pv-guest/cmd/bench_blk.c pv-guest/cmd/cmd_blkverify.c \
	pv-guest/drivers/blkfront.c pv-guest/drivers/blkfront_request.c \
	pv-guest/drivers/blkfront_queue.c pv-guest/drivers/blkfront_ring.c pv-guest/drivers/p9front.c \
	pv-guest/fs/p9/dir.c pv-guest/fs/p9/file.c pv-guest/fs/p9/inode.c pv-guest/fs/p9/rpc.c \
	pv-guest/fs/p9/super.c

noinst_HEADERS += pv-guest/include/pv/p9front.h pv-guest/fs/p9/p9fs.h pv-guest/include/pv/bcache.h pv-guest/include/pv/blk.h \
	pv-guest/include/pv/vfs.h pv-guest/cmd/cmd.h pv-guest/cmd/sha256.h \
	pv-guest/drivers/blkfront.h pv-guest/drivers/blkfront_ring.h pv-guest/block/bcache_priv.h pv-guest/fs/cpio.h \
	pv-guest/fs/ramfs.h pv-guest/fs/vfs_fs.h pv-guest/fs/ext2/bitmap.h \
	pv-guest/fs/ext2/ext2.h

# The same code on the host, over a made-up kernel core, against image files.
check_LTLIBRARIES = tests/unit/guestfs/libguestfs.la
tests_unit_guestfs_libguestfs_la_SOURCES = $(GUEST_FS_CORE) \
	tests/unit/guestfs/disk.c tests/unit/guestfs/image.c tests/unit/guestfs/shim.c
tests_unit_guestfs_libguestfs_la_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
tests_unit_guestfs_libguestfs_la_CFLAGS = $(AM_CFLAGS) -fno-strict-aliasing
GUESTFS_TEST_CPPFLAGS = -I$(top_srcdir)/pv-guest/include -I$(top_srcdir)/tests/unit \
	-I$(top_srcdir)/pv-guest -D__XEN_INTERFACE_VERSION__=0x00040e00 -D_GNU_SOURCE
GUESTFS_TESTS = tests/unit/guestfs_bcache tests/unit/guestfs_blkfront tests/unit/guestfs_cmd \
	tests/unit/guestfs_ext2 tests/unit/guestfs_ext2_fuzz tests/unit/guestfs_ext2_model
check_PROGRAMS += $(GUESTFS_TESTS)
UNIT_TESTS += $(GUESTFS_TESTS)
noinst_HEADERS += tests/unit/guestfs/disk.h tests/unit/guestfs/grants.h \
	tests/unit/guestfs/image.h tests/unit/guestfs/shim.h
GUESTFS_TEST_LIBS = tests/unit/guestfs/libguestfs.la $(CRITERION_LIBS) -lpthread
tests_unit_guestfs_bcache_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
tests_unit_guestfs_bcache_LDADD = $(GUESTFS_TEST_LIBS)
tests_unit_guestfs_blkfront_SOURCES = tests/unit/guestfs_blkfront.c \
	tests/unit/guestfs/grants.c pv-guest/drivers/blkfront_request.c \
	pv-guest/drivers/blkfront_ring.c
tests_unit_guestfs_blkfront_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
tests_unit_guestfs_blkfront_CFLAGS = $(AM_CFLAGS) -fno-strict-aliasing
tests_unit_guestfs_blkfront_LDADD = $(GUESTFS_TEST_LIBS)
# What the commands print goes where the test can see it.
tests_unit_guestfs_cmd_SOURCES = tests/unit/guestfs_cmd.c $(GUEST_FS_COMMANDS) \
	pv-guest/lib/datetime.c
tests_unit_guestfs_cmd_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS) \
	'-Dprintf(...)=shim_printf(__VA_ARGS__)'
tests_unit_guestfs_cmd_LDADD = $(GUESTFS_TEST_LIBS)
tests_unit_guestfs_ext2_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
tests_unit_guestfs_ext2_LDADD = $(GUESTFS_TEST_LIBS)
tests_unit_guestfs_ext2_fuzz_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
tests_unit_guestfs_ext2_fuzz_CFLAGS = $(AM_CFLAGS) -fno-strict-aliasing
tests_unit_guestfs_ext2_fuzz_LDADD = $(GUESTFS_TEST_LIBS)
tests_unit_guestfs_ext2_model_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
tests_unit_guestfs_ext2_model_LDADD = $(GUESTFS_TEST_LIBS)
EXTRA_DIST += tests/system/guestfs-disk.sh
