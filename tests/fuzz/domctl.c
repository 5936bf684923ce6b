/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the control domain's hypercalls as a client sends them over the machine's socket: domctl,
 * sysctl, memory_op, event_channel_op and what else is dispatched, with arguments in a buffer it shares.
 * No domain ever gets a process: there is no image to run.  Checked after each step: pages are
 * accounted for, what is populated is what is counted, a vCPU that is online has a context, one
 * that may run nowhere does not exist, and nothing is left at the end.
 */
#include "config.h"
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/domctl.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/client.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"
#include "tests/fuzz/tape.h"

#define BUF_VA		0x10000000UL
#define BUF_BYTES	0x10000UL
#define DATA		0x2000U		/* where handles inside arguments mostly point */
#define DOMAINS		5U
#define PAGES		64U
#define STEPS		64

static int client = -1, buf_fd = -1;
static uint8_t *buf;

static void once(void)
{
	if (pvn_loop_once(machine.loop, 0))
		abort();
}

static void start_machine(void)
{
	struct sockaddr any = { .sa_family = AF_UNIX };
	unsigned int i;

	if (machine.loop)
		return;
	setenv("PARAVANE_NO_IO_URING", "1", 1);
	setenv("PARAVANE_HV_IMAGE", "/nonexistent/image", 1);
	pvn_log_level(LOG_EMERG);
	machine.usable_pages = machine.total_pages = 4096;
	machine.nr_cpus = 3;
	for (i = 0; i < 3; i++)
		machine.host_cpu[i] = (uint16_t)i;
	machine.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	buf_fd = memfd_create("buffer", MFD_ALLOW_SEALING);
	if (pvn_loop_new(&machine.loop) || domain_table_init() || bind(machine.listen_fd, &any, sizeof(any.sa_family)) ||
	    listen(machine.listen_fd, 8) || buf_fd < 0 || ftruncate(buf_fd, BUF_BYTES) ||
	    fcntl(buf_fd, F_ADD_SEALS, F_SEAL_SHRINK))
		abort();
	buf = mmap(NULL, BUF_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, buf_fd, 0);
	if (buf == MAP_FAILED)
		abort();
}

/* A message, and the reply's result. */
static int64_t call(uint32_t op, const void *body, uint32_t len, int fd)
{
	struct { struct pvn_msg head; uint8_t body[64]; } m = { .head = { .op = op, .seq = 1, .len = len } };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} ctl = { 0 };
	struct iovec iov = { &m, sizeof(m.head) + len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int64_t ret = INT64_MIN;

	memcpy(m.body, body, len);
	if (fd >= 0) {
		msg.msg_control = &ctl;
		msg.msg_controllen = sizeof(ctl);
		CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &fd, sizeof(fd));
	}
	if (sendmsg(client, &msg, MSG_NOSIGNAL) < 0)
		abort();
	once();
	while (recv(client, &m, sizeof(m), 0) > 0)
		if (m.head.seq == 1)
			ret = m.head.ret < 0 ? m.head.ret : m.head.len >= 8 ? *(int64_t *)m.body : 0;
	FUZZ_CHECK(ret != INT64_MIN, "no reply to message %u", op);
	return ret;
}

static void connect_client(void)
{
	struct pvn_msg_hello hello = { .version = PVN_PROTOCOL_VERSION };
	struct pvn_msg_buffer add = { BUF_VA, BUF_BYTES };
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	getsockname(machine.listen_fd, (struct sockaddr *)&at, &len);
	client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	if (client < 0 || connect(client, (struct sockaddr *)&at, len))
		abort();
	client_accept_ready(NULL, 0);
	if (call(PVN_MSG_HELLO, &hello, sizeof(hello), -1) < 0 || call(PVN_MSG_BUFFER_ADD, &add, sizeof(add), buf_fd) < 0)
		abort();
}

static int64_t hypercall_of(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct pvn_msg_hypercall h = { .nr = nr, .a = { a0, a1, a2 } };

	return call(PVN_MSG_HYPERCALL, &h, sizeof(h), -1);
}

static struct domain *some_domain(struct tape *t)
{
	return domain_by_id(tape_u8(t) % (DOMAINS + 2));
}

/* A word of an argument: numbers, two of 32 bits, addresses in and about the buffer, frames, anything. */
static uint64_t word(struct tape *t)
{
	uint8_t k = tape_u8(t);
	struct domain *d;

	switch (k % 8) {
	case 0:
		return tape_u8(t);
	case 1:
		return tape_u8(t) | (uint64_t)tape_u8(t) << 32;
	case 2:
		return BUF_VA + DATA + (tape_u16(t) % 0x4000U);
	case 3:
		return BUF_VA + BUF_BYTES - tape_u8(t);
	case 4:
		d = some_domain(t);
		return d ? d->range.base + PVN_HEAP_FRAMES + tape_u8(t) : ~0UL;
	case 5:
		return k & 8 ? ~0UL : ~0UL << (tape_u8(t) % 64);
	case 6:
		return tape_u64(t);
	default:
		return 0;
	}
}

