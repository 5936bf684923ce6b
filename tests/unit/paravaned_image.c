/* SPDX-License-Identifier: MIT */
/*
 * A static program that paravaned runs in the place of the hv image, for tests of the sandbox.
 * The first byte of the domain's memory says what to do; what it finds it writes to the machine's
 * console as "key=value" words, where the test reads it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <paravane/shared.h>

static struct pvn_request q;

static void send_request(uint32_t op, const char *data, uint32_t len)
{
	q.op = op;
	q.len = len;
	memcpy(q.data, data, len);
	if (write(PVN_FD_MACHINE, &q, PVN_REQUEST_HEAD + len) < 0)
		_exit(9);
}

static void say(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	send_request(PVN_REQ_CONSOLE_WRITE, line, (uint32_t)n);
}

static void report_fds(void)
{
	char list[256] = "";
	int fd;

	for (fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			snprintf(list + strlen(list), sizeof(list) - strlen(list), ",%d", fd);
	say("fds=%s\n", list + 1);
}

static void report_root(void)
{
	int n = 0, fd = (int)syscall(SYS_open, "/", O_RDONLY | O_DIRECTORY);
	char buf[4096];
	long got = fd >= 0 ? syscall(SYS_getdents64, fd, buf, sizeof(buf)) : -1, at = 0;

	while (at < got) {
		struct dirent *e = (struct dirent *)(buf + at);

		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
		at += e->d_reclen;
	}
	say("root_open=%d root_entries=%d\n", fd < 0 ? errno : 0, n);
	say("passwd=%d proc=%d mkdir=%d\n", access("/etc/passwd", F_OK) ? errno : 0,
	    access("/proc/self", F_OK) ? errno : 0, mkdir("/x", 0700) ? errno : 0);
	say("escape=%d\n", access("../../../../etc/passwd", F_OK) ? errno : 0);
}

static void report_caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];
	int cap, bounding = 0;

	syscall(SYS_capget, &head, d);
	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		bounding += prctl(PR_CAPBSET_READ, cap, 0, 0, 0) > 0;
	say("caps=%x%x bounding=%d nnp=%d\n", d[0].effective | d[0].permitted, d[1].effective | d[1].permitted,
	    bounding, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	say("pid=%d uid=%d sid=%d mount=%d setuid=%d\n", getpid(), getuid(), getsid(0) == getpid(),
	    mount("none", "/", "tmpfs", 0, NULL) ? errno : 0, setresuid(0, 0, 0) ? errno : 0);
}

static void report_limits(void)
{
	static const int what[] = { RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_NOFILE };
	char list[128] = "";
	struct rlimit r;
	size_t i;

	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		getrlimit((__rlimit_resource_t)what[i], &r);
		snprintf(list + strlen(list), sizeof(list) - strlen(list), ",%d", (int)r.rlim_max);
	}
	say("limits=%s\n", list + 1);
}

static void report_signals(void)
{
	sigset_t set;
	struct sigaction sa;
	int i, blocked = 0, ignored = 0;

	sigprocmask(SIG_SETMASK, NULL, &set);
	for (i = 1; i < 65; i++) {
		blocked += sigismember(&set, i) == 1;
		ignored += sigaction(i, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
	}
	say("blocked=%d ignored=%d\n", blocked, ignored);
}

static void report(int argc, char **argv, char **envp)
{
	struct pvn_header *h = mmap(NULL, PVN_FIXED_SIZE, PROT_READ, MAP_SHARED, PVN_FD_SHARED, 0);
	struct stat st;

	report_fds();
	report_root();
	report_caps();
	report_limits();
	report_signals();
	fstat(PVN_FD_MEM, &st);
	say("argc=%d argv0=%s envp=%d mem=%ld\n", argc, argv[0], envp[0] != NULL, (long)st.st_size);
	say("magic=%d domid=%d pages=%d filter=%d\n", h->magic == PVN_SHARED_MAGIC, h->domid,
	    (int)h->nr_pages, h->seccomp_len > 20);
	say("truncate=%d\n", ftruncate(PVN_FD_MEM, 0) ? errno : 0);
	say("done=1\n");
}

static void put_on_filter(void)
{
	uint8_t *s = mmap(NULL, PVN_FIXED_SIZE, PROT_READ, MAP_SHARED, PVN_FD_SHARED, 0);
	struct pvn_header *h = (struct pvn_header *)s;
	struct sock_fprog p = { .len = (unsigned short)h->seccomp_len,
				.filter = (struct sock_filter *)(s + PVN_SECCOMP_OFFSET) };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) == 0)
		getppid();	/* not from the gate: SIGSYS */
	else
		say("filter refused: %d\n", errno);
}

static void flood_requests(void)
{
	/* Asks for ever and never reads an answer. */
	for (;;)
		send_request(PVN_REQ_STATUS, "", 0);
}

int main(int argc, char **argv, char **envp)
{
	volatile uint8_t *mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, PVN_FD_MEM, 0);

	volatile uintptr_t nowhere = 16;

	switch (mem[0]) {
	case 'R': report(argc, argv, envp); break;
	case 'P': put_on_filter(); break;
	case 'M': return write(PVN_FD_MACHINE, "short", 5) < 0 ? 1 : pause();
	case 'U': send_request(4711, "", 0); break;
	case 'Z': send_request(PVN_REQ_CRASH, "\033[2J\n\x9bred\a", 10); break;
	case 'S': *(volatile int *)nowhere = 1; break;
	case 'X': return 3;
	case 'C': close(PVN_FD_MACHINE); break;
	case 'F': for (;;) say("a line of a flood, of which there are very many\n");
	case 'Q': flood_requests(); break;
	case 'O': q.a[0] = 0; send_request(PVN_REQ_SHUTDOWN, "", 0); break;
	case 'T': for (;;) mem[1]++;
	case 'E':
		/* Ports: alloc unbound for domain 0, then say which. */
		q.a[0] = 0;
		send_request(PVN_REQ_ALLOC_UNBOUND, "", 0);
		break;
	case 'B': {
		/* Bind to the control domain's port in the next word. */
		static struct pvn_reply r;

		q.a[0] = 0;
		q.a[1] = *(volatile uint32_t *)(mem + 4);
		send_request(PVN_REQ_BIND_INTERDOMAIN, "", 0);
		if (read(PVN_FD_MACHINE, &r, sizeof(r)) > 0)
			say("bound=%ld\n", (long)r.ret);
		break;
	}
	}
	for (;;)
		pause();
}
