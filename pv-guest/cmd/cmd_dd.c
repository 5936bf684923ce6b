/* SPDX-License-Identifier: MIT */
/* Command: dd, with the operands people use. */
#include <pv/time.h>
#include "cmd.h"

#define MAX_BS	(4UL << 20)

struct dd {
	const char *in, *out;
	uint64_t bs, count, skip, seek;
	bool notrunc;
};

static int parse(struct dd *d, const char *arg)
{
	static const struct {
		const char *key;
		size_t offset;
	} sizes[] = {
		{ "bs=", offsetof(struct dd, bs) },
		{ "count=", offsetof(struct dd, count) },
		{ "skip=", offsetof(struct dd, skip) },
		{ "seek=", offsetof(struct dd, seek) },
	};

	if (!strncmp(arg, "if=", 3))
		d->in = arg + 3;
	else if (!strncmp(arg, "of=", 3))
		d->out = arg + 3;
	else if (!strcmp(arg, "conv=notrunc"))
		d->notrunc = true;
	else {
		for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
			size_t len = strlen(sizes[i].key);

			if (!strncmp(arg, sizes[i].key, len))
				return cmd_size(arg + len,
						  (uint64_t *)((char *)d + sizes[i].offset));
		}
		return -EINVAL;
	}
	return 0;
}

static int copy(const struct dd *d, struct file *in, struct file *out, uint64_t *bytes)
{
	char *buf = kmalloc(d->bs);
	int64_t n = 0;

	if (!buf)
		return -ENOMEM;
	for (uint64_t i = 0; i < d->count && !console_interrupted(); i++) {
		int64_t w;

		n = vfs_read(in, buf, d->bs);
		if (n <= 0)
			break;
		w = out ? vfs_write(out, buf, n) : out_write(buf, n);
		if (w != n) {
			n = w < 0 ? w : -ENOSPC;
			break;
		}
		*bytes += n;
	}
	kfree(buf);
	return n < 0 ? n : 0;
}

static int run(const struct dd *d, uint64_t *bytes)
{
	struct file *in, *out = NULL;
	int ret = vfs_open(d->in, VFS_RDONLY, 0, &in);

	if (ret)
		return ret;
	if (d->out)
		ret = vfs_open(d->out, VFS_WRONLY | VFS_CREAT |
			       (d->notrunc || d->seek ? 0 : VFS_TRUNC), 0644, &out);
	if (!ret)
		ret = MIN(vfs_lseek(in, d->skip * d->bs, VFS_SEEK_SET), (int64_t)0);
	if (!ret && out)
		ret = MIN(vfs_lseek(out, d->seek * d->bs, VFS_SEEK_SET), (int64_t)0);
	if (!ret)
		ret = copy(d, in, out, bytes);
	if (out)
		vfs_close(out);
	vfs_close(in);
	return ret;
}

static int cmd_dd(int argc, char **argv)
{
	struct dd d = { .bs = 512, .count = UINT64_MAX };
	uint64_t bytes = 0, start = now_ns(), ns;
	int ret = 0;

	for (int i = 1; i < argc && !ret; i++)
		ret = parse(&d, argv[i]);
	if (ret || !d.in || !d.bs || d.bs > MAX_BS || d.skip > INT64_MAX / d.bs ||
	    d.seek > INT64_MAX / d.bs) {
		eprintf("usage: dd if=FILE [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [conv=notrunc]\n");
		return 2;
	}
	ret = run(&d, &bytes);
	ns = MAX(now_ns() - start, (uint64_t)1);
	eprintf("%llu bytes, %llu.%03llu s, %llu MB/s\n", (unsigned long long)bytes,
		(unsigned long long)(ns / NSEC_PER_SEC),
		(unsigned long long)(ns % NSEC_PER_SEC / NSEC_PER_MSEC),
		(unsigned long long)(bytes * 1000 / ns));
	return ret ? cmd_fail("dd", d.out ? d.out : d.in, ret) : 0;
}
SHELL_COMMAND("dd", cmd_dd, "if=FILE of=FILE bs=N count=N - copy blocks");
