/* SPDX-License-Identifier: MIT */
/* The machine and its limits: uname, sysinfo, limits, random bytes, mount, reboot, futex. */
#include <pv/errno.h>
#include <pv/init.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>
#include <pv/time.h>
#include <xen/xen.h>
#include <xen/sched.h>

#include "calls.h"

#define ARCH_SET_GS	0x1001U
#define ARCH_SET_FS	0x1002U
#define ARCH_GET_FS	0x1003U
#define ARCH_GET_GS	0x1004U
#define PR_SET_NAME	15U
#define PR_GET_NAME	16U
#define RLIMIT_STACK	3U
#define RLIMIT_NPROC	6U
#define RLIMIT_NOFILE	7U
#define RLIMITS		16U
#define FUTEX_WAIT	0U
#define FUTEX_WAKE	1U
#define FUTEX_CMD	127U
#define REBOOT_RESTART	0x01234567U
#define REBOOT_HALT	0xcdef0123U
#define REBOOT_OFF	0x4321fedcU

long sys_uname(const uint64_t *a)
{
	static const char names[6][65] = { "Linux", "pv-guest", "5.10.0-paravane", "#1 SMP", "x86_64",
					   "(none)" };

	return copy_to_user(a[0], names, sizeof(names));
}

long sys_sysinfo(const uint64_t *a)
{
	struct mem_stats s;
	uint64_t info[14] = { 0 };

	mem_stats(&s);
	info[0] = (now_ns() - boot_ns()) / NSEC_PER_SEC;
	info[4] = s.total_pages * PAGE_SIZE;
	info[5] = s.free_pages * PAGE_SIZE;
	info[10] = nr_procs;		/* u16 */
	info[13] = 1;			/* mem_unit */
	return copy_to_user(a[0], info, 112);
}

static uint64_t limit(uint32_t what)
{
	return what == RLIMIT_STACK ? USER_STACK_MAX : what == RLIMIT_NOFILE ? PROC_FILES :
	       what == RLIMIT_NPROC ? PROCS_MAX : ~0UL;
}

/* What is set is not more than what there is: accepted, without effect. */
long sys_prlimit64(const uint64_t *a)
{
	uint64_t lim[2] = { limit((uint32_t)a[1]), limit((uint32_t)a[1]) };

	if ((uint32_t)a[1] >= RLIMITS)
		return -EINVAL;
	return a[3] != 0 ? copy_to_user(a[3], lim, sizeof(lim)) : 0;
}

long sys_getrlimit(const uint64_t *a)
{
	uint64_t b[4] = { 0, a[0], 0, a[1] };

	return a[1] == 0 ? -EFAULT : sys_prlimit64(b);
}

long sys_setrlimit(const uint64_t *a)
{
	return (uint32_t)a[0] >= RLIMITS ? -EINVAL : 0;
}

long sys_getrandom(const uint64_t *a)
{
	uint64_t n = MIN(a[1], 1UL << 20), done = 0;

	while (done < n) {
		uint64_t r = random_u64();
		size_t len = MIN(n - done, sizeof(r));

		if (copy_to_user(a[0] + done, &r, len) != 0)
			return -EFAULT;
		done += len;
	}
	return (long)done;
}

static bool base_ok(uint64_t base)
{
	return base < USER_END;
}

long sys_arch_prctl(const uint64_t *a)
{
	struct thread *t = current();

	switch (a[0]) {
	case ARCH_SET_FS:
		if (!base_ok(a[1]))
			return -EPERM;
		proc_segments_set(a[1], t->gs_base);
		return 0;
	case ARCH_SET_GS:
		if (!base_ok(a[1]))
			return -EPERM;
		proc_segments_set(t->fs_base, a[1]);
		return 0;
	case ARCH_GET_FS:
		return copy_to_user(a[1], &t->fs_base, 8);
	case ARCH_GET_GS:
		return copy_to_user(a[1], &t->gs_base, 8);
	}
	return -EINVAL;
}

long sys_prctl(const uint64_t *a)
{
	struct proc *p = current_proc();
	char name[16];

	switch (a[0]) {
	case PR_SET_NAME:
		if (string_from_user(name, a[1], sizeof(name)) == -EFAULT)
			return -EFAULT;
		name[15] = 0;
		str_copy(p->comm, name, sizeof(p->comm));
		return 0;
	case PR_GET_NAME:
		return copy_to_user(a[1], p->comm, sizeof(p->comm));
	}
	return -EINVAL;
}

/* Nobody shares memory with a waiter who runs: a wait ends by a signal or by its timeout, which
 * comes at once. The value is looked at as it should be. */
long sys_futex(const uint64_t *a)
{
	uint32_t value;

	switch ((uint32_t)a[1] & FUTEX_CMD) {
	case FUTEX_WAIT:
		if (copy_from_user(&value, a[0], sizeof(value)) != 0)
			return -EFAULT;
		if (value != (uint32_t)a[2])
			return -EAGAIN;
		thread_yield();
		return a[3] != 0 ? -ETIMEDOUT : -EINTR;
	case FUTEX_WAKE:
		return 0;
	}
	return -ENOSYS;
}

long sys_sched_getaffinity(const uint64_t *a)
{
	uint64_t mask = cpus_online_mask();

	if (a[1] < 8)
		return -EINVAL;
	return copy_to_user(a[2], &mask, 8) != 0 ? -EFAULT : 8;
}

long sys_mount(const uint64_t *a)
{
	char type[16] = "", source[32] = "", *path;
	int rc;

	if (a[2] != 0 && string_from_user(type, a[2], sizeof(type)) < 0)
		return -EFAULT;
	if (a[0] != 0 && string_from_user(source, a[0], sizeof(source)) < 0)
		return -EFAULT;
	rc = user_path(AT_FDCWD, a[1], &path);
	if (rc != 0)
		return rc;
	if (strcmp(type, "proc") == 0)
		str_copy(type, "procfs", sizeof(type));
	if (strcmp(type, "tmpfs") == 0)
		str_copy(type, "ramfs", sizeof(type));
	rc = vfs_mount(strncmp(source, "/dev/", 5) == 0 ? source : NULL, path, type, a[3] & 1);
	kfree(path);
	return rc;
}

long sys_umount2(const uint64_t *a)
{
	char *path;
	int rc = user_path(AT_FDCWD, a[0], &path);

	if (rc != 0)
		return rc;
	rc = vfs_umount(path);
	kfree(path);
	return rc;
}

long sys_reboot(const uint64_t *a)
{
	switch ((uint32_t)a[2]) {
	case REBOOT_RESTART:
		machine_shutdown(SHUTDOWN_reboot);
	case REBOOT_HALT:
	case REBOOT_OFF:
		machine_shutdown(SHUTDOWN_poweroff);
	}
	return 0;	/* what ctrl-alt-del does: nobody can press it */
}
