/* SPDX-License-Identifier: MIT */
/*
 * The names of a directory, sorted, in one piece of memory: pointers in front, text behind.
 *
 * Called by ls and by everything that walks trees: with the names in hand a directory may
 * change while it is worked on.
 */
#include "cmd.h"

struct names {
	char *text;
	size_t used, size;
	unsigned count;
};

static int add(struct names *n, const char *name)
{
	size_t len = strlen(name) + 1;

	if (n->used + len > n->size) {
		size_t size = MAX(n->size * 2, (size_t)4096);
		char *text = krealloc(n->text, size);

		if (!text)
			return -ENOMEM;
		n->text = text;
		n->size = size;
	}
	memcpy(n->text + n->used, name, len);
	n->used += len;
	n->count++;
	return 0;
}

static int collect(const char *path, struct names *n)
{
	struct vfs_dirent *d = kmalloc(sizeof(*d));
	struct file *f;
	int ret = d ? vfs_open(path, VFS_RDONLY | VFS_DIRECTORY, 0, &f) : -ENOMEM;

	if (ret) {
		kfree(d);
		return ret;
	}
	while ((ret = vfs_readdir(f, d)) > 0) {
		if (!strcmp(d->name, ".") || !strcmp(d->name, ".."))
			continue;
		ret = add(n, d->name);
		if (ret)
			break;
	}
	vfs_close(f);
	kfree(d);
	return ret;
}

static void sift(char **v, unsigned root, unsigned n)
{
	for (unsigned child; (child = 2 * root + 1) < n; root = child) {
		char *t;

		if (child + 1 < n && strcmp(v[child], v[child + 1]) < 0)
			child++;
		if (strcmp(v[root], v[child]) >= 0)
			return;
		t = v[root];
		v[root] = v[child];
		v[child] = t;
	}
}

static void sort(char **v, unsigned n)
{
	for (unsigned i = n / 2; i-- > 0;)
		sift(v, i, n);
	for (unsigned i = n; i-- > 1;) {
		char *t = v[0];

		v[0] = v[i];
		v[i] = t;
		sift(v, 0, i);
	}
}

int cmd_list_dir(const char *path, char ***names, unsigned *count)
{
	struct names n = { 0 };
	int ret = collect(path, &n);
	char **v = NULL, *p;

	if (!ret) {
		v = kmalloc((n.count + 1) * sizeof(*v) + n.used);
		ret = v ? 0 : -ENOMEM;
	}
	if (!ret) {
		p = (char *)(v + n.count + 1);
		if (n.used)
			memcpy(p, n.text, n.used);
		for (unsigned i = 0; i < n.count; i++, p += strlen(p) + 1)
			v[i] = p;
		v[n.count] = NULL;
		sort(v, n.count);
		*names = v;
		*count = n.count;
	}
	kfree(n.text);
	return ret;
}
