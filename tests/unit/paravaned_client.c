/* SPDX-License-Identifier: MIT */
/* A paravaned of a test's own, and a bare client. */
#include "config.h"
#include "tests/unit/paravaned_client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <paravane/shared.h>

static char rundir[64];
static pid_t pid;

static void try_connect_until_it_listens(void)
{
	int i, fd;

	for (i = 0; i < 1000; i++) {
		struct timespec ts = { 0, 10000000 };

		fd = test_connect_raw();
		if (fd >= 0) {
			close(fd);
			return;
		}
		nanosleep(&ts, NULL);
	}
	cr_assert_fail("paravaned does not listen");
}

void machine_start(const char *image)
{
	const char *build = getenv("BUILD");
	char path[4096];

	snprintf(rundir, sizeof(rundir), "/tmp/pvn-unit.XXXXXX");
	cr_assert(mkdtemp(rundir));
	snprintf(path, sizeof(path), "%s/paravaned/paravaned", build ? build : ".");
	pid = fork();
	if (pid == 0) {
		setenv("PARAVANE_RUNDIR", rundir, 1);
		if (image)
			setenv("PARAVANE_HV_IMAGE", image, 1);
		execl(path, "paravaned", "-F", (char *)NULL);
		_exit(127);
	}
	try_connect_until_it_listens();
}

const char *machine_rundir(void)
{
	return rundir;
}

void machine_end(void)
{
	struct pvn_msg_hello hello = { .version = PVN_PROTOCOL_VERSION };
	struct pvn_msg_domain force = { .arg = 1 };
	struct test_client c = { .fd = test_connect_raw() };
	char cmd[128];
	int status;

	cr_assert(test_call(&c, PVN_MSG_HELLO, &hello, sizeof(hello), -1, NULL) == 0);
	cr_assert(test_call(&c, PVN_MSG_STOP, &force, sizeof(force), -1, NULL) == 0);
	close(c.fd);
	cr_assert(waitpid(pid, &status, 0) == pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "paravaned ended with status 0x%x", status);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", rundir);
	cr_assert(system(cmd) == 0);
}

int test_connect_raw(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/paravaned.sock", rundir);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void test_send(int fd, uint32_t op, uint32_t seq, const void *body, uint32_t len, int pass_fd)
{
	struct pvn_msg head = { .op = op, .seq = seq, .len = len };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} ctl = { 0 };
	struct iovec iov[2] = { { &head, sizeof(head) }, { (void *)(uintptr_t)body, len } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };

	if (pass_fd >= 0) {
		struct cmsghdr *cm;

		mh.msg_control = ctl.buf;
		mh.msg_controllen = sizeof(ctl.buf);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &pass_fd, sizeof(int));
	}
	sendmsg(fd, &mh, MSG_NOSIGNAL);
}

