/* SPDX-License-Identifier: MIT */
/*
 * ext2: the layout on disk, and what a mounted one keeps in memory.
 *
 * The layout is that of revision 1 as mke2fs writes it (ext2 documentation, "The Second
 * Extended File System"): little-endian, which is this machine's order too.
 *
 * Everything read from the disk is hostile. The superblock and the group descriptors are
 * checked once at mount and used from memory after that; inodes, directories, bitmaps and
 * indirect blocks are checked at each use.
 */
#ifndef PV_EXT2_H
#define PV_EXT2_H

#include "../vfs_fs.h"
#include <pv/bcache.h>

#define EXT2_MAGIC		0xef53
#define EXT2_ROOT_INO		2
#define EXT2_FIRST_INO_REV0	11
#define EXT2_LINK_MAX		32000
#define EXT2_NAME_MAX		255

#define EXT2_VALID_FS		1	/* s_state: cleanly unmounted */
#define EXT2_ERROR_FS		2

/* Features. What is not named in the SUPPORTED masks is refused, or makes the mount read-only. */
#define EXT2_INCOMPAT_FILETYPE	0x0002
#define EXT2_INCOMPAT_SUPPORTED	EXT2_INCOMPAT_FILETYPE
#define EXT2_RO_SPARSE_SUPER	0x0001
#define EXT2_RO_LARGE_FILE	0x0002
#define EXT2_RO_BTREE_DIR	0x0004
#define EXT2_RO_SUPPORTED	(EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE | EXT2_RO_BTREE_DIR)

struct ext2_super_block {
	uint32_t s_inodes_count;
	uint32_t s_blocks_count;
	uint32_t s_r_blocks_count;
	uint32_t s_free_blocks_count;
	uint32_t s_free_inodes_count;
	uint32_t s_first_data_block;
	uint32_t s_log_block_size;
	uint32_t s_log_frag_size;
	uint32_t s_blocks_per_group;
	uint32_t s_frags_per_group;
	uint32_t s_inodes_per_group;
	uint32_t s_mtime;
	uint32_t s_wtime;
	uint16_t s_mnt_count;
	uint16_t s_max_mnt_count;
	uint16_t s_magic;
	uint16_t s_state;
	uint16_t s_errors;
	uint16_t s_minor_rev_level;
	uint32_t s_lastcheck;
	uint32_t s_checkinterval;
	uint32_t s_creator_os;
	uint32_t s_rev_level;
	uint16_t s_def_resuid;
	uint16_t s_def_resgid;
	/* revision 1 */
	uint32_t s_first_ino;
	uint16_t s_inode_size;
	uint16_t s_block_group_nr;
	uint32_t s_feature_compat;
	uint32_t s_feature_incompat;
	uint32_t s_feature_ro_compat;
	uint8_t s_uuid[16];
	char s_volume_name[16];
	char s_last_mounted[64];
	uint32_t s_algo_bitmap;
	uint8_t s_prealloc_blocks;
	uint8_t s_prealloc_dir_blocks;
	uint16_t s_reserved_gdt_blocks;
	uint8_t s_rest[816];
};
_Static_assert(sizeof(struct ext2_super_block) == 1024, "superblock");

struct ext2_group_desc {
	uint32_t bg_block_bitmap;
	uint32_t bg_inode_bitmap;
	uint32_t bg_inode_table;
	uint16_t bg_free_blocks_count;
	uint16_t bg_free_inodes_count;
	uint16_t bg_used_dirs_count;
	uint16_t bg_flags;
	uint32_t bg_reserved[3];
};
_Static_assert(sizeof(struct ext2_group_desc) == 32, "group descriptor");

#define EXT2_NDIR_BLOCKS	12
#define EXT2_N_BLOCKS		15	/* + indirect, double, triple */
#define EXT2_INDEX_FL		0x1000	/* i_flags: directory has a hash tree */
#define EXT2_IMMUTABLE_FL	0x0010
#define EXT2_APPEND_FL		0x0020

