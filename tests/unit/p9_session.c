/* SPDX-License-Identifier: MIT */
/*
 * The 9P server over a real directory, with messages a client may send and such that it may not.  What breaks
 * this lets a domain reach files of the host that are not shared with it.
 */
#include "config.h"
#include "backends/p9_session.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <p9/9p2000l.h>

#define MSIZE	8192U

static struct p9_session s;
static char top[64], share[96];
static uint8_t request[MSIZE], reply[MSIZE];
static struct p9_in answer;

static const char *in_share(const char *name)
{
	static char paths[2][256];	/* for calls with two of them */
	static int turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", share, name);
	return paths[turn];
}

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert(f != NULL);
	fputs(text, f);
	fclose(f);
}

/* A message of type with fields: b w d q (the last a uint64_t), s.  Length. */
static size_t make(uint8_t type, const char *fmt, va_list ap)
{
	struct p9_out out = { request, request, request + sizeof(request), false };

	p9_put_u32(&out, 0);
	p9_put_u8(&out, type);
	p9_put_u16(&out, 42);
	for (; *fmt; fmt++) {
		if (*fmt == 'b')
			p9_put_u8(&out, (uint8_t)va_arg(ap, unsigned int));
		else if (*fmt == 'w')
			p9_put_u16(&out, (uint16_t)va_arg(ap, unsigned int));
		else if (*fmt == 'd')
			p9_put_u32(&out, va_arg(ap, unsigned int));
		else if (*fmt == 'q')
			p9_put_u64(&out, va_arg(ap, uint64_t));
		else
			p9_put_string(&out, va_arg(ap, const char *));
	}
	cr_assert(!out.bad);
	return (size_t)(out.at - out.start);
}

static bool moved_away;		/* by the host, with a fid on it */

/* No fid is on anything outside of the share, whatever was asked. */
static void check_fids(void)
{
	char link[64], path[512];
	struct p9_fid *f;
	unsigned int i;
	ssize_t n;

	for (i = 0; !moved_away && i < P9_FID_BUCKETS; i++) {
		LIST_FOREACH(f, &s.fids[i], entry) {
			snprintf(link, sizeof(link), "/proc/self/fd/%d", f->fd);
			n = readlink(link, path, sizeof(path) - 1);
			cr_assert(n > 0);
			path[n] = 0;
			cr_assert(!strncmp(path, share, strlen(share)) && (!path[strlen(share)] || path[strlen(share)] == '/'),
				  "fid %u is on %s", f->id, path);
		}
	}
}

static int serve(size_t n)
{
	uint8_t type = request[4], is;
	size_t len;

	memset(reply, 0xee, sizeof(reply));
	len = p9_serve(&s, request, n, reply);
	cr_assert(len >= P9_HEADER && len <= MSIZE);
	answer = (struct p9_in){ reply, reply + len, false };
	cr_assert_eq(p9_u32(&answer), len, "the size in the answer");
	is = p9_u8(&answer);
	cr_assert_eq(p9_u16(&answer), 42, "the tag");
	check_fids();
	if (is == P9_RLERROR)
		return -(int)p9_u32(&answer);
	cr_assert_eq(is, type + 1);
	return 0;
}

/* 0, with the fields in answer, or the error. */
static int call(uint8_t type, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = make(type, fmt, ap);
	va_end(ap);
	return serve(n);
}

static void set_up(void)
{
	int root;

	strcpy(top, "/tmp/p9_session.XXXXXX");
	cr_assert(mkdtemp(top) != NULL);
	snprintf(share, sizeof(share), "%s/share", top);
	mkdir(share, 0755);
	mkdir(in_share("dir"), 0755);
	mkdir(in_share("dir/sub"), 0755);
	put_file(in_share("file"), "contents");
	put_file(in_share("../secret"), "secret");
	cr_assert(!symlink("../secret", in_share("up")));
	cr_assert(!symlink("/", in_share("top")));
	cr_assert(!symlink("dir", in_share("inside")));
	root = open(share, O_PATH | O_DIRECTORY);
	cr_assert(root >= 0);
	p9_session_init(&s, root, MSIZE);
	cr_assert_eq(call(P9_TVERSION, "ds", MSIZE, P9_VERSION), 0);
	cr_assert_eq(call(P9_TATTACH, "ddssd", 0, P9_NOFID, "root", "", 0), 0);
}

static void tear_down(void)
{
	char command[160];

	p9_session_reset(&s);
	cr_assert_eq(s.nr_fids, 0);
	close(s.root);
	snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", top, top);
	cr_assert_eq(system(command), 0);
}

