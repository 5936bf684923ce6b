/* SPDX-License-Identifier: MIT */
/*
 * The sandbox of a domain: what its process leaves behind before the image runs.
 *
 * The last lock, the system call filter, is put on by the image itself (seccomp.c makes it,
 * since the start of the image needs calls that the image later does not).  Everything here is
 * the second wall: namespaces, an empty root, another user, no capabilities, tight limits.
 * Namespaces a host refuses are done without, and said once in the log.
 */
#include "config.h"
#include "paravaned/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xen/xen.h>

#include <paravane/rundir.h>
#include "libs/util/log.h"

/*
 * When the daemon is root each domain has a uid and gid of its own, this one plus its domid: else
 * whoever is that user could stop, kill and trace it, other domains first of all.  The range lies
 * behind what systemd gives to containers and before what does not fit into 31 bits; it is in no
 * distribution's hands.
 */
#define FIRST_ID	0x70000000U
/* The user nobody, for hosts (containers) that have no such ids: better than root. */
#define SHARED_ID	65534U

#define RAWIO		(1U << CAP_SYS_RAWIO)

/* What a guest may have mapped at a time: its memory so often, and so much on top. */
#define TLB_TIMES	2
#define TLB_SLACK	(256UL << 20)	/* 65,530 single pages */

static const struct {
	unsigned long flag;
	const char *name;
} kinds[] = {
	{ CLONE_NEWPID, "pid" },
	{ CLONE_NEWNS, "mount" },
	{ CLONE_NEWNET, "network" },
	{ CLONE_NEWIPC, "ipc" },
	{ CLONE_NEWUTS, "uts" },
	{ CLONE_NEWCGROUP, "cgroup" },
};

static bool as_root;		/* we can become somebody else: then the user namespace comes last */
static bool shared_id;		/* but only nobody */
static bool have_user;
static unsigned long have;	/* of kinds[] */
static char empty_dir[4096];	/* what the domain's root is mounted on */

static bool try_clone(unsigned long flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	return pid > 0;
}

static uid_t domain_id(uint16_t domid)
{
	return shared_id ? SHARED_ID : FIRST_ID + domid;
}

/* Raw calls: libc's wrappers would want to tell other threads. */
static int become(uid_t id)
{
	if (syscall(SYS_setgroups, 0, NULL) != 0 || syscall(SYS_setresgid, id, id, id) != 0 ||
	    syscall(SYS_setresuid, id, id, id) != 0)
		return -errno;
	return 0;
}

static bool can_become(uid_t id)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(become(id) != 0);
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
	return status == 0;
}

/* Root of a container may have few others to be, or nobody but itself. */
static void choose_user(void)
{
	if (geteuid() != 0)
		return;
	as_root = can_become(FIRST_ID + DOMID_FIRST_RESERVED);
	if (as_root)
		return;
	as_root = shared_id = can_become(SHARED_ID);
	if (as_root)
		pvn_log(LOG_WARNING, "there are no users from %u on here: all domains run as user %u",
			FIRST_ID, SHARED_ID);
	else
		pvn_log(LOG_WARNING, "there is no user %u here: domains run as ours, without its powers",
			SHARED_ID);
}

/* Root makes them as root, so that they belong to nobody the domain could become. */
static unsigned long user_flag(void)
{
	return !as_root && have_user ? CLONE_NEWUSER : 0;
}

void sandbox_probe(void)
{
	size_t i;

	choose_user();
	have_user = try_clone(CLONE_NEWUSER);
	if (!have_user)
		pvn_log(LOG_WARNING, "this host does not let us make user namespaces");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (try_clone(user_flag() | kinds[i].flag))
			have |= kinds[i].flag;
		else
			pvn_log(LOG_WARNING, "domains have no %s namespace of their own on this host",
				kinds[i].name);
	}
	if (pvn_runpath(empty_dir, sizeof(empty_dir), "empty") != 0 ||
	    (mkdir(empty_dir, 0555) != 0 && errno != EEXIST))
		pvn_log(LOG_ERR, "%s: %m", empty_dir);
}

unsigned long sandbox_clone_flags(void)
{
	return user_flag() | have;
}

bool sandbox_siblings(void)
{
	return (have & CLONE_NEWPID) || (as_root && !shared_id);
}

static int pivot(void)
{
	if (chdir(empty_dir) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
	    umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return -errno;
	return 0;
}

/* Second best, for root without mount namespaces; a plain user cannot do even that. */
static int chroot_empty(void)
{
	if (chroot(empty_dir) != 0)
		return as_root ? -errno : 0;
	return chdir("/") != 0 ? -errno : 0;
}

/* A root directory with nothing in it, and nothing can be put there. */
static int empty_root(void)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (!(have & CLONE_NEWNS))
		return chroot_empty();
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		/* EINVAL: our own root is no mount (we live in a chroot), so it cannot be pivoted. */
		return errno == EINVAL ? chroot_empty() : -errno;
	if (mount("paravane", empty_dir, "tmpfs", flags | MS_RDONLY, "size=4k,nr_inodes=1,mode=555") != 0) {
		/* tmpfs wants ids that are mapped; an empty directory of ours serves as well. */
		if (mount(empty_dir, empty_dir, NULL, MS_BIND, NULL) != 0 ||
		    mount(NULL, empty_dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) != 0)
			return -errno;
	}
	return pivot();
}

