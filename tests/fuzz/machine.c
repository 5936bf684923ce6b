/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: paravaned's requests from domains, with grant tables that are written to between any two
 * steps, and messages of a client.  Two domains without processes, whose sockets are ours; the
 * loop serves what is sent.  Checked after each step: pages are accounted for, every use of a handle is
 * a pin of its frame, what is mapped is not free, and the machine still serves.
 */
#include "config.h"
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xen/grant_table.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/client.h"
#include "paravaned/domain.h"
#include "paravaned/grant.h"
#include "paravaned/lender.h"
#include "paravaned/machine.h"
#include "paravaned/memory.h"
#include "paravaned/process.h"
#include "tests/fuzz/tape.h"

#define DOMAINS	2
#define PAGES	16U
#define STEPS	48

static struct domain *dom[DOMAINS];
static int guest[DOMAINS];	/* the domains' ends of their sockets */
static int client = -1;

static void once(void)
{
	if (pvn_loop_once(machine.loop, 0))
		abort();
}

static void start_machine(void)
{
	struct sockaddr any = { .sa_family = AF_UNIX };
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	if (machine.loop)
		return;
	setenv("PARAVANE_NO_IO_URING", "1", 1);
	pvn_log_level(LOG_EMERG);
	machine.usable_pages = machine.total_pages = 1 << 20;
	machine.nr_cpus = 1;
	machine.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	if (pvn_loop_new(&machine.loop) || domain_table_init() || bind(machine.listen_fd, &any, sizeof(any.sa_family)) ||
	    listen(machine.listen_fd, 8) || getsockname(machine.listen_fd, (struct sockaddr *)&at, &len))
		abort();
}

static void connect_client(void)
{
	struct { struct pvn_msg head; struct pvn_msg_hello body; } m = {
		{ .op = PVN_MSG_HELLO, .len = sizeof(m.body) }, { .version = PVN_PROTOCOL_VERSION } };
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	getsockname(machine.listen_fd, (struct sockaddr *)&at, &len);
	client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	if (client < 0 || connect(client, (struct sockaddr *)&at, len))
		abort();
	client_accept_ready(NULL, 0);
	if (send(client, &m, sizeof(m), 0) != sizeof(m))
		abort();
	once();
}

static void make(unsigned int n)
{
	struct xen_domctl_createdomain cfg = { .max_vcpus = 1, .max_evtchn_port = 64, .max_grant_frames = 4,
					       .max_maptrack_frames = 1 };
	int sv[2];
	uint64_t mfn;
	unsigned int i;

	if (domain_create((domid_t)(n + 1), &cfg, &dom[n]) || memory_set_max(dom[n], PAGES))
		abort();
	for (i = 0; i < PAGES - 4; i++)
		if (memory_populate(dom[n], i, 0, &mfn))
			abort();
	domain_header(dom[n])->nr_grant_frames = 1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, sv) ||
	    pvn_loop_add_fd(machine.loop, sv[0], POLLIN, request_ready, &dom[n]->vcpu[0],
			    &dom[n]->vcpu[0].request_watch))
		abort();
	dom[n]->vcpu[0].request_fd = sv[0];
	guest[n] = sv[1];
}

static uint64_t frame(const struct domain *d, uint8_t i)
{
	return d->range.base + PVN_HEAP_FRAMES + i % (PAGES + 2);
}

/* The guest writes an entry, the version, or the counts of pins that are only hints. */
static void write_table(struct tape *t)
{
	uint8_t how = tape_u8(t), ref = tape_u8(t) % 24;
	struct domain *d = dom[how & 1];
	uint8_t *table = d->shared + PVN_HEAP_OFFSET + PVN_HEAP_GRANT * PVN_PAGE_SIZE;
	grant_entry_v1_t e = { .flags = tape_u8(t), .domid = (domid_t)(1 + (how >> 1 & 1)),
			       .frame = (uint32_t)frame(d, tape_u8(t)) };

	switch (how >> 5) {
	case 0:
		tape_bytes(t, table + ref * 16UL, 16);
		break;
	case 1:
		((struct pvn_pin *)(d->shared + PVN_PINS_OFFSET))[ref].readers = tape_u16(t);
		break;
	case 2:
		domain_header(d)->grant_version = tape_u8(t) & 3;
		break;
	case 3:
		domain_header(d)->nr_grant_frames = tape_u32(t);
		break;
	default:
		((grant_entry_v1_t *)table)[ref] = e;
	}
}

static uint64_t value(struct tape *t)
{
	uint8_t k = tape_u8(t);

	if (k < 128)
		return k;
	return k & 1 ? frame(dom[k >> 1 & 1], tape_u8(t)) : k & 2 ? tape_u64(t) : ~0ULL;
}

/* An operation in the ring of the domain's vCPU; or it only says that there are so many. */
static void ask_copy(struct tape *t, struct domain *d, uint32_t n)
{
	struct pvn_copy_ring *r = (struct pvn_copy_ring *)(d->shared + PVN_COPY_OFFSET);

	r->op[r->asked % PVN_COPY_RING] = (struct pvn_grant_copy){
		.src = value(t), .dst = value(t), .len = tape_u16(t) % 4200,
		.src_domid = tape_u8(t) % 4, .dst_domid = DOMID_SELF, .flags = tape_u8(t) & 3 };
	r->asked += n;
}

