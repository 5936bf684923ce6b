/* SPDX-License-Identifier: MIT */
/*
 * ramfs: contents. A file is an array of pages with holes, or a piece of the initrd until
 * somebody writes to it.
 *
 * Called by the VFS with super.lock held.
 */
#include "ramfs.h"

void ramfs_free_pages(struct ramfs *fs, struct ram_node *n, uint64_t from)
{
	for (uint64_t i = from; i < n->nr_pages; i++) {
		if (!n->pages[i])
			continue;
		page_free(n->pages[i], 0);
		n->pages[i] = NULL;
		fs->pages--;
	}
}

int64_t ramfs_read(struct inode *inode, uint64_t pos, void *buf, size_t n)
{
	struct ram_node *node = inode->priv;

	if (!VFS_ISREG(inode->mode))
		return -EINVAL;
	if (pos >= inode->size)
		return 0;
	n = MIN((uint64_t)n, inode->size - pos);
	if (node->borrowed) {
		memcpy(buf, (const char *)node->borrowed + pos, n);
		return n;
	}
	for (size_t done = 0, len; done < n; done += len) {
		uint64_t index = (pos + done) / PAGE_SIZE;
		size_t off = (pos + done) % PAGE_SIZE;

		len = MIN(n - done, PAGE_SIZE - off);
		if (index < node->nr_pages && node->pages[index])
			memcpy((char *)buf + done, (char *)node->pages[index] + off, len);
		else
			memset((char *)buf + done, 0, len);
	}
	return n;
}

/* The page of a file to write into, made if need be. */
static int page_for(struct ramfs *fs, struct ram_node *n, uint64_t index, void **page)
{
	struct mem_stats mem;

	if (index >= n->nr_pages) {
		uint64_t want = MAX(index + 1, n->nr_pages * 2);
		void **pages;

		if (want > (1ULL << 19))
			want = index + 1;	/* the table is one allocation */
		if (want > (1ULL << 19))
			return -EFBIG;
		pages = krealloc(n->pages, want * sizeof(*pages));
		if (!pages)
			return -ENOSPC;
		memset(pages + n->nr_pages, 0, (want - n->nr_pages) * sizeof(*pages));
		n->pages = pages;
		n->nr_pages = want;
	}
	if (!n->pages[index]) {
		mem_stats(&mem);
		if (mem.free_pages < mem.total_pages / RAMFS_KEEP_FREE)
			return -ENOSPC;
		n->pages[index] = page_alloc_zeroed();
		if (!n->pages[index])
			return -ENOSPC;
		fs->pages++;
	}
	*page = n->pages[index];
	return 0;
}

static int64_t write_pages(struct ramfs *fs, struct ram_node *n, uint64_t pos, const void *buf,
			   size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		size_t off = (pos + done) % PAGE_SIZE, len = MIN(bytes - done, PAGE_SIZE - off);
		void *page;
		int ret = page_for(fs, n, (pos + done) / PAGE_SIZE, &page);

		if (ret)
			return done ? (int64_t)done : ret;
		memcpy((char *)page + off, (const char *)buf + done, len);
		done += len;
	}
	return done;
}

/* From the initrd's memory to pages of its own. */
static int unborrow(struct inode *inode, uint64_t keep)
{
	struct ram_node *n = inode->priv;
	const void *data = n->borrowed;
	int64_t ret;

	if (!data)
		return 0;
	ret = write_pages(ramfs_of(inode->sb), n, 0, data, keep);
	if (ret != (int64_t)keep) {
		ramfs_free_pages(ramfs_of(inode->sb), n, 0);
		return ret < 0 ? ret : -ENOSPC;
	}
	n->borrowed = NULL;
	return 0;
}

int64_t ramfs_write(struct inode *inode, uint64_t pos, const void *buf, size_t n)
{
	int64_t ret;

	if (!VFS_ISREG(inode->mode))
		return -EINVAL;
	ret = unborrow(inode, inode->size);
	if (!ret)
		ret = write_pages(ramfs_of(inode->sb), inode->priv, pos, buf, n);
	if (ret > 0) {
		inode->size = MAX(inode->size, pos + ret);
		inode->blocks = (inode->size + 511) / 512;
		ramfs_touched(inode);
	}
	return ret;
}

int ramfs_truncate(struct inode *inode, uint64_t size)
{
	struct ram_node *n = inode->priv;
	int ret = unborrow(inode, MIN(size, inode->size));

	if (ret)
		return ret;
	if (size < inode->size) {
		ramfs_free_pages(ramfs_of(inode->sb), n, (size + PAGE_SIZE - 1) / PAGE_SIZE);
		if (size % PAGE_SIZE && size / PAGE_SIZE < n->nr_pages && n->pages[size / PAGE_SIZE])
			memset((char *)n->pages[size / PAGE_SIZE] + size % PAGE_SIZE, 0,
			       PAGE_SIZE - size % PAGE_SIZE);
	}
	inode->size = size;
	inode->blocks = (size + 511) / 512;
	ramfs_touched(inode);
	return 0;
}

int ramfs_borrow(struct file *f, const void *data, size_t n)
{
	struct inode *inode = f->inode;

	if (inode->sb->ops != &ramfs_ops || inode->size)
		return -EINVAL;
	mutex_lock(&inode->sb->lock);
	((struct ram_node *)inode->priv)->borrowed = n ? data : NULL;
	inode->size = n;
	inode->blocks = (n + 511) / 512;
	inode->dirty = true;
	mutex_unlock(&inode->sb->lock);
	return 0;
}
