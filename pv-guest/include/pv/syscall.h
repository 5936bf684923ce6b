/* SPDX-License-Identifier: MIT */
/*
 * System calls of Linux on x86-64, as far as static programs need them. A call gets its six
 * arguments as the process gave them, believes none, and returns its result or -errno.
 */
#ifndef PV_SYSCALL_H
#define PV_SYSCALL_H

#include <pv/proc.h>
#include <pv/trap.h>

typedef long syscall_fn(const uint64_t *a);

void syscall_entry(struct trap_frame *f);
void syscall32_entry(struct trap_frame *f);

/* Open files: an object with a count, shared by dup and fork. */
struct ofile;
struct ofile_ops {
	/* Kernel buffers; may sleep. NULL: -EINVAL. */
	int64_t (*read)(struct ofile *f, void *buf, size_t n);
	int64_t (*write)(struct ofile *f, const void *buf, size_t n);
	long (*ioctl)(struct ofile *f, uint32_t cmd, uint64_t arg);
	int (*stat)(struct ofile *f, struct vfs_stat *st);
	/* POLLIN 1, POLLOUT 4, POLLERR 8, POLLHUP 16. NULL: always in and out. */
	uint32_t (*poll)(struct ofile *f);
	void (*release)(struct ofile *f);
};
struct ofile {
	const struct ofile_ops *ops;
	uint32_t refs;
	uint32_t flags;			/* O_ of open and F_SETFL */
	struct mutex lock;		/* position */
	struct file *file;		/* of the file system, or NULL */
	char *path;			/* of a directory, for *at; may be NULL */
	void *priv;
};

#define O_ACCMODE	3U
#define O_CREAT		0100U
#define O_EXCL		0200U
#define O_TRUNC		01000U
#define O_APPEND	02000U
#define O_NONBLOCK	04000U
#define O_DIRECTORY	0200000U
#define O_NOFOLLOW	0400000U
#define O_CLOEXEC	02000000U
#define AT_FDCWD	(-100)

#define POLLIN		1U
#define POLLOUT		4U
#define POLLERR		8U
#define POLLHUP		16U
#define POLLNVAL	32U

struct ofile *ofile_new(const struct ofile_ops *ops, uint32_t flags);
void ofile_get(struct ofile *f);
void ofile_put(struct ofile *f);
/* Of the current process; NULL: no such. Valid until the process itself closes it. */
struct ofile *fd_get(uint64_t fd);
int fd_install(struct ofile *f, unsigned int from, bool cloexec);	/* takes over f, also on failure */
int fd_close(struct proc *p, uint64_t fd);
struct ofile *console_ofile(void);
extern const struct ofile_ops vfs_ofile_ops;
/* Woken whenever some open file may have become ready. */
extern struct wait_queue poll_wq;

/* A path of the process as an absolute one; kmalloc. dirfd as for openat. 0 or -errno. */
int user_path(int32_t dirfd, uint64_t upath, char **out);
int proc_path(struct proc *p, const char *path, char **out);

/* tty.c */
void tty_input(int c);			/* one byte typed */
void tty_foreground(uint32_t pgid);
long console_ioctl(struct ofile *f, uint32_t cmd, uint64_t arg);

#define SYSCALLS_MAX	512U
extern syscall_fn *const syscall_table[SYSCALLS_MAX];

#endif