ssize_t test_recv(int fd, struct test_msg *m)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * 4)];
		struct cmsghdr align;
	} ctl;
	struct iovec iov[2] = { { &m->head, sizeof(m->head) }, { m->body, sizeof(m->body) } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = ctl.buf,
			     .msg_controllen = sizeof(ctl.buf) };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct cmsghdr *cm;
	ssize_t n;

	m->nr_fds = 0;
	cr_assert(poll(&p, 1, 10000) == 1, "paravaned does not answer");
	n = recvmsg(fd, &mh, MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return 0;
	cm = CMSG_FIRSTHDR(&mh);
	if (cm) {
		m->nr_fds = (int)((cm->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(m->fd, CMSG_DATA(cm), sizeof(int) * (size_t)m->nr_fds);
	}
	return n;
}

int test_call(struct test_client *c, uint32_t op, const void *body, uint32_t len, int pass_fd,
	      struct test_msg *reply)
{
	static struct test_msg spare;

	if (!reply)
		reply = &spare;
	test_send(c->fd, op, ++c->seq, body, len, pass_fd);
	do
		if (test_recv(c->fd, reply) == 0)
			return -EPIPE;
	while (reply->head.seq != c->seq);
	return reply->head.ret;
}

bool test_event(struct test_client *c, uint32_t op, struct test_msg *m)
{
	do
		if (test_recv(c->fd, m) == 0)
			return false;
	while (m->head.seq != 0 || m->head.op != op);
	return true;
}

void test_connect(struct test_client *c)
{
	struct pvn_msg_hello hello = { .version = PVN_PROTOCOL_VERSION };
	struct pvn_msg_buffer b = { TEST_BUF_VA, TEST_BUF_BYTES };

	*c = (struct test_client){ .fd = test_connect_raw() };
	cr_assert(c->fd >= 0);
	cr_assert(test_call(c, PVN_MSG_HELLO, &hello, sizeof(hello), -1, NULL) == 0);
	c->buf_fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	cr_assert(ftruncate(c->buf_fd, TEST_BUF_BYTES) == 0);
	cr_assert(fcntl(c->buf_fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	c->buf = mmap(NULL, TEST_BUF_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, c->buf_fd, 0);
	cr_assert(c->buf != MAP_FAILED);
	cr_assert(test_call(c, PVN_MSG_BUFFER_ADD, &b, sizeof(b), c->buf_fd, NULL) == 0);
}

void test_close(struct test_client *c)
{
	munmap(c->buf, TEST_BUF_BYTES);
	close(c->buf_fd);
	close(c->fd);
}

int64_t test_hypercall(struct test_client *c, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct pvn_msg_hypercall h = { .nr = nr, .a = { a0, a1, a2 } };
	struct pvn_msg_ret ret;
	struct test_msg m;
	int rc = test_call(c, PVN_MSG_HYPERCALL, &h, sizeof(h), -1, &m);

	cr_assert(rc == 0 && m.head.len == sizeof(ret), "hypercall message: %d", rc);
	memcpy(&ret, m.body, sizeof(ret));
	return ret.ret;
}

int64_t test_domctl(struct test_client *c, struct xen_domctl *op)
{
	int64_t ret;

	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	memcpy(c->buf, op, sizeof(*op));
	ret = test_hypercall(c, __HYPERVISOR_domctl, TEST_BUF_VA, 0, 0);
	memcpy(op, c->buf, sizeof(*op));
	return ret;
}

int64_t test_sysctl(struct test_client *c, struct xen_sysctl *op)
{
	int64_t ret;

	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	memcpy(c->buf, op, sizeof(*op));
	ret = test_hypercall(c, __HYPERVISOR_sysctl, TEST_BUF_VA, 0, 0);
	memcpy(op, c->buf, sizeof(*op));
	return ret;
}

domid_t test_domain(struct test_client *c, uint64_t mib)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain };
	struct xen_memory_reservation r = { 0 };
	uint64_t *pfn = (uint64_t *)(c->buf + 8192), i, n = mib * 256;

	op.u.createdomain.max_vcpus = 1;
	op.u.createdomain.max_grant_frames = -1;
	op.u.createdomain.max_maptrack_frames = -1;
	op.u.createdomain.max_evtchn_port = 1023;
	op.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
	cr_assert(test_domctl(c, &op) == 0);
	op.cmd = XEN_DOMCTL_max_vcpus;
	op.u.max_vcpus.max = 1;
	cr_assert(test_domctl(c, &op) == 0);
	op.cmd = XEN_DOMCTL_max_mem;
	op.u.max_mem.max_memkb = mib * 1024;
	cr_assert(test_domctl(c, &op) == 0);
	for (i = 0; i < n; i++)
		pfn[i] = i;
	r.domid = op.domain;
	r.nr_extents = n;
	r.extent_start.p = (xen_pfn_t *)(TEST_BUF_VA + 8192);
	memcpy(c->buf, &r, sizeof(r));
	cr_assert(test_hypercall(c, __HYPERVISOR_memory_op, XENMEM_populate_physmap, TEST_BUF_VA, 0) ==
		  (int64_t)n);
	return op.domain;
}

int64_t test_context(struct test_client *c, domid_t domid)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = domid };
	struct vcpu_guest_context *ctx = (void *)(c->buf + 8192);
	struct pvn_msg_domain_map map;
	uint8_t *mem, *shared;

	test_map(c, domid, &map, &mem, &shared);
	munmap(mem, map.mem_bytes);
	munmap(shared, map.shared_bytes);
	memset(ctx, 0, sizeof(*ctx));
	ctx->ctrlreg[3] = (map.mfn_base + PVN_HEAP_FRAMES + 5) << 12;
	op.u.vcpucontext.ctxt.p = (void *)(TEST_BUF_VA + 8192);
	return test_domctl(c, &op);
}

void test_map(struct test_client *c, domid_t domid, struct pvn_msg_domain_map *map, uint8_t **mem,
	      uint8_t **shared)
{
	struct pvn_msg_domain md = { .domid = domid };
	struct test_msg m;

	cr_assert(test_call(c, PVN_MSG_DOMAIN_MAP, &md, sizeof(md), -1, &m) == 0);
	cr_assert(m.nr_fds == 2 && m.head.len == sizeof(*map));
	memcpy(map, m.body, sizeof(*map));
	*mem = mmap(NULL, map->mem_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m.fd[0], 0);
	*shared = mmap(NULL, map->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m.fd[1], 0);
	cr_assert(*mem != MAP_FAILED && *shared != MAP_FAILED);
	close(m.fd[0]);
	close(m.fd[1]);
}