TestSuite(p9_session, .init = set_up, .fini = tear_down);

Test(p9_session, a_file_is_read_and_written)
{
	const void *data;

	cr_assert_eq(call(P9_TWALK, "ddws", 0, 1, 1, "file"), 0);
	cr_assert_eq(p9_u16(&answer), 1);
	cr_assert_eq(call(P9_TLOPEN, "dd", 1, P9_O_RDWR), 0);
	cr_assert_eq(call(P9_TREAD, "dqd", 1, (uint64_t)3, 100), 0);
	cr_assert_eq(p9_u32(&answer), 5);
	data = p9_bytes(&answer, 5);
	cr_assert(data && !memcmp(data, "tents", 5));
	cr_assert_eq(answer.at, answer.end);
	/* The data of a write is counted, not a string's length: "xy" and its 2. */
	cr_assert_eq(call(P9_TWRITE, "dqdbb", 1, (uint64_t)8, 2, 'x', 'y'), 0);
	cr_assert_eq(p9_u32(&answer), 2);
	cr_assert_eq(call(P9_TGETATTR, "dq", 1, P9_GETATTR_BASIC), 0);
	p9_bytes(&answer, 8 + P9_QID_BYTES + 4 + 4 + 4 + 8 + 8);
	cr_assert_eq(p9_u64(&answer), 10, "the size");
	cr_assert_eq(call(P9_TFSYNC, "d", 1), 0);
	cr_assert_eq(call(P9_TCLUNK, "d", 1), 0);
	cr_assert_eq(call(P9_TREAD, "dqd", 1, (uint64_t)0, 1), -EBADF);
}

Test(p9_session, reads_never_exceed_a_message)
{
	cr_assert_eq(truncate(in_share("file"), 100000), 0);
	call(P9_TWALK, "ddws", 0, 1, 1, "file");
	call(P9_TLOPEN, "dd", 1, P9_O_RDONLY);
	cr_assert_eq(call(P9_TREAD, "dqd", 1, (uint64_t)0, 0xffffffffu), 0);
	cr_assert_eq(p9_u32(&answer), MSIZE - P9_IO_HEADER);
	cr_assert_eq(call(P9_TREAD, "dqd", 1, UINT64_MAX, 1), -EINVAL);
}

