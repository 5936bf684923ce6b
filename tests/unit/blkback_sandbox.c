/* SPDX-License-Identifier: MIT */
/*
 * The block backend's sandbox, entered for real.  What breaks this: a backend that a domain has taken
 * over could open the host's files, or run its programs.
 */
#include "config.h"
#include "backends/blk_sandbox.h"
#include "libs/util/uring-restrict.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static bool stop;

static void *other_thread(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		usleep(1000);
	*(int *)arg = open("/dev/null", O_RDONLY) < 0 ? errno : 0;
	return NULL;
}

static void *nothing(void *arg)
{
	return arg;
}

#define REFUSED(call) do { errno = 0; if ((call) != -1 || errno != EPERM) return __LINE__; } while (0)
#define DONE(call) do { if (!(call)) return __LINE__; } while (0)

/* In a child, which stays in the sandbox.  0, or the line of what went wrong. */
static int inside(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/run/any" };
	char byte, *argv[] = { (char *)(uintptr_t)"/bin/true", NULL };
	int notify, theirs = -1, unix_socket, memory;
	pthread_t thread;
	void *page;

	DONE(!pthread_create(&thread, NULL, other_thread, &theirs));
	unix_socket = socket(AF_UNIX, SOCK_STREAM, 0);
	DONE(!blk_sandbox_enter(&notify));
	REFUSED(open("/dev/null", O_RDONLY));
	REFUSED(open("/proc/self/exe", O_PATH));
	REFUSED(syscall(SYS_open, "/dev/null", O_RDONLY));
	REFUSED(syscall(SYS_openat2, AT_FDCWD, "/", NULL, 0));
	REFUSED(creat("/tmp/x", 0600));
	REFUSED(unlink("/tmp/x"));
	REFUSED(rename("/tmp/x", "/tmp/y"));
	REFUSED(chdir("/"));
	REFUSED(execve(argv[0], argv, NULL));
	REFUSED(fork());
	REFUSED(syscall(SYS_vfork));
	REFUSED(kill(getppid(), 0));
	REFUSED(kill(getpid(), 0));
	REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	REFUSED(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
	REFUSED(syscall(SYS_pidfd_open, getppid(), 0));
	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 0));
	REFUSED(bind(unix_socket, (struct sockaddr *)&addr, sizeof(addr)));
	REFUSED(listen(unix_socket, 1));
	REFUSED(syscall(SYS_io_uring_setup, 8, NULL));
	REFUSED(ioctl(0, 0x5412 /* TIOCSTI */, "x"));
	REFUSED(setuid(0));
	REFUSED(syscall(SYS_bpf, 0, NULL, 0));
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	DONE(page == MAP_FAILED && errno == EPERM);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	DONE(page != MAP_FAILED);
	REFUSED(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	/* what it needs */
	memory = memfd_create("x", MFD_CLOEXEC);
	DONE(memory >= 0 && !ftruncate(memory, 4096) && pwrite(memory, "y", 1, 7) == 1 &&
	     pread(memory, &byte, 1, 7) == 1 && byte == 'y');
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	DONE(!pthread_join(thread, NULL) && theirs == EPERM);	/* a thread of before */
	DONE(!pthread_create(&thread, NULL, nothing, NULL) && !pthread_join(thread, NULL));
	return 0;
}

static int run(int (*child)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(child() & 0xff);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

Test(blkback_sandbox, refuses_what_serving_does_not_need, .disabled = !BLK_SANDBOX_POSSIBLE)
{
	cr_assert_eq(run(inside), 0, "line %d", run(inside));
}

/* connect() is the store's, whatever the address. */
static char store_path[64];

static int connects(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/run/somebody/else" };
	int notify, pair[2], fd;
	char word[6] = "";
	pid_t pid;

	DONE(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid) {
		struct msghdr msg = { 0 };
		char control[CMSG_SPACE(sizeof(int))];
		struct iovec iov = { .iov_base = word, .iov_len = 1 };

		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		if (recvmsg(pair[1], &msg, 0) != 1)
			_exit(1);
		memcpy(&fd, CMSG_DATA((struct cmsghdr *)(void *)control), sizeof(fd));
		blk_sandbox_answer(fd, store_path);
		_exit(0);
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	DONE(!blk_sandbox_enter(&notify) && notify >= 0);
	{
		char control[CMSG_SPACE(sizeof(int))] = { 0 };
		struct cmsghdr *c = (struct cmsghdr *)(void *)control;
		struct iovec iov = { .iov_base = (char *)(uintptr_t)"n", .iov_len = 1 };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				      .msg_controllen = sizeof(control) };

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &notify, sizeof(int));
		DONE(sendmsg(pair[0], &msg, 0) == 1);
	}
	DONE(!connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	DONE(read(fd, word, 5) == 5 && !strcmp(word, "store"));
	return 0;
}

Test(blkback_sandbox, connect_means_the_store, .disabled = !BLK_SANDBOX_POSSIBLE)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client;
	pid_t server;

	snprintf(store_path, sizeof(store_path), "/tmp/pvn-sandbox.%d", (int)getpid());
	unlink(store_path);
	strcpy(addr.sun_path, store_path);
	cr_assert(!bind(listener, (struct sockaddr *)&addr, sizeof(addr)) && !listen(listener, 1));
	server = fork();
	if (!server) {
		client = accept(listener, NULL, NULL);
		_exit(write(client, "store", 5) != 5);
	}
	cr_assert_eq(run(connects), 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(store_path);
}

/* A ring goes past any filter, so it has limits of its own. */
Test(blkback_sandbox, a_ring_opens_nothing)
{
	static const uint8_t ops[] = { IORING_OP_READ };
	static const struct pvn_uring_limits limits = { .ops = ops, .nr_ops = 1 };
	struct io_uring_params p = { .flags = IORING_SETUP_R_DISABLED };
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	char byte;
	int fd = open("/dev/zero", O_RDONLY);

	if (io_uring_queue_init_params(8, &ring, &p) == -EPERM)
		cr_skip_test("the host refuses io_uring");
	cr_assert_eq(pvn_uring_restrict(&ring, &limits), 0);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_openat(sqe, AT_FDCWD, "/dev/null", O_RDONLY, 0);
	io_uring_submit(&ring);
	cr_assert_eq(io_uring_wait_cqe(&ring, &cqe), 0);
	cr_assert_eq(cqe->res, -EACCES);
	io_uring_cqe_seen(&ring, cqe);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, fd, &byte, 1, 0);
	io_uring_submit(&ring);
	cr_assert_eq(io_uring_wait_cqe(&ring, &cqe), 0);
	cr_assert_eq(cqe->res, 1);
	io_uring_queue_exit(&ring);
	close(fd);
}