static void fill(struct tape *t, struct domain *d, struct pvn_request *q)
{
	struct pvn_grant_map *m = (struct pvn_grant_map *)q->data;
	uint64_t mfn;
	unsigned int i, n = tape_u8(t) % 5;

	for (i = 0; i < n; i++) {
		switch (q->op) {
		case PVN_REQ_GRANT_COPY:
			ask_copy(t, d, i == 4 && tape_u8(t) == 0xff ? 1000 : 1);
			break;
		case PVN_REQ_MEM_RELEASE:
			mfn = value(t);
			memcpy(q->data + i * 8, &mfn, 8);
			q->len += 8;
			break;
		default:
			m[i] = (struct pvn_grant_map){ .ref = tape_u8(t) % 26, .handle = tape_u8(t) % 32,
						       .flags = tape_u8(t) & 0x1f, .domid = tape_u8(t) % 4 };
			q->len += sizeof(*m);
		}
	}
}

static void request(struct tape *t)
{
	static struct pvn_request q;
	static struct pvn_reply r;
	uint8_t who = tape_u8(t);
	struct domain *d = dom[who & 1];
	unsigned int i;

	memset(&q, 0, PVN_REQUEST_HEAD);
	q.op = tape_u8(t) % 32;
	/* Processes are made elsewhere. */
	if (q.op == PVN_REQ_VCPU_START)
		return;
	for (i = 0; i < 5; i++)
		q.a[i] = who & 2 || i < 2 ? value(t) : 0;
	fill(t, d, &q);
	d->request_count = 0;
	(void)!send(guest[who & 1], &q, PVN_REQUEST_HEAD + q.len + (who == 0xff), 0);
	once();
	while (recv(guest[who & 1], &r, sizeof(r), 0) > 0)
		continue;
}

static void message(struct tape *t)
{
	struct { struct pvn_msg head; uint8_t body[64]; } m = { 0 };
	uint8_t op = tape_u8(t);
	struct pvn_msg_evtchn e = { .domid = tape_u8(t) % 4, .virq = tape_u8(t) % 26, .remote_port = tape_u8(t),
				    .local_port = tape_u8(t) };

	m.head.op = op % 20;
	if (m.head.op == PVN_MSG_STOP || m.head.op == PVN_MSG_HYPERCALL)
		return;
	m.head.len = op & 0x80 ? tape_u8(t) % 65 : sizeof(e);
	if (m.head.op == PVN_MSG_DOMAIN_MAP || m.head.op == PVN_MSG_DOMAIN_PIDFD)
		m.head.len = sizeof(struct pvn_msg_domain);
	memcpy(m.body, &e, sizeof(e));
	(void)!send(client, &m, sizeof(m.head) + m.head.len, MSG_NOSIGNAL);
	once();
	/* Descriptors that come along are closed by not asking for them. */
	while (recv(client, &m, sizeof(m), 0) > 0)
		continue;
}

static void check(void)
{
	uint32_t pins[DOMAINS][PAGES] = { { 0 } }, h, i, k;
	uint64_t used = 0;

	for (i = 0; i < DOMAINS; i++) {
		struct borrower *b = dom[i]->borrower;

		used += dom[i]->tot_pages + dom[i]->claimed_pages;
		for (h = 0; b && h < b->used; h++)
			for (k = 0; k < DOMAINS; k++) {
				uint64_t f = b->v[h].mfn - frame(dom[k], 0);

				if (!b->v[h].flags || dom[k]->lender != b->v[h].l)
					continue;
				FUZZ_CHECK(f < PAGES, "handle %u is of frame %lu", h, (unsigned long)f);
				pins[k][f] += !!(b->v[h].flags & GNTMAP_host_map) + !!(b->v[h].flags & GNTMAP_device_map);
			}
	}
	FUZZ_CHECK(machine.used_pages == used, "%lu pages, of domains %lu", (unsigned long)machine.used_pages,
		   (unsigned long)used);
	for (k = 0; k < DOMAINS; k++)
		for (i = 0; dom[k]->lender && i < PAGES; i++) {
			FUZZ_CHECK(dom[k]->lender->pins[i] == pins[k][i], "domain %u frame %u: %u pins, %u uses", k, i,
				   dom[k]->lender->pins[i], pins[k][i]);
			FUZZ_CHECK(!pins[k][i] || dom[k]->populated[0] >> i & 1, "frame %u of %u is mapped and free", i, k);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tape t = { data, size };
	unsigned int i;

	start_machine();
	connect_client();
	for (i = 0; i < DOMAINS; i++)
		make(i);
	for (i = 0; i < STEPS && t.left; i++) {
		uint8_t what = tape_u8(&t);

		if (what % 8 < 3)
			write_table(&t);
		else if (what % 8 < 7)
			request(&t);
		else
			message(&t);
		check();
	}
	for (i = 0; i < DOMAINS; i++) {
		request_close(&dom[i]->vcpu[0]);
		close(guest[i]);
		domain_destroy(dom[i], "the input ends");
	}
	close(client);
	for (i = 0; i < 4; i++)
		once();
	FUZZ_CHECK(!machine.used_pages && !borrowers_handles() && !client_count(), "%lu pages, %u handles, %u clients are left",
		   (unsigned long)machine.used_pages, borrowers_handles(), client_count());
	return 0;
}