Test(p9_session, no_name_leads_out)
{
	static const char *const names[] = { "", "/", "/etc", "dir/sub", "../secret", "dir/../../secret" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_lt(call(P9_TWALK, "ddws", 0, 1, 1, names[i]), 0, "%s", names[i]);
	/* Above the top is the top. */
	cr_assert_eq(call(P9_TWALK, "ddwsss", 0, 1, 3, "..", "..", "dir"), 0);
	cr_assert_eq(p9_u16(&answer), 3);
	cr_assert_eq(call(P9_TWALK, "ddwss", 0, 2, 2, "..", "secret"), 0, "what there is of the way is told");
	cr_assert_eq(p9_u16(&answer), 1);
	cr_assert_eq(call(P9_TCLUNK, "d", 2), -EBADF, "and there is no fid");
	cr_assert_eq(call(P9_TWALK, "ddwss", 1, 3, 2, "sub", ".."), 0);
	cr_assert_eq(p9_u16(&answer), 2);
}

Test(p9_session, links_are_read_not_followed)
{
	char target[64];

	cr_assert_eq(call(P9_TWALK, "ddws", 0, 1, 1, "up"), 0);
	cr_assert_eq(call(P9_TREADLINK, "d", 1), 0);
	p9_string(&answer, target, sizeof(target));
	cr_assert_str_eq(target, "../secret");
	cr_assert_eq(call(P9_TLOPEN, "dd", 1, P9_O_RDONLY), -EACCES);
	cr_assert_eq(call(P9_TSETATTR, "dddddqqqqq", 1, P9_SETATTR_SIZE, 0, 0, 0, (uint64_t)0, (uint64_t)0, (uint64_t)0,
			  (uint64_t)0, (uint64_t)0), -EOPNOTSUPP, "not truncated through the link");
	cr_assert_eq(call(P9_TWALK, "ddwss", 0, 2, 2, "top", "etc"), 0);
	cr_assert_eq(p9_u16(&answer), 1, "not even into a directory");
	cr_assert_eq(call(P9_TLCREATE, "dsddd", 0, "up", P9_O_RDWR | P9_O_TRUNC, 0644, 0), -ELOOP);
	cr_assert_eq(call(P9_TREADLINK, "d", 0), -EINVAL);
}

Test(p9_session, a_directory_moved_while_it_is_used)
{
	cr_assert_eq(call(P9_TWALK, "ddwss", 0, 1, 2, "dir", "sub"), 0);
	/* By the client: the fid's way up follows. */
	cr_assert_eq(call(P9_TRENAMEAT, "dsds", 0, "dir", 0, "renamed"), 0);
	cr_assert_eq(call(P9_TWALK, "ddwss", 1, 2, 2, "..", "sub"), 0);
	cr_assert_eq(p9_u16(&answer), 2);
	/* By the host, to the outside: there is no way up any more, so none out. */
	cr_assert_eq(rename(in_share("renamed"), in_share("../gone")), 0);
	moved_away = true;
	cr_assert_eq(call(P9_TWALK, "ddws", 1, 3, 1, ".."), -ENOENT);
	moved_away = false;
	p9_session_reset(&s);
	call(P9_TVERSION, "ds", MSIZE, P9_VERSION);
	call(P9_TATTACH, "ddssd", 0, P9_NOFID, "root", "", 0);
	mkdir(in_share("a"), 0755);
	mkdir(in_share("a/b"), 0755);
	call(P9_TWALK, "ddwss", 0, 1, 2, "a", "b");
	cr_assert_eq(call(P9_TRENAME, "dds", 1, 0, "b"), 0, "by its fid");
	cr_assert_eq(access(in_share("b"), F_OK), 0);
	cr_assert_eq(call(P9_TWALK, "ddws", 1, 2, 1, ".."), 0);
	cr_assert_eq(call(P9_TWALK, "ddws", 2, 3, 1, "file"), 0, "its way up is the top now");
}

Test(p9_session, nothing_is_made_that_gives_the_host_more)
{
	struct stat st;

	cr_assert_eq(call(P9_TMKNOD, "dsdddd", 0, "disk", S_IFBLK | 0666, 8, 0, 0), -EPERM);
	cr_assert_eq(call(P9_TMKNOD, "dsdddd", 0, "null", S_IFCHR | 0666, 1, 3, 0), -EPERM);
	cr_assert_eq(call(P9_TMKNOD, "dsdddd", 0, "pipe", S_IFIFO | 0600, 0, 0, 0), 0);
	cr_assert_eq(call(P9_TWALK, "ddws", 0, 1, 1, "pipe"), 0);
	cr_assert_eq(call(P9_TLOPEN, "dd", 1, P9_O_RDONLY), -EACCES, "nor opened");
	cr_assert_eq(call(P9_TWALK, "ddw", 0, 2, 0), 0);
	cr_assert_eq(call(P9_TLCREATE, "dsddd", 2, "root-shell", P9_O_RDWR, 06755, 0), 0);
	cr_assert_eq(stat(in_share("root-shell"), &st), 0);
	cr_assert_eq(st.st_mode & 07000, 0);
	cr_assert_eq(call(P9_TSETATTR, "dddddqqqqq", 2, P9_SETATTR_MODE, 04755, 0, 0, (uint64_t)0, (uint64_t)0, (uint64_t)0,
			  (uint64_t)0, (uint64_t)0), -EPERM);
	cr_assert_eq(call(P9_TSETATTR, "dddddqqqqq", 2, P9_SETATTR_MODE, 0700, 0, 0, (uint64_t)0, (uint64_t)0, (uint64_t)0,
			  (uint64_t)0, (uint64_t)0), 0);
	stat(in_share("root-shell"), &st);
	cr_assert_eq(st.st_mode & 07777, 0700);
}

Test(p9_session, names_are_made_and_removed)
{
	cr_assert_eq(call(P9_TMKDIR, "dsdd", 0, "new", 0755, 0), 0);
	cr_assert_eq(call(P9_TMKDIR, "dsdd", 0, "new", 0755, 0), -EEXIST);
	cr_assert_eq(call(P9_TMKDIR, "dsdd", 0, "..", 0755, 0), -EISDIR);
	cr_assert_eq(call(P9_TMKDIR, "dsdd", 0, "a/b", 0755, 0), -EINVAL);
	cr_assert_eq(call(P9_TSYMLINK, "dssd", 0, "link", "/etc/passwd", 0), 0);
	cr_assert_eq(call(P9_TWALK, "ddws", 0, 1, 1, "file"), 0);
	cr_assert_eq(call(P9_TLINK, "dds", 0, 1, "second"), 0);
	cr_assert_eq(call(P9_TUNLINKAT, "dsd", 0, "new", 0), -EISDIR);
	cr_assert_eq(call(P9_TUNLINKAT, "dsd", 0, "new", P9_UNLINK_DIR), 0);
	cr_assert_eq(call(P9_TUNLINKAT, "dsd", 0, "dir", P9_UNLINK_DIR), -ENOTEMPTY);
	cr_assert_eq(call(P9_TUNLINKAT, "dsd", 0, "..", P9_UNLINK_DIR), -EISDIR);
	cr_assert_eq(call(P9_TREMOVE, "d", 1), 0);
	cr_assert_eq(access(in_share("file"), F_OK), -1);
	cr_assert_eq(access(in_share("second"), F_OK), 0);
	cr_assert_eq(call(P9_TCLUNK, "d", 1), -EBADF, "a removed fid is gone");
	cr_assert_eq(call(P9_TREMOVE, "d", 0), -EBUSY, "the top stays");
	cr_assert_eq(access(share, F_OK), 0);
}

Test(p9_session, a_file_that_was_removed_is_still_there_for_its_fid)
{
	call(P9_TWALK, "ddws", 0, 1, 1, "file");
	cr_assert_eq(call(P9_TUNLINKAT, "dsd", 0, "file", 0), 0);
	cr_assert_eq(call(P9_TLOPEN, "dd", 1, P9_O_RDONLY), 0);
	cr_assert_eq(call(P9_TREAD, "dqd", 1, (uint64_t)0, 100), 0);
	cr_assert_eq(p9_u32(&answer), 8);
}

/* How many entries a whole reading has, with messages of count bytes; *parent: the number of "..". */
static unsigned int entries(uint32_t fid, uint32_t count, uint64_t *parent)
{
	unsigned int n = 0;
	uint64_t pos = 0, ino;
	char name[P9_NAME_MAX + 1];
	struct p9_in in;
	uint32_t len;

	for (;;) {
		cr_assert_eq(call(P9_TREADDIR, "dqd", fid, pos, count), 0);
		len = p9_u32(&answer);
		cr_assert_leq(len, count);
		if (!len)
			return n;
		in = (struct p9_in){ answer.at, answer.at + len, false };
		while (in.at < in.end) {
			p9_bytes(&in, 5);
			ino = p9_u64(&in);
			pos = p9_u64(&in);
			p9_u8(&in);
			p9_string(&in, name, sizeof(name));
			cr_assert(!in.bad);
			if (!strcmp(name, ".."))
				*parent = ino;
			n++;
		}
	}
}

Test(p9_session, directories_are_read_in_pieces)
{
	char name[32];
	struct stat st;
	uint64_t parent;
	int i;

	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "dir/entry-%d", i);
		put_file(in_share(name), "");
	}
	call(P9_TWALK, "ddws", 0, 1, 1, "dir");
	cr_assert_eq(call(P9_TLOPEN, "dd", 1, P9_O_RDONLY | P9_O_DIRECTORY), 0);
	cr_assert_eq(entries(1, 8000, &parent), 503);
	cr_assert_eq(entries(1, 100, &parent), 503);
	cr_assert_eq(call(P9_TREADDIR, "dqd", 1, (uint64_t)0, 10), -EINVAL, "not even one fits");
	call(P9_TREADDIR, "dqd", 1, (uint64_t)0x123456789abc, 8000);	/* made up: any answer will do */
	call(P9_TWALK, "ddw", 0, 2, 0);
	call(P9_TLOPEN, "dd", 2, P9_O_RDONLY);
	entries(2, 8000, &parent);
	stat(share, &st);
	cr_assert_eq(parent, st.st_ino, "what is above the top is not said");
}

