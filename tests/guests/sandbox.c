/* SPDX-License-Identifier: MIT */
/*
 * A prisoner: a guest that tries to leave its domain by host system calls.  What would break:
 * everything; the filter, the namespaces and the closed descriptors are all that stands between
 * a guest kernel and the host, because guest and hv image share a process.
 *
 * Each attempt is made three ways: by a bare SYSCALL from the guest's own text, by int 0x80, and by
 * a jump to the SYSCALL instruction that the hv image itself uses.  "Got" is what counts: a result
 * that is not an error.  Signals are only asked for with number 0, processes never ended, so that
 * a hole found here does no harm to the machine that runs the test.
 */
#include "tests/guests/lib/guest.h"

#include <asm/unistd_64.h>
#include <linux/fcntl.h>
#include <linux/seccomp.h>

#include "paravane/shared.h"

#define GATE	(PVN_GATE_RIP - 2)	/* the SYSCALL instruction of the image */

/* Written as `sh -c` would see them; the script looks for the files. */
static const char passwd[] = "/etc/passwd", escape[] = "/tmp/paravane-escape", shell[] = "/bin/sh";
static const char *const argv[] = { shell, NULL };
static char buffer[4096];
static uint64_t iovec[2] = { (uint64_t)buffer, sizeof(buffer) };
static struct { uint16_t family; char path[108]; } unix_name = { 1, "/run/dbus/system_bus_socket" };
static struct { uint16_t family, port; uint32_t addr; uint64_t zero; } inet_name = { 2, 0x1600, 0x0100007f, 0 };
static uint64_t message[7] = { 0, 0, (uint64_t)iovec, 1, 0, 0, 0 };
static uint64_t clone3_args[11] = { 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0 };
static uint32_t uring_params[30];
static uint64_t open_how[3] = { 0, 0, 0 };
static struct sock_filter_allow { uint16_t code; uint8_t jt, jf; uint32_t k; } allow = { 6, 0, 0, 0x7fff0000 };
static struct { uint16_t len; void *filter; } filter = { 1, &allow };

#define A(x)	((long)(x))
#define CWD	A(AT_FDCWD)