static void words(struct tape *t, void *at, unsigned int max)
{
	unsigned int i, n = tape_u8(t) % (max + 1);

	for (i = 0; i < n; i++) {
		uint64_t w = word(t);

		memcpy((uint8_t *)at + i * 8, &w, 8);
	}
}

/* What a toolstack would say, and now and then one word of it wrong. */
static void create(struct tape *t)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
				 .domain = tape_u8(t) % (DOMAINS + 1) };
	uint8_t k = tape_u8(t);

	op.u.createdomain = (struct xen_domctl_createdomain){ .max_vcpus = k % 4, .max_evtchn_port = k, .max_grant_frames = 4,
							      .max_maptrack_frames = 1 };
	if (k & 0x80)
		((uint32_t *)&op.u.createdomain)[tape_u8(t) % (sizeof(op.u.createdomain) / 4)] = (uint32_t)word(t);
	if (domain_count() >= DOMAINS)
		return;
	memcpy(buf, &op, sizeof(op));
	if (hypercall_of(__HYPERVISOR_domctl, BUF_VA, 0, 0) || !(k & 0x40))
		return;
	/* With vCPUs and some memory at once, or most of the rest is never reached. */
	memcpy(&op, buf, sizeof(op));
	op.cmd = XEN_DOMCTL_max_vcpus;
	op.u.max_vcpus.max = k % 4;
	memcpy(buf, &op, sizeof(op));
	hypercall_of(__HYPERVISOR_domctl, BUF_VA, 0, 0);
	op.cmd = XEN_DOMCTL_max_mem;
	op.u.max_mem.max_memkb = PAGES * 4;
	memcpy(buf, &op, sizeof(op));
	hypercall_of(__HYPERVISOR_domctl, BUF_VA, 0, 0);
}

static void domctl(struct tape *t)
{
	static const uint8_t served[] = {
		XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain, XEN_DOMCTL_max_mem,
		XEN_DOMCTL_max_vcpus, XEN_DOMCTL_setvcpucontext, XEN_DOMCTL_getvcpucontext, XEN_DOMCTL_getvcpuinfo,
		XEN_DOMCTL_setvcpuaffinity, XEN_DOMCTL_getvcpuaffinity, XEN_DOMCTL_sendtrigger,
		XEN_DOMCTL_setdomainhandle, XEN_DOMCTL_hypercall_init, XEN_DOMCTL_scheduler_op,
		XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_settimeoffset, XEN_DOMCTL_gettscinfo, XEN_DOMCTL_settscinfo,
		XEN_DOMCTL_set_address_size, XEN_DOMCTL_get_address_size,
	};
	struct xen_domctl op = { .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
	uint8_t k = tape_u8(t);

	op.cmd = k & 0x80 ? k & 0x7fU : served[k % sizeof(served)];
	op.domain = tape_u8(t) % (DOMAINS + 2);
	words(t, &op.u, sizeof(op.u) / 8);
	if (op.cmd == XEN_DOMCTL_createdomain)
		return;
	memcpy(buf, &op, sizeof(op));
	hypercall_of(__HYPERVISOR_domctl, BUF_VA, 0, 0);
}

/* A context that could run, with some words of it changed. */
static void context(struct tape *t)
{
	static struct vcpu_guest_context ctx;
	struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
	struct domain *d = some_domain(t);
	unsigned int i, n = tape_u8(t) % 4;

	memset(&ctx, 0, sizeof(ctx));
	op.domain = d ? d->domid : 1;
	op.u.vcpucontext.vcpu = tape_u8(t) % 4;
	op.u.vcpucontext.ctxt.p = (void *)(BUF_VA + DATA);
	ctx.flags = tape_u8(t);
	ctx.ctrlreg[3] = d ? (d->range.base + PVN_HEAP_FRAMES + tape_u8(t) % PAGES) << 12 : 0;
	for (i = 0; i < n; i++)
		((uint64_t *)&ctx)[tape_u16(t) % (sizeof(ctx) / 8)] = word(t);
	memcpy(buf, &op, sizeof(op));
	memcpy(buf + DATA, &ctx, sizeof(ctx));
	hypercall_of(__HYPERVISOR_domctl, BUF_VA, 0, 0);
}

static void affinity(struct tape *t)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpuaffinity, .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;

	op.domain = tape_u8(t) % (DOMAINS + 2);
	a->vcpu = tape_u8(t) % 4;
	a->flags = tape_u8(t) & 15;
	a->cpumap_hard.nr_bits = tape_u8(t);
	a->cpumap_soft.nr_bits = tape_u8(t) & 1 ? tape_u32(t) : 8;
	a->cpumap_hard.bitmap.p = (void *)(BUF_VA + DATA);
	a->cpumap_soft.bitmap.p = (void *)(BUF_VA + DATA + 8);
	tape_bytes(t, buf + DATA, 16);
	memcpy(buf, &op, sizeof(op));
	hypercall_of(__HYPERVISOR_domctl, BUF_VA, 0, 0);
}