struct ext2_disk_inode {
	uint16_t i_mode;
	uint16_t i_uid;
	uint32_t i_size;
	uint32_t i_atime;
	uint32_t i_ctime;
	uint32_t i_mtime;
	uint32_t i_dtime;
	uint16_t i_gid;
	uint16_t i_links_count;
	uint32_t i_blocks;		/* of 512 bytes, indirect blocks included */
	uint32_t i_flags;
	uint32_t i_osd1;
	uint32_t i_block[EXT2_N_BLOCKS];
	uint32_t i_generation;
	uint32_t i_file_acl;		/* block of extended attributes */
	uint32_t i_size_high;		/* regular files only */
	uint32_t i_faddr;
	uint16_t i_blocks_high;
	uint16_t i_file_acl_high;
	uint16_t i_uid_high;
	uint16_t i_gid_high;
	uint32_t i_reserved;
};
_Static_assert(sizeof(struct ext2_disk_inode) == 128, "inode");

/* Behind the 128 bytes where s_inode_size is larger. */
struct ext2_inode_extra {
	uint16_t i_extra_isize;
	uint16_t i_checksum_hi;
	uint32_t i_ctime_extra;
	uint32_t i_mtime_extra;
	uint32_t i_atime_extra;
	uint32_t i_crtime;
	uint32_t i_crtime_extra;
	uint32_t i_version_hi;
	uint32_t i_projid;
};
_Static_assert(sizeof(struct ext2_inode_extra) == 32, "inode extra");

struct ext2_dirent {
	uint32_t inode;			/* 0: unused space */
	uint16_t rec_len;
	uint8_t name_len;
	uint8_t file_type;
	char name[];
};
#define EXT2_DIRENT_LEN(name_len)	((8U + (name_len) + 3) & ~3U)

#define EXT2_XATTR_MAGIC	0xea020000
struct ext2_xattr_header {
	uint32_t h_magic;
	uint32_t h_refcount;
	uint32_t h_blocks;
};

/* A mounted file system. */
struct ext2_group {
	uint32_t block_bitmap, inode_bitmap, inode_table;
	uint16_t free_blocks, free_inodes, used_dirs, flags;
	bool dirty;
};

struct ext2_fs {
	struct super *sb;
	struct ext2_super_block es;	/* as it is to be written */
	uint32_t block_size;
	uint32_t block_shift;
	uint32_t inode_size;
	uint32_t first_ino;
	uint32_t groups;
	uint32_t itable_blocks;		/* of one group */
	uint32_t gdt_blocks;
	uint32_t ptrs_shift;		/* log2 of block numbers in a block */
	bool super_dirty;
	bool was_valid;			/* s_state when it was mounted */
	bool errors;			/* found while mounted: reported once */
	struct ext2_group *group;
};

struct ext2_inode {
	struct ext2_disk_inode raw;	/* i_block, flags and what the VFS does not know */
	uint32_t goal;			/* where the next block is best */
	uint32_t ra_next;		/* file block where read-ahead ended */
	uint64_t read_end;		/* position where the last read ended */
	bool fresh;			/* never written: the slot's old contents are not ours */
};

static inline struct ext2_fs *ext2_fs_of(const struct super *sb)
{
	return sb->priv;
}

static inline struct ext2_inode *ext2_i(const struct inode *inode)
{
	return inode->priv;
}

static inline uint32_t ext2_group_of_inode(const struct ext2_fs *fs, uint32_t ino)
{
	return (ino - 1) / fs->es.s_inodes_per_group;
}

/* super.c */
/* Says what is wrong with the image, marks it so, returns -EUCLEAN. */
int ext2_corrupt(struct ext2_fs *fs, const char *fmt, ...) PRINTF_LIKE(2, 3);
uint32_t ext2_group_first(const struct ext2_fs *fs, uint32_t group);
uint32_t ext2_group_blocks(const struct ext2_fs *fs, uint32_t group);
bool ext2_group_has_super(const struct ext2_fs *fs, uint32_t group);
/* Is a block part of the file system's own structure? */
bool ext2_is_metadata(const struct ext2_fs *fs, uint32_t block);
/* Could block be the contents of something? */
bool ext2_block_valid(const struct ext2_fs *fs, uint32_t block);
int64_t ext2_now(void);

