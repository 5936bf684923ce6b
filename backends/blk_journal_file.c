/* SPDX-License-Identifier: MIT */
/*
 * One file for the journals of all disks, open before the sandbox is entered: from there on nothing
 * has to be opened, made or removed by name.
 *
 * Areas are as large as the largest journal, and the file has holes where these are not: a disk with
 * a ring of one page takes 12 KiB.  Who is in which area their heads say; the table here is a copy.
 */
#include "config.h"
#include "backends/blk_journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <paravane/rundir.h>

#define NAME	"journal"

struct area {
	bool used, held;
	uint32_t domid, devid;
};

struct blk_journals {
	int fd;
	unsigned int nr;
	struct area *areas;
};

int blk_journal_dir(void)
{
	char path[PATH_MAX];
	int fd, rc = pvn_runpath(path, sizeof(path), "blk");

	if (rc)
		return rc;
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static off_t area_bytes(void)
{
	return (off_t)(JOURNAL_HEAD_BYTES + BLK_MAX_QUEUES * journal_queue_bytes(JOURNAL_MAX_ENTRIES));
}

off_t journal_area_at(unsigned int area)
{
	return area * area_bytes();
}

int journal_file_fd(const struct blk_journals *js)
{
	return js->fd;
}

/* What earlier backends left. */
static int areas_read(struct blk_journals *js)
{
	struct journal_head h;
	struct stat st;
	unsigned int i;

	if (fstat(js->fd, &st))
		return -errno;
	if (st.st_size > INT_MAX * area_bytes())
		return -EFBIG;
	js->nr = (unsigned int)((st.st_size + area_bytes() - 1) / area_bytes());
	js->areas = calloc(js->nr ? js->nr : 1, sizeof(*js->areas));
	if (!js->areas)
		return -ENOMEM;
	for (i = 0; i < js->nr; i++) {
		if (pread(js->fd, &h, sizeof(h), journal_area_at(i)) != sizeof(h) || h.magic != JOURNAL_MAGIC)
			continue;
		js->areas[i] = (struct area){ .used = true, .domid = h.domid, .devid = h.devid };
	}
	return 0;
}

int blk_journals_open(struct blk_journals **out, int dir)
{
	struct blk_journals *js = calloc(1, sizeof(*js));
	int rc;

	if (!js)
		return -ENOMEM;
	js->fd = openat(dir, NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	rc = js->fd < 0 ? -errno : areas_read(js);
	if (rc)
		blk_journals_close(js);
	else
		*out = js;
	return rc;
}

void blk_journals_close(struct blk_journals *js)
{
	if (!js)
		return;
	if (js->fd >= 0)
		close(js->fd);
	free(js->areas);
	free(js);
}

int journal_area_find(const struct blk_journals *js, unsigned int domid, unsigned int devid)
{
	const struct area *a = js->areas;
	unsigned int i;

	for (i = 0; i < js->nr; i++)
		if (a[i].used && a[i].domid == domid && a[i].devid == devid)
			return (int)i;
	return -1;
}

static int areas_grow(struct blk_journals *js, unsigned int nr)
{
	struct area *more = reallocarray(js->areas, nr, sizeof(*more));
	unsigned int i;

	if (!more)
		return -ENOMEM;
	js->areas = more;
	for (i = js->nr; i < nr; i++)
		more[i].used = false;
	js->nr = nr;
	return 0;
}

/* Free areas cost nothing: no blocks, and no length at the end of the file. */
static void areas_shrink(struct blk_journals *js, unsigned int area)
{
	unsigned int nr = js->nr;

	while (nr && !js->areas[nr - 1].used)
		nr--;
	if (nr < js->nr && !ftruncate(js->fd, journal_area_at(nr)))
		js->nr = nr;
	else	/* a file system without holes keeps the blocks, for the next one */
		(void)!fallocate(js->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, journal_area_at(area),
				 area_bytes());
}

/* Its pages are taken now: a full file system must not end us at a store. */
static int area_fill(int fd, off_t at, size_t bytes)
{
	static const char page[4096];
	size_t done;

	if (!fallocate(fd, 0, at, (off_t)bytes))
		return 0;
	if (errno != EOPNOTSUPP)
		return -errno;
	for (done = 0; done < bytes; done += sizeof(page))
		if (pwrite(fd, page, sizeof(page), at + (off_t)done) != sizeof(page))
			return -ENOSPC;
	return 0;
}

int journal_area_take(struct blk_journals *js, unsigned int domid, unsigned int devid, size_t bytes)
{
	unsigned int i;
	int rc;

	if (journal_area_find(js, domid, devid) >= 0)
		return -EBUSY;
	for (i = 0; i < js->nr && js->areas[i].used; i++)
		;
	rc = i < js->nr ? 0 : areas_grow(js, i + 1);
	if (!rc)
		rc = area_fill(js->fd, journal_area_at(i), bytes);
	if (rc) {
		areas_shrink(js, i);
		return rc;
	}
	js->areas[i] = (struct area){ .used = true, .held = true, .domid = domid, .devid = devid };
	return (int)i;
}

bool journal_area_held(const struct blk_journals *js, unsigned int area)
{
	return js->areas[area].held;
}

void journal_area_hold(struct blk_journals *js, unsigned int area)
{
	js->areas[area].held = true;
}

void journal_area_let_go(struct blk_journals *js, unsigned int area, bool keep)
{
	const uint64_t none = 0;

	js->areas[area].held = false;
	if (keep)
		return;
	(void)!pwrite(js->fd, &none, sizeof(none), journal_area_at(area));
	js->areas[area].used = false;
	areas_shrink(js, area);
}

void blk_journals_for_each(struct blk_journals *js, blk_journal_cb *cb, void *arg)
{
	unsigned int i;

	for (i = 0; js && i < js->nr; i++)	/* the callee may forget the one it is told of */
		if (js->areas[i].used && !js->areas[i].held)
			cb(arg, js->areas[i].domid, js->areas[i].devid);
}
