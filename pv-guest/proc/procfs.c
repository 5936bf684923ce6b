/* SPDX-License-Identifier: MIT */
/*
 * /proc, as far as ps, top, mount, free and shells look: a directory for each process, and what
 * the machine has. Everything is text made when it is read.
 *
 * Called by the VFS with super.lock held; takes proc_lock for as long as it copies.
 */
#include "../fs/vfs_fs.h"
#include <pv/init.h>
#include <pv/proc.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

#define INO_ROOT	1U
#define PID_INO(pid, k)	(0x100UL + (uint64_t)(pid) * 16 + (k))
#define INO_PID(ino)	((uint32_t)(((ino) - 0x100UL) / 16))
#define INO_KIND(ino)	((unsigned int)(((ino) - 0x100UL) % 16))
#define TEXT_MAX	4096U
#define TICK_NS		(NSEC_PER_SEC / 100)

struct text {
	char *s;
	size_t n;
};

static void add(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->n += (size_t)pv_vsnprintf(t->s + t->n, TEXT_MAX - t->n, fmt, ap);
	va_end(ap);
	t->n = MIN(t->n, (size_t)TEXT_MAX - 1);
}

static void text_meminfo(struct text *t)
{
	struct mem_stats s;

	mem_stats(&s);
	add(t, "MemTotal: %8lu kB\nMemFree: %8lu kB\nMemAvailable: %8lu kB\nBuffers: 0 kB\nCached: 0 kB\n"
	    "SwapCached: 0 kB\nShmem: 0 kB\nSlab: %lu kB\nSReclaimable: 0 kB\nPageTables: %lu kB\n"
	    "SwapTotal: 0 kB\nSwapFree: 0 kB\n",
	    s.total_pages * 4, s.free_pages * 4, s.free_pages * 4, s.kmalloc_bytes >> 10,
	    s.table_pages * 4);
}

static void text_mounts(struct text *t)
{
	struct vfs_mountinfo m;

	/* mount_lock comes before our own, which is held: a table in use reads as far as it got. */
	for (unsigned int i = 0; vfs_mount_try_get(i, &m) == 0; i++)
		add(t, "%s %s %s %s 0 0\n", m.source[0] != 0 ? m.source : "none", m.path, m.type,
		    m.rdonly ? "ro" : "rw");
}

static void text_uptime(struct text *t)
{
	uint64_t up = now_ns() - boot_ns();

	add(t, "%lu.%02lu 0.00\n", up / NSEC_PER_SEC, up % NSEC_PER_SEC / (10 * NSEC_PER_MSEC));
}

static void text_stat(struct text *t)
{
	uint64_t up = now_ns() - boot_ns();

	add(t, "cpu  %lu 0 0 0 0 0 0 0 0 0\nbtime %lu\nprocesses %u\n", up / TICK_NS,
	    (wallclock_ns() - up) / NSEC_PER_SEC, nr_procs);
}

static void text_loadavg(struct text *t)
{
	add(t, "0.00 0.00 0.00 1/%u 1\n", nr_procs);
}

static void text_version(struct text *t)
{
	add(t, "Linux version 5.10.0-paravane (pv-guest)\n");
}

static const struct {
	const char *name;
	void (*text)(struct text *t);	/* NULL: a symbolic link */
} machine_files[] = {
	[2] = { "meminfo", text_meminfo }, [3] = { "mounts", text_mounts },
	[4] = { "uptime", text_uptime },   [5] = { "stat", text_stat },
	[6] = { "loadavg", text_loadavg }, [7] = { "version", text_version },
	[8] = { "self", NULL },
};

static char state_of(const struct proc *p)
{
	if (p->state == PROC_ZOMBIE)
		return 'Z';
	return p->thread != NULL && p->thread->state == THREAD_RUNNABLE ? 'R' : 'S';
}

static uint64_t ticks_of(const struct proc *p)
{
	return p->thread != NULL ? p->thread->run_ns / TICK_NS : 0;
}

/* Fields 1 to 41 of Linux's; what does not exist here is 0. */
static void pid_stat(struct text *t, const struct proc *p)
{
	add(t, "%u (%s) %c %u %u %u 1280 %u 0 0 0 0 0 %lu 0 0 0 20 0 1 0 %lu %lu %lu ", p->pid, p->comm,
	    state_of(p), p->parent != NULL ? p->parent->pid : 0, p->pgid, p->sid, p->pgid,
	    ticks_of(p), (p->started_ns - boot_ns()) / TICK_NS,
	    p->mm != NULL ? p->mm->pages * PAGE_SIZE : 0, p->mm != NULL ? p->mm->pages : 0);
	add(t, "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n");
}

