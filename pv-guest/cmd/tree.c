/* SPDX-License-Identifier: MIT */
/*
 * Walking a tree without recursion: find, rm -r, cp -r, sha256sum -r.
 *
 * A kernel stack is small and a damaged directory may contain itself or be in many places, so
 * the way down is a list on the heap, and a directory that was entered is not entered again.
 */
#include "cmd.h"

/* A directory being walked. */
struct level {
	struct level *up;
	char **names;
	unsigned count, next;
	size_t path_len;
	struct vfs_stat st;
};

struct seen {
	struct seen *next;
	uint64_t dev, ino;
};

#define SEEN_HASH 256

struct walker {
	struct tree_walk *w;
	struct level *level;
	uint64_t dev; /* where the walk began */
	struct seen *seen[SEEN_HASH];
	char path[VFS_PATH_MAX];
};

/* 0, -EEXIST if it was there. */
static int remember(struct walker *k, const struct vfs_stat *st)
{
	struct seen **slot = &k->seen[st->ino % SEEN_HASH], *s;

	for (s = *slot; s; s = s->next)
		if (s->ino == st->ino && s->dev == st->dev)
			return -EEXIST;
	s = kmalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->ino = st->ino;
	s->dev = st->dev;
	s->next = *slot;
	*slot = s;
	return 0;
}

static void complain(struct walker *k, int err)
{
	cmd_fail(k->w->command, k->path, err);
	k->w->errors++;
}

/* Down into the directory k->path. A directory that cannot be read is said and skipped. */
static int enter(struct walker *k, const struct vfs_stat *st)
{
	struct level *l;
	int ret = remember(k, st);

	if (ret == -EEXIST) {
		eprintf("%s: %s: directory is in several places, the disk is damaged\n",
			k->w->command, k->path);
		k->w->errors++;
		return 0;
	}
	l = ret ? NULL : kzalloc(sizeof(*l));
	if (!l)
		return -ENOMEM;
	ret = cmd_list_dir(k->path, &l->names, &l->count);
	if (ret) {
		kfree(l);
		complain(k, ret);
		return 0;
	}
	ret = k->w->fn(k->w, TREE_ENTER, k->path, st);
	l->path_len = strlen(k->path);
	l->st = *st;
	l->up = k->level;
	k->level = l;
	return ret;
}

static void level_pop(struct walker *k)
{
	struct level *l = k->level;

	k->level = l->up;
	kfree(l->names);
	kfree(l);
}

/* The next name of the directory we are in, or out of it. */
static int step(struct walker *k)
{
	struct level *l = k->level;
	struct vfs_stat st;
	int ret;

	k->path[l->path_len] = 0;
	if (l->next == l->count) {
		st = l->st;
		level_pop(k);
		return k->w->fn(k->w, TREE_LEAVE, k->path, &st);
	}
	ret = cmd_join(k->path, k->path, l->names[l->next++]);
	if (!ret)
		ret = vfs_lstat(k->path, &st);
	if (ret) {
		complain(k, ret);
		return 0;
	}
	if (k->w->one_fs && st.dev != k->dev)
		return 0;
	return VFS_ISDIR(st.mode) ? enter(k, &st) : k->w->fn(k->w, TREE_ENTRY, k->path, &st);
}

static void forget(struct walker *k)
{
	while (k->level)
		level_pop(k);
	for (unsigned i = 0; i < SEEN_HASH; i++) {
		struct seen *s, *next;

		for (s = k->seen[i]; s; s = next) {
			next = s->next;
			kfree(s);
		}
	}
	kfree(k);
}

int tree_walk(struct tree_walk *w, const char *path)
{
	struct walker *k = kzalloc(sizeof(*k));
	struct vfs_stat st;
	int ret;

	if (!k)
		return -ENOMEM;
	k->w = w;
	ret = str_copy(k->path, path, sizeof(k->path)) < sizeof(k->path) ? 0 : -ENAMETOOLONG;
	if (!ret)
		ret = vfs_lstat(path, &st);
	k->dev = ret ? 0 : st.dev;
	if (!ret)
		ret = VFS_ISDIR(st.mode) ? enter(k, &st) : w->fn(w, TREE_ENTRY, k->path, &st);
	while (!ret && k->level) {
		ret = step(k);
		if (!ret && console_interrupted())
			ret = -EINTR;
	}
	forget(k);
	return ret;
}
