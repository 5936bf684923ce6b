/* SPDX-License-Identifier: MIT */
/*
 * A 9P2000.L server over one shared directory: messages in, answers out.  It knows nothing of rings.
 *
 * Trust: every byte of a request is a domain's.  What the domain can name is what lies below the shared
 * directory, for no path of its is ever given to the host: a fid is a descriptor (O_PATH), a walk goes one
 * name at a time from descriptor to descriptor by openat2() with RESOLVE_BENEATH and
 * RESOLVE_NO_SYMLINKS, ".." is a walk of what is left of the fid's own path from the shared directory on, and
 * symbolic links are read, never followed.  Only regular files and directories are opened.
 *
 * Files belong to whom this process runs as (Xen's security_model=none): nothing is made that would give
 * a user of the host more than that, so no device nodes and no set-user-ID or set-group-ID files.
 */
#ifndef PVN_BACKENDS_P9_SESSION_H
#define PVN_BACKENDS_P9_SESSION_H

#include <sys/queue.h>
#include <sys/stat.h>

#include "backends/p9_wire.h"

#define P9_MAX_FIDS	1024U
#define P9_PATH_MAX	4096U
#define P9_FID_BUCKETS	128U

struct p9_fid {
	LIST_ENTRY(p9_fid) entry;
	uint32_t id;
	int fd;			/* O_PATH, on the file itself if it is a symbolic link */
	int io;			/* opened for input and output, or -1 */
	uint32_t flags;		/* of that: P9_O_... */
	char *path;		/* from the shared directory on; "" is that itself */
	struct p9_qid qid;
};

LIST_HEAD(p9_fid_list, p9_fid);

struct p9_session {
	int root;		/* the shared directory, O_PATH */
	dev_t dev;		/* where it lies */
	uint32_t max_msize;
	uint32_t msize;		/* 0: no version was agreed on yet */
	unsigned int nr_fids;
	struct p9_fid_list fids[P9_FID_BUCKETS];
};

/* p9_serve.c.  Share the directory open at root (which stays the caller's) in messages of at most max_msize
 * bytes. */
void p9_session_init(struct p9_session *s, int root, uint32_t max_msize);
void p9_session_reset(struct p9_session *s);	/* forgets all fids and the version */
/*
 * Serve one message of n bytes (P9_HEADER <= n, its size field says n), and write the answer into out,
 * which holds max_msize bytes.  Length of the answer, 0: there is none to give.
 */
size_t p9_serve(struct p9_session *s, const void *message, size_t n, void *out);

/* p9_fid.c */
struct p9_fid *p9_fid_find(struct p9_session *s, uint32_t id);
/* A new one on fd, of which it takes possession even if it fails, with path.  -EBADF: id is in use; -ENFILE. */
int p9_fid_new(struct p9_session *s, uint32_t id, int fd, const char *path, struct p9_fid **out);
void p9_fid_free(struct p9_session *s, struct p9_fid *f);
/* What f is called when it has moved to path, and everything below it. */
void p9_fid_renamed(struct p9_session *s, const char *from, const char *to);
/* Let f be the file at fd (taken) and path.  0 or -errno, then f is as before and fd closed. */
int p9_fid_move(struct p9_session *s, struct p9_fid *f, int fd, const char *path);

/* p9_path.c.  A file below another: O_PATH descriptor, or -errno. */
int p9_open_below(int dir, const char *name);
/* name as a component of a path: 0; -EINVAL, -EISDIR ("." and ".."), -ENAMETOOLONG. */
int p9_name_check(const char *name);
/* dir's path with name, "..": without its last part.  -ENAMETOOLONG. */
int p9_path_join(const char *dir, const char *name, char path[P9_PATH_MAX]);
/* The directory that f is in, and f's name there (a pointer into f->path).  Descriptor or -errno; -EBUSY: the root. */
int p9_open_parent(struct p9_session *s, const struct p9_fid *f, const char **name);
/* /proc/self/fd/N: the only name of the host's that calls without a descriptor form get. */
#define P9_FD_PATH_BYTES	32
const char *p9_fd_path(int fd, char buf[P9_FD_PATH_BYTES]);
void p9_qid_of(const struct p9_session *s, const struct stat *st, struct p9_qid *qid);
int p9_qid_at(const struct p9_session *s, int fd, struct p9_qid *qid);	/* 0 or -errno */

/*
 * The operations: fields from in, answer's fields to out.  0 or -errno, then what is in out does not
 * count.  in->bad is looked at by each before it does anything.
 */
typedef int p9_op(struct p9_session *s, struct p9_in *in, struct p9_out *out);
p9_op p9_walk, p9_clunk, p9_remove;					/* p9_walk.c */
p9_op p9_lopen, p9_lcreate, p9_read, p9_write, p9_fsync;		/* p9_file.c */
p9_op p9_lock, p9_getlock;						/* p9_lock.c */
p9_op p9_getattr, p9_setattr, p9_statfs, p9_readlink;			/* p9_attr.c */
p9_op p9_readdir;							/* p9_readdir.c */
p9_op p9_symlink, p9_mknod, p9_mkdir, p9_link, p9_rename, p9_renameat, p9_unlinkat; /* p9_names.c */

#endif