static const struct attempt {
	const char *name;
	long nr;
	long a[6];
} attempts[] = {
	{ "open", __NR_open, { A(passwd), 0 } },
	{ "open-create", __NR_open, { A(escape), 0102, 0666 } },
	{ "creat", __NR_creat, { A(escape), 0666 } },
	{ "openat", __NR_openat, { CWD, A(passwd), 0 } },
	{ "openat-create", __NR_openat, { CWD, A(escape), 0102, 0666 } },
	{ "openat-proc", __NR_openat, { CWD, A("/proc/self/mem"), 2 } },
	{ "openat-root", __NR_openat, { CWD, A("/"), 0200000 } },
	{ "openat2", __NR_openat2, { CWD, A(passwd), A(open_how), 24 } },
	{ "open_by_handle_at", __NR_open_by_handle_at, { CWD, A(buffer), 0 } },
	{ "name_to_handle_at", __NR_name_to_handle_at, { CWD, A(passwd), A(buffer), A(buffer + 64), 0 } },
	{ "open_tree", __NR_open_tree, { CWD, A("/"), 1 } },
	{ "stat", __NR_stat, { A(passwd), A(buffer) } },
	{ "statx", __NR_statx, { CWD, A(passwd), 0, 0x7ff, A(buffer) } },
	{ "access", __NR_access, { A("/"), 0 } },
	{ "readlink", __NR_readlink, { A("/proc/self/exe"), A(buffer), 4096 } },
	{ "getcwd", __NR_getcwd, { A(buffer), 4096 } },
	{ "chdir", __NR_chdir, { A("/") } },
	{ "mkdir", __NR_mkdir, { A(escape), 0777 } },
	{ "unlink", __NR_unlink, { A(escape) } },
	{ "rename", __NR_rename, { A(escape), A("/tmp/paravane-escape2") } },
	{ "symlink", __NR_symlink, { A(passwd), A(escape) } },
	{ "mknod", __NR_mknod, { A(escape), 0100666, 0 } },
	{ "chmod", __NR_chmod, { A("/"), 0777 } },
	{ "chroot", __NR_chroot, { A("/") } },
	{ "pivot_root", __NR_pivot_root, { A("/"), A("/") } },
	{ "mount", __NR_mount, { A("none"), A("/"), A("tmpfs"), 0, 0 } },
	{ "umount2", __NR_umount2, { A("/"), 2 } },
	{ "fsopen", __NR_fsopen, { A("tmpfs"), 0 } },
	{ "socket-unix", __NR_socket, { 1, 1, 0 } },
	{ "socket-inet", __NR_socket, { 2, 1, 0 } },
	{ "socket-netlink", __NR_socket, { 16, 3, 0 } },
	{ "socket-packet", __NR_socket, { 17, 3, 0 } },
	{ "socket-vsock", __NR_socket, { 40, 1, 0 } },
	{ "socketpair", __NR_socketpair, { 1, 1, 0, A(buffer) } },
	{ "connect-machine", __NR_connect, { PVN_FD_MACHINE, A(&unix_name), 30 } },
	{ "connect-inet", __NR_connect, { PVN_FD_MACHINE, A(&inet_name), 16 } },
	{ "bind", __NR_bind, { PVN_FD_MACHINE, A(&inet_name), 16 } },
	{ "listen", __NR_listen, { PVN_FD_MACHINE, 1 } },
	{ "accept", __NR_accept, { PVN_FD_MACHINE, 0, 0 } },
	{ "sendmsg", __NR_sendmsg, { PVN_FD_MACHINE, A(message), 0 } },
	{ "recvmsg", __NR_recvmsg, { PVN_FD_MACHINE, A(message), 0x40 } },
	{ "sendto", __NR_sendto, { PVN_FD_MACHINE, A(buffer), 16, 0, A(&unix_name), 30 } },
	{ "getsockopt", __NR_getsockopt, { PVN_FD_MACHINE, 1, 17, A(buffer), A(buffer + 64) } },
	{ "setsockopt", __NR_setsockopt, { PVN_FD_MACHINE, 1, 7, A(buffer), 4 } },
	{ "shutdown", __NR_shutdown, { PVN_FD_MACHINE, 2 } },
	{ "execve", __NR_execve, { A(shell), A(argv), 0 } },
	{ "execveat", __NR_execveat, { PVN_FD_MEM, A(""), A(argv), 0, 0x1000 } },
	{ "fork", __NR_fork, { 0 } },
	{ "vfork", __NR_vfork, { 0 } },
	{ "clone", __NR_clone, { 17, 0, 0, 0, 0 } },
	{ "clone-thread", __NR_clone, { 0x10f00, A(buffer + 2048), 0, 0, 0 } },
	{ "clone-newuser", __NR_clone, { 0x10000011, 0, 0, 0, 0 } },
	{ "clone3", __NR_clone3, { A(clone3_args), 88 } },
	{ "ptrace-parent", __NR_ptrace, { 16, 1, 0, 0 } },
	{ "ptrace-traceme", __NR_ptrace, { 0, 0, 0, 0 } },
	{ "kill-all", __NR_kill, { -1, 0 } },
	{ "kill-1", __NR_kill, { 1, 0 } },
	{ "kill-group", __NR_kill, { 0, 0 } },
	{ "tkill", __NR_tkill, { 1, 0 } },
	{ "tgkill", __NR_tgkill, { 1, 1, 0 } },
	{ "rt_sigqueueinfo", __NR_rt_sigqueueinfo, { 1, 0, A(buffer) } },
	{ "pidfd_open", __NR_pidfd_open, { 1, 0 } },
	{ "pidfd_getfd", __NR_pidfd_getfd, { 3, 0, 0 } },
	{ "pidfd_send_signal", __NR_pidfd_send_signal, { 3, 0, 0, 0 } },
	{ "process_vm_readv", __NR_process_vm_readv, { 1, A(iovec), 1, A(iovec), 1, 0 } },
	{ "process_vm_writev", __NR_process_vm_writev, { 1, A(iovec), 1, A(iovec), 1, 0 } },
	{ "process_madvise", __NR_process_madvise, { 3, A(iovec), 1, 4, 0 } },
	{ "kcmp", __NR_kcmp, { 1, 1, 0, 0, 0 } },
	{ "getppid", __NR_getppid, { 0 } },
	{ "wait4", __NR_wait4, { -1, A(buffer), 1, 0 } },
	{ "unshare", __NR_unshare, { 0x10000000 } },
	{ "setns", __NR_setns, { 3, 0 } },
	{ "setuid", __NR_setuid, { 0 } },
	{ "setresuid", __NR_setresuid, { 0, 0, 0 } },
	{ "setgroups", __NR_setgroups, { 0, 0 } },
	{ "capset", __NR_capset, { A(buffer), A(buffer) } },
	{ "prctl-seccomp", __NR_prctl, { 22, 0, 0, 0, 0 } },
	{ "prctl-no-new-privs", __NR_prctl, { 38, 0, 0, 0, 0 } },
	{ "prctl-dumpable", __NR_prctl, { 4, 1, 0, 0, 0 } },
	{ "prctl-set-mm", __NR_prctl, { 35, 13, 3, 0, 0 } },
	{ "seccomp", __NR_seccomp, { 1, 0, A(&filter) } },
	{ "seccomp-listener", __NR_seccomp, { 1, 8, A(&filter) } },
	{ "bpf", __NR_bpf, { 0, A(buffer), 64 } },
	{ "perf_event_open", __NR_perf_event_open, { A(buffer), 0, -1, -1, 0 } },
	{ "io_uring_setup", __NR_io_uring_setup, { 8, A(uring_params) } },
	{ "io_setup", __NR_io_setup, { 8, A(buffer) } },
	{ "userfaultfd", __NR_userfaultfd, { 0 } },
	{ "memfd_create", __NR_memfd_create, { A("x"), 0 } },
	{ "memfd_secret", 447, { 0 } },
	{ "eventfd2", __NR_eventfd2, { 0, 0 } },
	{ "epoll_create1", __NR_epoll_create1, { 0 } },
	{ "timerfd_create", __NR_timerfd_create, { 1, 0 } },
	{ "signalfd4", __NR_signalfd4, { -1, A(buffer), 8, 0 } },
	{ "inotify_init1", __NR_inotify_init1, { 0 } },
	{ "fanotify_init", __NR_fanotify_init, { 0, 0 } },
	{ "pipe2", __NR_pipe2, { A(buffer), 0 } },
	{ "dup-mem", __NR_dup, { PVN_FD_MEM } },
	{ "dup2", __NR_dup2, { PVN_FD_MACHINE, 0 } },
	{ "dup3", __NR_dup3, { PVN_FD_MACHINE, 9, 0 } },
	{ "fcntl-dup", __NR_fcntl, { PVN_FD_MEM, 0, 0 } },
	{ "fcntl-seals", __NR_fcntl, { PVN_FD_MEM, 1033, 0 } },
	{ "fcntl-owner", __NR_fcntl, { PVN_FD_MACHINE, 8, 1 } },
	{ "close-mem", __NR_close, { PVN_FD_MEM } },
	{ "close_range", __NR_close_range, { 0, 2, 0 } },
	{ "ftruncate-mem", __NR_ftruncate, { PVN_FD_MEM, 0 } },
	{ "ftruncate-shared", __NR_ftruncate, { PVN_FD_SHARED, 0 } },
	{ "fallocate-mem", __NR_fallocate, { PVN_FD_MEM, 0, 0, 1L << 40 } },
	{ "sendfile", __NR_sendfile, { PVN_FD_MACHINE, PVN_FD_MEM, 0, 4096 } },
	{ "splice", __NR_splice, { PVN_FD_MEM, 0, PVN_FD_MACHINE, 0, 4096, 0 } },
	{ "copy_file_range", __NR_copy_file_range, { PVN_FD_MEM, 0, PVN_FD_SHARED, 0, 4096, 0 } },
	{ "ioctl", __NR_ioctl, { PVN_FD_MACHINE, 0x5421, A(buffer) } },
	{ "mmap-anonymous", __NR_mmap, { 0, 1 << 20, 3, 0x22, -1, 0 } },
	{ "mmap-shared-anonymous", __NR_mmap, { 0, 1 << 20, 3, 0x21, -1, 0 } },
	{ "mmap-hole", __NR_mmap, { 0x30000000, 1 << 20, 0, 0x4032, -1, 0 } },
	{ "mprotect", __NR_mprotect, { A(PVN_IMAGE_BASE), 4096, 7 } },
	{ "brk-grow", __NR_brk, { 1L << 40 } },
	{ "mmap-private-mem", __NR_mmap, { 0, 4096, 3, 0x02, PVN_FD_MEM, 0 } },
	{ "mmap-machine", __NR_mmap, { 0, 4096, 1, 0x01, PVN_FD_MACHINE, 0 } },
	{ "mremap", __NR_mremap, { A(PVN_IMAGE_BASE), 4096, 8192, 1, 0 } },
	{ "brk", __NR_brk, { 0 } },
	{ "remap_file_pages", __NR_remap_file_pages, { A(PVN_IMAGE_BASE), 4096, 0, 0, 0 } },
	{ "mlockall", __NR_mlockall, { 3 } },
	{ "madvise", __NR_madvise, { A(PVN_IMAGE_BASE), 4096, 4 } },
	{ "shmget", __NR_shmget, { 0, 4096, 01666 } },
	{ "semget", __NR_semget, { 0, 1, 01666 } },
	{ "msgget", __NR_msgget, { 0, 01666 } },
	{ "mq_open", __NR_mq_open, { A("x"), 0102, 0666, 0 } },
	{ "add_key", __NR_add_key, { A("user"), A("x"), A("y"), 1, -3 } },
	{ "keyctl", __NR_keyctl, { 0, -3, 1 } },
	{ "personality", __NR_personality, { 0xffffffff } },
	{ "modify_ldt", __NR_modify_ldt, { 0, A(buffer), 4096 } },
	{ "iopl", __NR_iopl, { 3 } },
	{ "ioperm", __NR_ioperm, { 0x80, 1, 1 } },
	{ "arch_prctl-get", __NR_arch_prctl, { 0x1003, A(buffer) } },
	{ "rt_sigaction", __NR_rt_sigaction, { 10, 0, A(buffer), 8 } },
	{ "sigaltstack", __NR_sigaltstack, { 0, A(buffer) } },
	{ "timer_create", __NR_timer_create, { 1, 0, A(buffer) } },
	{ "setitimer", __NR_setitimer, { 0, A(buffer), 0 } },
	{ "alarm", __NR_alarm, { 0 } },
	{ "setrlimit", __NR_setrlimit, { 7, A(buffer) } },
	{ "prlimit64", __NR_prlimit64, { 0, 7, 0, A(buffer) } },
	{ "sched_setaffinity", __NR_sched_setaffinity, { 0, 8, A(buffer) } },
	{ "sched_setscheduler", __NR_sched_setscheduler, { 0, 0, A(buffer) } },
	{ "setpriority", __NR_setpriority, { 0, 0, 0 } },
	{ "setpgid", __NR_setpgid, { 0, 0 } },
	{ "setsid", __NR_setsid, { 0 } },
	{ "ioprio_set", __NR_ioprio_set, { 1, 0, 0 } },
	{ "migrate_pages", __NR_migrate_pages, { 0, 1, A(buffer), A(buffer) } },
	{ "membarrier", __NR_membarrier, { 16, 0, 0 } },
	{ "rseq", __NR_rseq, { A(buffer), 32, 0, 0 } },
	{ "uname", __NR_uname, { A(buffer) } },
	{ "sysinfo", __NR_sysinfo, { A(buffer) } },
	{ "syslog", __NR_syslog, { 10, 0, 0 } },
	{ "reboot", __NR_reboot, { 0, 0, 0, 0 } },
	{ "sethostname", __NR_sethostname, { A("x"), 1 } },
	{ "init_module", __NR_init_module, { A(buffer), 16, A("") } },
	{ "finit_module", __NR_finit_module, { PVN_FD_MEM, A(""), 0 } },
	{ "kexec_load", __NR_kexec_load, { 0, 0, 0, 0 } },
	{ "swapon", __NR_swapon, { A(passwd), 0 } },
	{ "acct", __NR_acct, { A(passwd) } },
	{ "settimeofday", __NR_settimeofday, { A(buffer), 0 } },
	{ "clock_settime", __NR_clock_settime, { 0, A(buffer) } },
	{ "adjtimex", __NR_adjtimex, { A(buffer) } },
	{ "quotactl", __NR_quotactl, { 0, 0, 0, 0 } },
	{ "landlock", 444, { 0, 0, 1 } },
};