Test(p9_session, fids_are_bounded_and_distinct)
{
	unsigned int i;

	for (i = 1; i < P9_MAX_FIDS; i++)
		cr_assert_eq(call(P9_TWALK, "ddw", 0, i, 0), 0);
	cr_assert_eq(call(P9_TWALK, "ddw", 0, i, 0), -ENFILE);
	cr_assert_eq(call(P9_TWALK, "ddw", 0, 1, 0), -EBADF, "it is in use");
	cr_assert_eq(call(P9_TCLUNK, "d", 7), 0);
	cr_assert_eq(call(P9_TWALK, "ddw", 0, P9_NOFID, 0), -EBADF);
	cr_assert_eq(call(P9_TWALK, "ddw", 0, i, 0), 0);
	cr_assert_eq(call(P9_TATTACH, "ddssd", 0, P9_NOFID, "", "", 0), -EBADF);
	cr_assert_eq(call(P9_TVERSION, "ds", MSIZE, P9_VERSION), 0);
	cr_assert_eq(s.nr_fids, 0, "a version begins anew");
}

Test(p9_session, messages_that_are_cut_short_do_nothing)
{
	/* Each with all its fields; cut at every length. */
	static const struct { uint8_t type; const char *fmt; } ops[] = {
		{ P9_TWALK, "ddws" }, { P9_TLOPEN, "dd" }, { P9_TLCREATE, "dsddd" }, { P9_TSYMLINK, "dssd" },
		{ P9_TMKDIR, "dsdd" }, { P9_TGETATTR, "dq" }, { P9_TREADDIR, "dqd" }, { P9_TREAD, "dqd" },
		{ P9_TUNLINKAT, "dsd" }, { P9_TCLUNK, "d" }, { P9_TREMOVE, "d" }, { P9_TATTACH, "ddssd" },
	};
	unsigned int i;
	size_t n, full;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct p9_out out = { request, request, request + sizeof(request), false };
		const char *f;

		p9_put_u32(&out, 0);
		p9_put_u8(&out, ops[i].type);
		p9_put_u16(&out, 42);
		for (f = ops[i].fmt; *f; f++) {
			if (*f == 's')
				p9_put_string(&out, "dir");
			else
				p9_put_u64(&out, 1), out.at -= *f == 'd' ? 4 : *f == 'w' ? 6 : 0;
		}
		full = (size_t)(out.at - out.start);
		for (n = P9_HEADER; n < full; n++)
			cr_assert_lt(serve(n), 0, "type %u, %zu of %zu bytes", ops[i].type, n, full);
	}
	cr_assert_eq(access(in_share("dir/sub"), F_OK), 0);
	cr_assert_eq(s.nr_fids, 1);
}

