/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the 9P server on messages that are anything, over a directory that each input finds the same.
 * Input: messages, each a type, a choice of how it is filled, and bytes.  Checked after each: no fid is on anything
 * outside of the shared directory, what lies beside it is as it was, an answer is one.
 */
#include "config.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/p9_session.h"
#include "tests/fuzz/tape.h"
#include <p9/9p2000l.h>

#define MSIZE		4096U
#define MESSAGES	64

static char top[] = "/tmp/p9-fuzz.XXXXXX", share[64], secret[64];
static struct p9_session s;
static uint8_t request[MSIZE], reply[MSIZE];

static const uint8_t types[] = {
	P9_TSTATFS, P9_TLOPEN, P9_TLCREATE, P9_TSYMLINK, P9_TMKNOD, P9_TRENAME, P9_TREADLINK, P9_TGETATTR, P9_TSETATTR,
	P9_TREADDIR, P9_TFSYNC, P9_TLOCK, P9_TGETLOCK, P9_TLINK, P9_TMKDIR, P9_TRENAMEAT, P9_TUNLINKAT, P9_TVERSION,
	P9_TATTACH, P9_TWALK, P9_TWALK, P9_TWALK, P9_TREAD, P9_TWRITE, P9_TCLUNK, P9_TREMOVE,
};

static const char *const names[] = { "..", ".", "a", "b", "up", "top", "file", "a/b", "../secret", "" };

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return ftw->level ? remove(path) : 0;
}

static int chmod_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return flag == FTW_DNR || flag == FTW_D ? chmod(path, 0700) : 0;
}

static void at_end(void)
{
	nftw(top, chmod_one, 8, FTW_PHYS);
	nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	rmdir(top);
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	FUZZ_CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "cannot write %s", path);
	close(fd);
}

static void fresh_share(void)
{
	char path[96];

	nftw(share, chmod_one, 8, FTW_PHYS);
	nftw(share, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	snprintf(path, sizeof(path), "%s/a", share);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/a/b", share);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/file", share);
	put_file(path, "contents");
	snprintf(path, sizeof(path), "%s/up", share);
	if (symlink("../secret", path))
		abort();
	snprintf(path, sizeof(path), "%s/top", share);
	if (symlink("/", path))
		abort();
}

static void check(void)
{
	char link[64], path[4096], text[16] = "";
	struct p9_fid *f;
	unsigned int i, n = 0;
	ssize_t len;
	int fd;

	for (i = 0; i < P9_FID_BUCKETS; i++) {
		LIST_FOREACH(f, &s.fids[i], entry) {
			snprintf(link, sizeof(link), "/proc/self/fd/%d", f->fd);
			len = readlink(link, path, sizeof(path) - 1);
			path[len < 0 ? 0 : len] = 0;
			FUZZ_CHECK(!strncmp(path, share, strlen(share)) &&
				   (!path[strlen(share)] || path[strlen(share)] == '/'), "fid %u is on %s", f->id, path);
			FUZZ_CHECK(f->path[0] != '/' && strncmp(f->path, "../", 3), "fid %u is called %s", f->id, f->path);
			n++;
		}
	}
	FUZZ_CHECK(n == s.nr_fids && n <= P9_MAX_FIDS, "%u fids, counted %u", n, s.nr_fids);
	fd = open(secret, O_RDONLY);
	FUZZ_CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) == 6 && !strcmp(text, "secret"), "the outside has changed");
	close(fd);
}

/* Fields that often make sense: small numbers as fids, names from the list. */
static size_t fill(struct tape *t)
{
	struct p9_out out = { request, request, request + sizeof(request), false };
	unsigned int how;

	p9_put_u32(&out, 0);
	how = tape_u8(t);
	p9_put_u8(&out, how < 250 ? types[how % sizeof(types)] : tape_u8(t));
	p9_put_u16(&out, 1);
	while ((how = tape_u8(t)) % 8 && !out.bad) {
		if (how % 8 == 1)
			p9_put_u32(&out, how >> 3 & 7);
		else if (how % 8 == 2)
			p9_put_u16(&out, how >> 3 & 3);
		else if (how % 8 <= 4)
			p9_put_string(&out, names[(how >> 3) % (sizeof(names) / sizeof(names[0]))]);
		else if (how % 8 == 5)
			p9_put_u64(&out, how >> 3);
		else if (how % 8 == 6)
			p9_put_u32(&out, tape_u32(t));
		else
			p9_put_u8(&out, tape_u8(t));
	}
	return (size_t)(out.at - out.start);
}

static void message(struct tape *t)
{
	size_t n = fill(t), len = p9_serve(&s, request, n, reply);

	FUZZ_CHECK(len >= P9_HEADER && len <= MSIZE, "an answer of %zu bytes", len);
	FUZZ_CHECK(reply[4] == P9_RLERROR || reply[4] == (uint8_t)(request[4] + 1), "type %u answers type %u", reply[4],
		   request[4]);
}

static void start(void)
{
	FUZZ_CHECK(mkdtemp(top) != NULL, "no directory");
	atexit(at_end);
	umask(077);
	snprintf(share, sizeof(share), "%s/share", top);
	snprintf(secret, sizeof(secret), "%s/secret", top);
	mkdir(share, 0700);
	put_file(secret, "secret");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tape t = { data, size };
	static int root = -1;
	unsigned int i;

	if (root < 0) {
		start();
		root = open(share, O_PATH | O_DIRECTORY);
	}
	fresh_share();
	p9_session_init(&s, root, MSIZE);
	for (i = 0; i < MESSAGES && t.left; i++) {
		if (!i) {	/* the beginning that every session has */
			s.msize = MSIZE;
			memcpy(request, "\0\0\0\0\x68\1\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 23);
			p9_serve(&s, request, 23, reply);
		}
		message(&t);
		check();
	}
	p9_session_reset(&s);
	return 0;
}