/*
 * The same by 32-bit code: a far return to the host's compatibility segment (selector 0x23), where
 * int 0x80 and sysenter are another kernel entry, and back by a far jump to 0x33.
 */
static long by_compat_segment(const struct attempt *t)
{
	long ret = t->nr;

	__asm__ volatile("push %%rbp\n"
			 "sub $16, %%rsp\n"
			 "mov %%rsp, compat_rsp(%%rip)\n"
			 "pushq $0x23\n"
			 "lea 1f(%%rip), %%rbp\n"
			 "push %%rbp\n"
			 "lretq\n"
			 ".code32\n"
			 "1: int $0x80\n"
			 "ljmp $0x33, $2f\n"
			 ".code64\n"
			 "2: mov compat_rsp(%%rip), %%rsp\n"
			 "add $16, %%rsp\n"
			 "pop %%rbp\n"
			 ".pushsection .bss\n compat_rsp: .skip 8\n .popsection\n"
			 : "+a"(ret) : "b"(t->a[0]), "c"(t->a[1]), "d"(t->a[2]), "S"(t->a[3]), "D"(t->a[4])
			 : "memory", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc");
	return ret;
}

/* Numbers that are not system calls of this machine at all: at the gate, the end of the domain. */
static const struct attempt deadly[] = {
	{ "x32-open", 0x40000002, { A(passwd), 0 } },
	{ "negative", -1, { 0 } },
	{ "rt_sigreturn", __NR_rt_sigreturn, { 0 } },
	{ "compat segment open", 5, { A(escape), 0102, 0666 } },
	{ "compat segment fork", 2, { 0 } },
	{ "compat segment execve", 11, { A(shell), A(argv), 0 } },
};

#define FIRST_COMPAT 3

#define NR_ATTEMPTS	(sizeof(attempts) / sizeof(attempts[0]))

static long by_syscall(const struct attempt *t)
{
	register long r10 __asm__("r10") = t->a[3];
	register long r8 __asm__("r8") = t->a[4];
	register long r9 __asm__("r9") = t->a[5];
	long ret = t->nr;

	__asm__ volatile("syscall" : "+a"(ret) : "D"(t->a[0]), "S"(t->a[1]), "d"(t->a[2]), "r"(r10),
			 "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return ret;
}

/* By the image's own instruction, behind which there is a `ret`. */
static long by_gate(const struct attempt *t)
{
	register long r10 __asm__("r10") = t->a[3];
	register long r8 __asm__("r8") = t->a[4];
	register long r9 __asm__("r9") = t->a[5];
	long ret = t->nr;

	__asm__ volatile("call *%[gate]" : "+a"(ret) : "D"(t->a[0]), "S"(t->a[1]), "d"(t->a[2]), "r"(r10),
			 "r"(r8), "r"(r9), [gate] "b"(GATE) : "rcx", "r11", "memory");
	return ret;
}

/* 32-bit numbers: the same few that matter, by their names. */
static const struct attempt compat[] = {
	{ "i386 open", 5, { A(passwd), 0, 0 } },
	{ "i386 creat", 8, { A(escape), 0666 } },
	{ "i386 fork", 2, { 0 } },
	{ "i386 execve", 11, { A(shell), A(argv), 0 } },
	{ "i386 kill", 37, { -1, 0 } },
	{ "i386 getppid", 64, { 0 } },
	{ "i386 socketcall", 102, { 1, A(buffer) } },
	{ "i386 mmap2", 192, { 0, 4096, 3, 0x22 } },
	{ "i386 brk", 45, { 0 } },
	{ "i386 mprotect", 125, { 0x30000000, 4096, 7 } },
	{ "i386 openat", 295, { CWD, A(passwd), 0 } },
	{ "i386 ptrace", 26, { 16, 1, 0, 0 } },
	{ "i386 unshare", 310, { 0x10000000 } },
};

static long by_int80(const struct attempt *t)
{
	long ret = t->nr;

	__asm__ volatile("int $0x80" : "+a"(ret) : "b"(t->a[0]), "c"(t->a[1]), "d"(t->a[2]),
			 "S"(t->a[3]), "D"(t->a[4]) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static long result;
static long (*way)(const struct attempt *);

static void attempt(void *t)
{
	result = way(t);
}

static void try(const struct attempt *t, const char *how)
{
	result = -1;
	if (option("verbose"))
		print("# %s by %s\n", t->name, how);
	if (!catch_call(attempt, (void *)t))
		CHECK(result < 0 && result >= -4095, "%s by %s gave %ld", t->name, how, result);
}

/* Here a bare SYSCALL is a hypercall, and must be nothing else: these numbers are no hypercalls. */
TEST(sandbox_bare_syscalls_are_only_hypercalls)
{
	way = by_syscall;
	for (unsigned i = 0; i < NR_ATTEMPTS; i++)
		if (attempts[i].nr > 63)
			CHECK(by_syscall(&attempts[i]) == -XEN_ENOSYS, "%s", attempts[i].name);
}

TEST(sandbox_calls_through_the_images_gate_get_nothing)
{
	const uint8_t *code = (const uint8_t *)GATE;

	CHECK(code[0] == 0x0f && code[1] == 0x05, "no SYSCALL at the gate: %#x %#x", code[0], code[1]);
	way = by_gate;
	for (unsigned i = 0; i < NR_ATTEMPTS; i++)
		try(&attempts[i], "the gate");
}

/* deadly=N picks one; the domain may end, or the call may fail, but nothing is got. */
TEST(lone_impossible_call)
{
	unsigned long n = option_number("deadly", 0);

	if (n >= sizeof(deadly) / sizeof(deadly[0])) {
		print("deadly: no attempt %lu\n", n);
		return;
	}
	print("deadly: %s\n", deadly[n].name);
	way = n >= FIRST_COMPAT ? by_compat_segment : by_gate;
	try(&deadly[n], n >= FIRST_COMPAT ? "a 32-bit segment" : "the gate");
}

TEST(sandbox_int_80_gets_nothing)
{
	way = by_int80;
	for (unsigned i = 0; i < sizeof(compat) / sizeof(compat[0]); i++)
		try(&compat[i], "int 0x80");
}

/* Every descriptor there might be, read and written; ours are known and end in the machine, or, the one of user
 * mode, in the domain itself, where reading waits for what never comes. */
TEST(sandbox_no_descriptor_but_its_own)
{
	struct attempt t = { "read", 0, { 0, A(buffer), 16, 0 } };

	way = by_gate;
	for (long fd = -1; fd < 1024; fd++) {
		bool own = (fd >= PVN_FD_MACHINE && fd < PVN_FD_DOORBELL + PVN_MAX_LINKS) || fd == PVN_FD_USER;

		t.a[0] = fd;
		t.nr = __NR_pread64;
		try(&t, "pread64");
		t.nr = __NR_pwrite64;
		try(&t, "pwrite64");
		t.nr = __NR_fcntl;
		t.a[1] = 1;
		try(&t, "fcntl");
		t.a[1] = A(buffer);
		if (own)
			continue;
		t.nr = __NR_read;
		try(&t, "read");
		t.nr = __NR_write;
		try(&t, "write");
	}
}

static long map_by_gate(long addr, long len, long prot, long flags, long fd, long off)
{
	struct attempt t = { "mmap", __NR_mmap, { addr, len, prot, flags, fd, off } };

	return by_gate(&t);
}

/* What the image may map: its memory object and its page set, at addresses of the guest. */
TEST(sandbox_maps_nothing_foreign)
{
	long got;

	for (long fd = -1; fd < 64; fd++) {
		if (fd == PVN_FD_MEM || fd == PVN_FD_SHARED)
			continue;
		got = map_by_gate(0x30000000, 4096, 3, 0x11, fd, 0);
		CHECK(got < 0, "descriptor %ld can be mapped", fd);
		got = map_by_gate(0x30000000, 4096, 3, 0x12, fd, 0);
		CHECK(got < 0, "descriptor %ld can be mapped privately", fd);
	}
	/* Beyond the end of its own memory there is nothing: a mapping there is not memory. */
	got = map_by_gate(0x30000000, 4096, 3, 0x11, PVN_FD_MEM, 1L << 40);
	if (got > 0)
		print("# a mapping beyond the memory object succeeds; touching it must not\n");
}

static void peek(void *p)
{
	*(volatile char *)p;
}

/* Every pair of bytes in the image that decodes as SYSCALL, but for the two known ones: jump
 * there.  Whatever happens, open(2) does not.  Behind the instruction lies code of the image, so
 * each is tried in a domain of its own (the script counts them with scan=N). */
TEST(lone_scan)
{
	const uint8_t *p = (const uint8_t *)(PVN_IMAGE_BASE + 0x1000);
	unsigned long want = option_number("scan", 0), found = 0;

	for (;; p++) {
		if ((uint64_t)p % PAGE_SIZE == PAGE_SIZE - 1 && catch_call(peek, (void *)(p + 1)))
			break;		/* the end of the image's text and data */
		if (p[0] != 0x0f || p[1] != 0x05 || p == (const uint8_t *)GATE)
			continue;
		if (found++ < want)
			continue;
		print("scan: trying %p\n", (const void *)p);
		register long r10 __asm__("r10") = 0666;
		long ret = __NR_open;

		__asm__ volatile("push %%rbp; call *%1; pop %%rbp" : "+a"(ret) : "b"(p), "D"(escape), "S"(0102L), "d"(0666L), "r"(r10)
				 : "rcx", "r11", "memory", "r8", "r9", "r12", "r13", "r14", "r15");
		CHECK(ret < 0 && ret >= -4095, "open gave %ld", ret);
		return;
	}
	print("scan: no instruction %lu\n", want);
}