static void sysctl(struct tape *t)
{
	struct xen_sysctl op = { .interface_version = XEN_SYSCTL_INTERFACE_VERSION, .cmd = tape_u8(t) % 34 };

	words(t, &op.u, sizeof(op.u) / 8);
	memcpy(buf, &op, sizeof(op));
	hypercall_of(__HYPERVISOR_sysctl, BUF_VA, 0, 0);
}

static void populate(struct tape *t)
{
	struct xen_memory_reservation r = { .nr_extents = tape_u8(t) % 16, .extent_order = tape_u8(t) % 4,
					    .domid = tape_u8(t) % (DOMAINS + 2) };
	uint64_t *list = (uint64_t *)(buf + DATA);
	uint8_t k = tape_u8(t);
	unsigned int i;

	r.extent_start.p = (void *)(BUF_VA + DATA);
	for (i = 0; i < r.nr_extents; i++)
		list[i] = k & 1 ? word(t) : i;
	memcpy(buf, &r, sizeof(r));
	hypercall_of(__HYPERVISOR_memory_op, k & 2 ? XENMEM_decrease_reservation : XENMEM_populate_physmap, BUF_VA, 0);
}

static void other(struct tape *t)
{
	static const uint8_t nrs[] = { __HYPERVISOR_memory_op, __HYPERVISOR_xen_version, __HYPERVISOR_console_io,
				       __HYPERVISOR_sched_op, __HYPERVISOR_event_channel_op };
	uint8_t k = tape_u8(t), cmd = tape_u8(t) % 34;

	words(t, buf, 16);
	if (k % 6 < 5)
		hypercall_of(nrs[k % 6], cmd, k & 0x80 ? word(t) : BUF_VA, k & 0x40 ? word(t) : BUF_VA);
	else
		hypercall_of(tape_u8(t), word(t), word(t), word(t));
}

static uint64_t populated(const struct domain *d)
{
	uint64_t i, n = 0, frames = d->range.frames ? d->range.frames - PVN_HEAP_FRAMES : 0;

	for (i = 0; i < frames; i++)
		n += d->populated[i / 64] >> (i % 64) & 1;
	return n;
}

static void check(void)
{
	struct domain *d;
	uint64_t used = 0, n;
	uint32_t v;

	for (d = domain_at_or_after(1); d; d = domain_at_or_after(d->domid + 1U)) {
		n = populated(d);
		used += d->tot_pages + d->claimed_pages;
		FUZZ_CHECK(n == d->tot_pages, "d%u has %lu pages, counts %lu", d->domid, (unsigned long)n,
			   (unsigned long)d->tot_pages);
		FUZZ_CHECK(!d->nr_processes, "d%u has a process", d->domid);
		for (v = 0; v < d->max_vcpus; v++) {
			FUZZ_CHECK(!d->vcpu[v].online || d->vcpu[v].initialised, "vCPU %u of d%u has no context", v, d->domid);
			FUZZ_CHECK(d->vcpu[v].hard[0] & 7, "vCPU %u of d%u may run nowhere", v, d->domid);
		}
	}
	FUZZ_CHECK(machine.used_pages == used, "%lu pages, of domains %lu", (unsigned long)machine.used_pages,
		   (unsigned long)used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const steps[])(struct tape *) = { create, populate, domctl, domctl, domctl, context,
							   affinity, sysctl, other };
	struct tape t = { data, size };
	struct domain *d;
	unsigned int i;

	start_machine();
	memset(buf, 0, BUF_BYTES);
	connect_client();
	for (i = 0; i < STEPS && t.left; i++) {
		steps[tape_u8(&t) % (sizeof(steps) / sizeof(steps[0]))](&t);
		check();
	}
	while ((d = domain_at_or_after(1)))
		domain_destroy(d, "the input ends");
	close(client);
	for (i = 0; i < 4; i++)
		once();
	FUZZ_CHECK(!machine.used_pages && !domain_count() && !client_count(), "%lu pages, %u domains, %u clients are left",
		   (unsigned long)machine.used_pages, domain_count(), client_count());
	return 0;
}
