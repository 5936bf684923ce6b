/* SPDX-License-Identifier: MIT */
/*
 * Contents of files in memory, page by page as they are asked for, shared by all who map the
 * file. The last few files nobody maps any more are kept: programs are run again and again. A file
 * that was written to since is read anew by the next one to open it; who has it mapped keeps what
 * it had.
 */
#include <pv/errno.h>
#include <pv/init.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/user_mm.h>
#include <pv/vfs.h>

#define FILEMAPS_MAX	16U		/* kept */
#define FILE_MAX	(1UL << 30)

struct filemap {
	struct list_head link;		/* latest first */
	uint32_t refs;
	bool stale;
	struct file *file;
	struct vfs_stat st;
	uint64_t changes;
	struct mutex lock;		/* pages */
	uint64_t nr_pages;
	void **pages;
};

static LIST_HEAD(maps);
static unsigned int nr_maps;
static struct mutex maps_lock = MUTEX_INIT(maps_lock);

static void filemap_destroy(struct filemap *m)
{
	for (uint64_t i = 0; i < m->nr_pages; i++) {
		if (m->pages[i] != NULL)
			user_page_put(m->pages[i]);
	}
	vfs_close(m->file);
	kfree(m->pages);
	kfree(m);
}

/* maps_lock held. Unused ones beyond keep go, the longest unused first. */
static void trim(unsigned int keep)
{
	struct list_head *at = maps.prev;

	while (nr_maps > keep && at != &maps) {
		struct filemap *m = list_entry(at, struct filemap, link);

		at = at->prev;
		if (m->refs != 0)
			continue;
		list_del(&m->link);
		nr_maps--;
		filemap_destroy(m);
	}
}

static struct filemap *find(const struct vfs_stat *st, uint64_t changes)
{
	struct filemap *m;

	list_for_each(m, &maps, link) {
		if (m->st.dev == st->dev && m->st.ino == st->ino && !m->stale) {
			m->stale = m->changes != changes || m->st.size != st->size ||
				   m->st.mtime != st->mtime;
			if (!m->stale)
				return m;
		}
	}
	return NULL;
}

static int make(struct file *file, const struct vfs_stat *st, struct filemap **out)
{
	struct filemap *m = kzalloc(sizeof(*m));

	if (m == NULL)
		return -ENOMEM;
	m->nr_pages = ROUND_UP(st->size, PAGE_SIZE) >> PAGE_SHIFT;
	m->pages = kzalloc(MAX(m->nr_pages, 1UL) * sizeof(*m->pages));
	if (m->pages == NULL) {
		kfree(m);
		return -ENOMEM;
	}
	mutex_init(&m->lock);
	m->file = file;
	m->st = *st;
	m->changes = vfs_changes(file);
	list_add(&m->link, &maps);
	nr_maps++;
	*out = m;
	return 0;
}

/* Takes over file, also on failure. */
int filemap_of(struct file *file, struct filemap **out)
{
	struct vfs_stat st;
	int rc = vfs_fstat(file, &st);

	if (rc == 0 && (!VFS_ISREG(st.mode) || st.size > FILE_MAX))
		rc = -EACCES;
	if (rc != 0) {
		vfs_close(file);
		return rc;
	}
	mutex_lock(&maps_lock);
	*out = find(&st, vfs_changes(file));
	if (*out != NULL)
		vfs_close(file);
	else
		rc = make(file, &st, out);
	if (rc == 0)
		(*out)->refs++;
	else
		vfs_close(file);
	trim(FILEMAPS_MAX);
	mutex_unlock(&maps_lock);
	return rc;
}

void filemap_get(struct filemap *m)
{
	mutex_lock(&maps_lock);
	m->refs++;
	mutex_unlock(&maps_lock);
}

void filemap_put(struct filemap *m)
{
	mutex_lock(&maps_lock);
	m->refs--;
	if (m->refs == 0 && m->stale) {
		list_del(&m->link);
		nr_maps--;
		filemap_destroy(m);
	}
	mutex_unlock(&maps_lock);
}

/* What nobody maps is closed: file systems can be unmounted. */
static void filemap_forget(void)
{
	mutex_lock(&maps_lock);
	trim(0);
	mutex_unlock(&maps_lock);
}

uint64_t filemap_size(const struct filemap *m)
{
	return m->st.size;
}

int64_t filemap_read(struct filemap *m, void *buf, size_t n, uint64_t pos)
{
	return vfs_pread(m->file, buf, n, pos);
}

int filemap_open(const char *path, struct filemap **out)
{
	struct file *file;
	int rc = vfs_open(path, VFS_RDONLY, 0, &file);

	return rc != 0 ? rc : filemap_of(file, out);
}

static int filemap_init(void)
{
	vfs_forget = filemap_forget;
	shutdown_hook(filemap_forget);
	return 0;
}
INITCALL(INIT_LATE, filemap_init);

/* Without waiting: a page that is there, with a reference. */
void *filemap_cached(struct filemap *m, uint64_t index)
{
	void *page = NULL;

	if (index >= m->nr_pages || !mutex_trylock(&m->lock))
		return NULL;
	page = m->pages[index];
	if (page != NULL)
		user_page_get(page);
	mutex_unlock(&m->lock);
	return page;
}

void *filemap_page(struct filemap *m, uint64_t index, int *err)
{
	void *page = NULL;
	int64_t n;

	*err = -EIO;
	if (index >= m->nr_pages)
		return NULL;
	mutex_lock(&m->lock);
	page = m->pages[index];
	if (page == NULL) {
		page = user_page_alloc();
		n = page == NULL ? -ENOMEM :
			vfs_pread(m->file, page, PAGE_SIZE, index << PAGE_SHIFT);
		if (n < 0) {
			*err = page == NULL ? -ENOMEM : -EIO;
			if (page != NULL)
				user_page_put(page);
			page = NULL;
		} else {
			memset((char *)page + n, 0, PAGE_SIZE - n);
		}
		m->pages[index] = page;
	}
	if (page != NULL)
		user_page_get(page);
	mutex_unlock(&m->lock);
	return page;
}

struct shm *shm_create(uint64_t nr)
{
	struct shm *s = kzalloc(sizeof(*s) + nr * sizeof(s->pages[0]));

	if (s != NULL) {
		s->refs = 1;
		s->nr_pages = nr;
	}
	return s;
}

void shm_put(struct shm *s)
{
	if (__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	for (uint64_t i = 0; i < s->nr_pages; i++) {
		if (s->pages[i] != NULL)
			user_page_put(s->pages[i]);
	}
	kfree(s);
}

/* With a reference. Two may want the same new page: the first one's is taken. */
void *shm_page(struct shm *s, uint64_t index)
{
	void *page, *old = NULL;

	if (index >= s->nr_pages)
		return NULL;
	page = __atomic_load_n(&s->pages[index], __ATOMIC_ACQUIRE);
	if (page == NULL) {
		page = user_page_alloc();
		if (page == NULL)
			return NULL;
		memset(page, 0, PAGE_SIZE);
		if (!__atomic_compare_exchange_n(&s->pages[index], &old, page, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			user_page_put(page);
			page = old;
		}
	}
	user_page_get(page);
	return page;
}