/* Of `but` (a mask) a process can still make inheritable what it has. */
static void drop_bounding_set(uint32_t but)
{
	int cap;

	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap >= 32 || !(but >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int drop_user(const struct spawn *s)
{
	int rc;

	if (!as_root)
		return 0;
	/* While we may: another user without a user namespace cannot. */
	drop_bounding_set(s->low_addresses ? RAWIO : 0);
	if (s->low_addresses && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return -errno;
	rc = become(domain_id(s->domid));
	if (rc)
		return rc;
	if (s->low_addresses) /* its capability counts in the first user namespace only */
		return 0;
	/* Best effort: the capabilities it brings end in drop_capabilities() and rule over nothing. */
	if (have_user && unshare(CLONE_NEWUSER) != 0)
		return errno == EPERM || errno == ENOSPC ? 0 : -errno;
	return 0;
}

static int capset(uint32_t effective, uint32_t inheritable)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { { .effective = effective, .permitted = effective,
						    .inheritable = inheritable } };

	return syscall(SYS_capset, &head, caps) != 0 ? -errno : 0;
}

/*
 * Root's domain with a kernel below vm.mmap_min_addr (PV GRUB at 0, Mini-OS) keeps CAP_SYS_RAWIO,
 * over the exec too: there is no other way to such addresses.  What else that capability opens
 * (I/O ports, /dev/mem) takes system calls that the filter does not have and files that are not
 * there.  It cannot be had in a user namespace, so an ordinary user's domain goes without.
 */
static int keep_for_low_addresses(void)
{
	int rc = capset(RAWIO | 1U << CAP_SETPCAP, RAWIO);

	if (rc)
		return rc;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_RAWIO, 0, 0) != 0 ? -errno : 0;
}

static int drop_capabilities(const struct spawn *s)
{
	uint32_t keep = 0;
	int rc;

	if (as_root && s->low_addresses) {
		rc = keep_for_low_addresses();
		if (rc)
			return rc;
		keep = RAWIO;
	}
	drop_bounding_set(0);
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
	      SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED | SECBIT_KEEP_CAPS_LOCKED, 0, 0, 0);
	return capset(keep, keep);
}

/*
 * How much address space a domain needs, and how much more it may use as a TLB.
 *
 * The host pays a page of page table for each 2 MiB in use anywhere, charged to nobody but a memory
 * control group, if there is one.  Without a bound a domain that maps all of its 1 GiB as often as
 * vm.max_map_count lets it (65,530) has 64 TiB mapped and makes 128 GiB of page tables.  An image that
 * is refused a mapping empties its TLB and goes on (hv/process/va.c), so the bound may cost time and
 * never breaks anything.
 *
 * Single pages stay: each can need an L1 and an L2 table of its own, when they are 1 GiB apart.
 * Measured with tests/guests/hoard.c: 65,520 mappings, 513 MiB of page tables (257 MiB when 2 MiB
 * apart), for a domain of any size.  Where vm.max_map_count is larger, this bound makes it at most
 * twice the slack and twice TLB_TIMES the memory.  The OOM killer counts page tables, and there
 * domains come first.
 */
static rlim_t address_space_limit(uint64_t range_frames)
{
	uint64_t ram = range_frames << PVN_PAGE_SHIFT;
	uint64_t m2p = 2 * 8 * range_frames;		/* the image's view, and the guest's */
	uint64_t private = PVN_PRIVATE_FRAME_BYTES * range_frames + PVN_PRIVATE_FIXED;
	uint64_t image = 16UL << 20;			/* with stack and vDSO, until they are unmapped */

	return PVN_FIXED_SIZE + m2p + ram + private + image + TLB_TIMES * ram + TLB_SLACK;
}

static int set_limits(rlim_t address_space)
{
	const struct {
		int what;
		rlim_t value;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 0 },
		/* The image's, and its mapper, after which it has no more (hv/process/mapper.c).  Counted for
		 * all processes of a user. */
		{ RLIMIT_NPROC, have_user || (as_root && !shared_id) ? (2 + PVN_USER_TASKS) * PVN_MAX_VCPUS : RLIM_INFINITY },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_AS, address_space },
		/* The image has 0.4 MB of data, and of its stack leaves one page, which could grow. */
		{ RLIMIT_DATA, 1 << 20 },
		{ RLIMIT_STACK, 256 << 10 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NICE, 0 },
		{ RLIMIT_RTPRIO, 0 },
		/* Every POSIX timer of the image takes one; counted for all processes of a user. */
		{ RLIMIT_SIGPENDING, have_user || (as_root && !shared_id) ? 2 * PVN_MAX_VCPUS : RLIM_INFINITY },
		/* What is open stays open; the mapper opens one more at a time, the image none. */
		{ RLIMIT_NOFILE, PVN_MAX_FILES },
	};
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit now, r = { limits[i].value, limits[i].value };

		if (getrlimit((__rlimit_resource_t)limits[i].what, &now) != 0)
			return -errno;
		if (r.rlim_max > now.rlim_max)
			r.rlim_max = r.rlim_cur = now.rlim_max;
		if (setrlimit((__rlimit_resource_t)limits[i].what, &r) != 0)
			return -errno;
	}
	return 0;
}

/* Short of memory, the host should end a domain rather than the daemons that serve them all. */
static void prefer_for_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* Where it may not be, the domain is as likely a victim as its user's other programs. */
	if (write(fd, "200", 3) < 0)
		errno = 0;
	close(fd);
}

int sandbox_enter(const struct spawn *s, const char **what)
{
	int rc;

	umask(0777);
	setsid();
	prefer_for_oom();
	*what = "empty root";
	/* The mount namespace of the first vCPU has one already. */
	rc = s->join_pidfd >= 0 && (have & CLONE_NEWNS) ? 0 : empty_root();
	if (rc)
		return rc;
	*what = "user";
	rc = drop_user(s);
	if (rc)
		return rc;
	*what = "capabilities";
	rc = drop_capabilities(s);
	if (rc)
		return rc;
	*what = "limits";
	rc = set_limits(address_space_limit(s->range_frames));
	if (rc)
		return rc;
	*what = "no_new_privs";
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -errno : 0;
}