Test(p9_session, what_is_not_there_is_refused)
{
	p9_session_reset(&s);
	cr_assert_eq(call(P9_TATTACH, "ddssd", 0, P9_NOFID, "", "", 0), -EPROTO, "before a version");
	cr_assert_eq(call(P9_TVERSION, "ds", 100, P9_VERSION), -EINVAL, "messages too small");
	cr_assert_eq(call(P9_TVERSION, "ds", MSIZE, "9P2000.u"), 0);
	cr_assert_eq(call(P9_TATTACH, "ddssd", 0, P9_NOFID, "", "", 0), -EPROTO);
	cr_assert_eq(call(P9_TVERSION, "ds", 0xffffffffu, P9_VERSION), 0);
	cr_assert_eq(p9_u32(&answer), MSIZE, "larger ones than ours are not agreed on");
	cr_assert_eq(call(P9_TAUTH, "dssd", 1, "root", "", 0), -EOPNOTSUPP);
	cr_assert_eq(call(P9_TXATTRWALK, "dds", 0, 1, "user.x"), -EOPNOTSUPP);
	cr_assert_eq(call(255, ""), -EOPNOTSUPP);
	cr_assert_eq(call(P9_TFLUSH, "w", 7), 0);
}

Test(p9_session, locks_are_the_hosts_too)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 4 };
	int fd = open(in_share("file"), O_RDWR);

	cr_assert_eq(fcntl(fd, F_OFD_SETLK, &fl), 0);
	call(P9_TWALK, "ddws", 0, 1, 1, "file");
	call(P9_TLOPEN, "dd", 1, P9_O_RDWR);
	cr_assert_eq(call(P9_TLOCK, "dbdqqds", 1, F_WRLCK, 0, (uint64_t)0, (uint64_t)10, 99, "client"), 0);
	cr_assert_eq(p9_u8(&answer), P9_LOCK_BLOCKED);
	cr_assert_eq(call(P9_TLOCK, "dbdqqds", 1, F_WRLCK, 0, (uint64_t)4, (uint64_t)4, 99, "client"), 0);
	cr_assert_eq(p9_u8(&answer), P9_LOCK_SUCCESS);
	cr_assert_eq(call(P9_TGETLOCK, "dbqqds", 1, F_WRLCK, (uint64_t)0, (uint64_t)10, 99, "client"), 0);
	cr_assert_eq(p9_u8(&answer), F_WRLCK);
	cr_assert_eq(call(P9_TLOCK, "dbdqqds", 1, 9, 0, (uint64_t)4, (uint64_t)4, 99, "client"), -EINVAL);
	close(fd);
}