static void pid_status(struct text *t, const struct proc *p)
{
	add(t, "Name:\t%s\nState:\t%c\nTgid:\t%u\nPid:\t%u\nPPid:\t%u\nUid:\t0\t0\t0\t0\n"
	    "Gid:\t0\t0\t0\t0\nVmSize:\t%lu kB\nVmRSS:\t%lu kB\nThreads:\t1\n",
	    p->comm, state_of(p), p->pid, p->pid, p->parent != NULL ? p->parent->pid : 0,
	    p->mm != NULL ? p->mm->pages * 4 : 0, p->mm != NULL ? p->mm->pages * 4 : 0);
}

static void pid_cmdline(struct text *t, const struct proc *p)
{
	size_t n = p->state == PROC_ZOMBIE ? 0 : p->cmdline_bytes;

	memcpy(t->s + t->n, p->cmdline, n);
	t->n += n;
}

static void pid_comm(struct text *t, const struct proc *p)
{
	add(t, "%s\n", p->comm);
}

static void pid_exe(struct text *t, const struct proc *p)
{
	add(t, "%s", p->exe != NULL ? p->exe : "");
}

static const struct {
	const char *name;
	void (*text)(struct text *t, const struct proc *p);
	bool link;
} pid_files[] = {
	{ ".", NULL, false }, { "stat", pid_stat, false }, { "cmdline", pid_cmdline, false },
	{ "status", pid_status, false }, { "comm", pid_comm, false }, { "exe", pid_exe, true },
};

static int make_text(uint64_t ino, struct text *t)
{
	unsigned long flags;
	struct proc *p;
	int rc = 0;

	t->n = 0;
	t->s = kmalloc(TEXT_MAX);
	if (t->s == NULL)
		return -ENOMEM;
	if (ino < 0x100) {
		machine_files[ino].text(t);
		return 0;
	}
	flags = spin_lock_irqsave(&proc_lock);
	p = proc_find(INO_PID(ino));
	if (p != NULL)
		pid_files[INO_KIND(ino)].text(t, p);
	else
		rc = -ESRCH;
	spin_unlock_irqrestore(&proc_lock, flags);
	if (rc != 0)
		kfree(t->s);
	return rc;
}

static int procfs_mount(struct super *sb)
{
	sb->root_ino = INO_ROOT;
	return 0;
}

static void procfs_unmount(struct super *sb)
{
}

static int procfs_statfs(struct super *sb, struct vfs_statfs *st)
{
	st->bsize = PAGE_SIZE;
	return 0;
}

static int procfs_read_inode(struct inode *inode)
{
	bool dir = inode->ino == INO_ROOT || (inode->ino >= 0x100 && INO_KIND(inode->ino) == 0);
	bool link = inode->ino < 0x100 ? inode->ino == 8 : pid_files[INO_KIND(inode->ino)].link;

	inode->nlink = dir ? 2 : 1;
	inode->mode = dir ? VFS_IFDIR | 0555 : link ? VFS_IFLNK | 0777 : VFS_IFREG | 0444;
	inode->atime = inode->mtime = inode->ctime = wallclock_ns() / NSEC_PER_SEC;
	return 0;
}

static int number(struct vname name, uint32_t *pid)
{
	*pid = 0;
	for (size_t i = 0; i < name.len; i++) {
		if (name.s[i] < '0' || name.s[i] > '9' || *pid > 100000)
			return -ENOENT;
		*pid = *pid * 10 + (uint32_t)(name.s[i] - '0');
	}
	return 0;
}

static bool is(struct vname name, const char *s)
{
	return s != NULL && strlen(s) == name.len && memcmp(s, name.s, name.len) == 0;
}

static int procfs_lookup(struct inode *dir, struct vname name, uint64_t *ino)
{
	unsigned long flags;
	uint32_t pid;
	bool found;

	*ino = INO_ROOT;
	if (is(name, ".."))
		return 0;
	if (dir->ino != INO_ROOT) {
		for (unsigned int k = 1; k < ARRAY_SIZE(pid_files); k++) {
			*ino = PID_INO(INO_PID(dir->ino), k);
			if (is(name, pid_files[k].name))
				return 0;
		}
		return -ENOENT;
	}
	for (*ino = 2; *ino < ARRAY_SIZE(machine_files); (*ino)++) {
		if (is(name, machine_files[*ino].name))
			return 0;
	}
	if (number(name, &pid) != 0)
		return -ENOENT;
	flags = spin_lock_irqsave(&proc_lock);
	found = proc_find(pid) != NULL;
	spin_unlock_irqrestore(&proc_lock, flags);
	*ino = PID_INO(pid, 0);
	return found ? 0 : -ENOENT;
}