/* check.c: what may be mounted; says what is wrong. 0, -EINVAL, -ENOMEM, -EIO. */
int ext2_check_super(struct ext2_fs *fs);
int ext2_read_groups(struct ext2_fs *fs);
uint64_t ext2_group_desc_pos(const struct ext2_fs *fs, uint32_t group);

/* block.c: bytes of the device, which need not be aligned to blocks. */
int ext2_copy(struct blkdev *dev, uint64_t pos, void *data, size_t n, bool write);

/* block.c: one block in the buffer cache. */
struct ext2_block {
	struct buf *buf;
	uint8_t *data;
};
/* After an error b is empty: putting it is harmless. */
int ext2_bread(struct ext2_fs *fs, uint32_t block, struct ext2_block *b);
/* All of it zero, old contents not read where that can be helped. */
int ext2_bzero(struct ext2_fs *fs, uint32_t block, struct ext2_block *b);
void ext2_bdirty(struct ext2_block *b);
void ext2_bput(struct ext2_block *b);

/* balloc.c */
int ext2_alloc_block(struct ext2_fs *fs, uint32_t goal, uint32_t *block);
/* -EUCLEAN if it was free already or is metadata. */
int ext2_free_block(struct ext2_fs *fs, uint32_t block);
/* 1 if the bitmap says it is in use, 0 or -errno. */
int ext2_block_in_use(struct ext2_fs *fs, uint32_t block);

/* ialloc.c */
int ext2_alloc_inode(struct ext2_fs *fs, const struct inode *dir, bool is_dir, uint32_t *ino);
int ext2_free_ino(struct ext2_fs *fs, uint32_t ino, bool is_dir);

/* bmap.c: file block -> device block; 0 = hole. create allocates; *fresh: just allocated. */
int ext2_bmap(struct inode *inode, uint32_t fblock, bool create, uint32_t *block, bool *fresh);
uint64_t ext2_max_size(const struct ext2_fs *fs);

/* truncate.c: free every block from file block `from` on. */
int ext2_free_from(struct inode *inode, uint32_t from);

/* inode.c */
int ext2_read_inode(struct inode *inode);
int ext2_write_inode(struct inode *inode);
int ext2_free_inode(struct inode *inode);
void ext2_drop_inode(struct inode *inode);

/* dir.c */
int ext2_lookup(struct inode *dir, struct vname name, uint64_t *ino);
int ext2_readdir(struct inode *dir, uint64_t *pos, struct vfs_dirent *d);
int ext2_dir_add(struct inode *dir, struct vname name, uint32_t ino, uint32_t mode);
int ext2_dir_remove(struct inode *dir, struct vname name);
/* Let an existing name mean another inode. */
int ext2_dir_set(struct inode *dir, struct vname name, uint32_t ino, uint32_t mode);
int ext2_dir_make(struct inode *dir, uint32_t parent);	/* "." and ".." of a new one */
int ext2_dir_empty(struct inode *dir);			/* 1, 0, -errno */

/* namei.c */
int ext2_create(struct inode *dir, struct vname name, const struct vnew *what,
		struct inode **out);
int ext2_link(struct inode *dir, struct vname name, struct inode *inode);
int ext2_unlink(struct inode *dir, struct vname name, struct inode *inode);
int ext2_rmdir(struct inode *dir, struct vname name, struct inode *inode);
int ext2_rename(const struct vrename *r);

/* file.c */
int64_t ext2_read(struct inode *inode, uint64_t pos, void *buf, size_t n);
int64_t ext2_write(struct inode *inode, uint64_t pos, const void *buf, size_t n);
int ext2_truncate(struct inode *inode, uint64_t size);
int ext2_readlink(struct inode *inode, char *buf, size_t n);

#endif