/* The process with the lowest number from pid on; 0: none. */
static uint32_t next_pid(uint32_t pid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct proc *p;
	uint32_t best = 0;

	list_for_each(p, &all_procs, all_link) {
		if (p->pid >= pid && (best == 0 || p->pid < best))
			best = p->pid;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return best;
}

static int entry(struct vfs_dirent *d, uint64_t ino, uint32_t type, const char *name)
{
	d->ino = ino;
	d->type = type;
	str_copy(d->name, name, sizeof(d->name));
	return 1;
}

static int readdir_pid(struct inode *dir, uint64_t *pos, struct vfs_dirent *d)
{
	uint64_t k = *pos - 1;

	if (k >= ARRAY_SIZE(pid_files))
		return 0;
	(*pos)++;
	return entry(d, PID_INO(INO_PID(dir->ino), k),
		     pid_files[k].link ? VFS_IFLNK : VFS_IFREG, pid_files[k].name);
}

static int procfs_readdir(struct inode *dir, uint64_t *pos, struct vfs_dirent *d)
{
	char name[12];
	uint32_t pid;

	if (*pos < 2) {
		(*pos)++;
		return entry(d, *pos == 1 ? dir->ino : INO_ROOT, VFS_IFDIR, *pos == 1 ? "." : "..");
	}
	if (dir->ino != INO_ROOT)
		return readdir_pid(dir, pos, d);
	if (*pos < ARRAY_SIZE(machine_files)) {
		(*pos)++;
		return entry(d, *pos - 1, machine_files[*pos - 1].text ? VFS_IFREG : VFS_IFLNK,
			     machine_files[*pos - 1].name);
	}
	pid = next_pid((uint32_t)MAX(*pos, 0x100UL) - 0x100);
	if (pid == 0)
		return 0;
	*pos = 0x100UL + pid + 1;
	pv_snprintf(name, sizeof(name), "%u", pid);
	return entry(d, PID_INO(pid, 0), VFS_IFDIR, name);
}

static int procfs_readlink(struct inode *inode, char *buf, size_t n)
{
	struct text t;
	int rc;

	if (inode->ino < 0x100) {
		if (current_proc() == NULL)
			return -ENOENT;
		return pv_snprintf(buf, n, "%u", current_proc()->pid);
	}
	rc = make_text(inode->ino, &t);
	if (rc != 0)
		return rc;
	rc = t.n == 0 ? -ENOENT : t.n >= n ? -ERANGE : (int)t.n;
	if (rc > 0)
		memcpy(buf, t.s, t.n + 1);
	kfree(t.s);
	return rc;
}

static int64_t procfs_read(struct inode *inode, uint64_t pos, void *buf, size_t n)
{
	struct text t;
	int rc = make_text(inode->ino, &t);

	if (rc != 0)
		return rc;
	n = pos >= t.n ? 0 : MIN(n, t.n - pos);
	memcpy(buf, t.s + pos, n);
	kfree(t.s);
	return n;
}

static int no_create(struct inode *dir, struct vname name, const struct vnew *what,
		     struct inode **out)
{
	return -EPERM;
}

static int no_name(struct inode *dir, struct vname name, struct inode *inode)
{
	return -EPERM;
}

static int no_rename(const struct vrename *r)
{
	return -EPERM;
}

static const struct fs_ops procfs_ops = {
	.name = "procfs",
	.mount = procfs_mount,
	.unmount = procfs_unmount,
	.statfs = procfs_statfs,
	.read_inode = procfs_read_inode,
	.lookup = procfs_lookup,
	.create = no_create,
	.link = no_name,
	.unlink = no_name,
	.rmdir = no_name,
	.rename = no_rename,
	.readlink = procfs_readlink,
	.read = procfs_read,
	.readdir = procfs_readdir,
};

static int procfs_init(void)
{
	int rc = vfs_register(&procfs_ops);

	if (rc != 0)
		return rc;
	vfs_mkdir("/proc", 0555);
	rc = vfs_mount(NULL, "/proc", "procfs", false);
	return rc == -ENOENT ? 0 : rc;	/* a read-only root without the directory */
}
INITCALL(INIT_LATE, procfs_init);
