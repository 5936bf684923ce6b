/* SPDX-License-Identifier: MIT */
/*
 * What a domain's image asks the machine for.
 *
 * Everything here is hostile: it may come from a guest that took its image over.  The kernel
 * copied the datagram, so it is read once; a malformed one, or a domain that does not read its
 * replies, is that domain's crash.  One turn of the loop serves a few requests of a domain,
 * and a domain that never stops asking is heard a bounded number of times per second.
 */
#include "config.h"
#include "paravaned/process.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xen/sched.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/console_ring.h"
#include "paravaned/domain.h"
#include "paravaned/evtchn.h"
#include "paravaned/grant.h"
#include "paravaned/machine.h"
#include "paravaned/memory.h"

#define REQUESTS_PER_TURN	16
#define WINDOW_NS		10000000ULL
#define REQUESTS_PER_WINDOW	400
#define LOG_BURST		50
#define LOG_PER_S		5

static void say(struct domain *d, const struct pvn_request *q)
{
	if (!ratelimit_take(&d->log_limit, pvn_now_ns(), 1, LOG_BURST, LOG_PER_S))
		return;
	if (d->log_limit.suppressed) {
		pvn_log(LOG_WARNING, "d%u: %lu lines dropped", d->domid,
			(unsigned long)d->log_limit.suppressed);
		d->log_limit.suppressed = 0;
	}
	pvn_log(LOG_INFO, "d%u: %.*s", d->domid, (int)(q->len < 400 ? q->len : 400), (const char *)q->data);
}

#define POPULATE_ORDER_MAX 9	/* as Xen's for a guest */

/* The frames of one request are given back run by run: a hole costs a system call. */
static int64_t mem_release(struct domain *d, const struct pvn_request *q)
{
	uint64_t mfn[PVN_DATA_MAX / 8];
	uint32_t n = q->len / 8, done = 0, run;

	memcpy(mfn, q->data, n * 8);
	while (done < n) {
		for (run = 1; done + run < n && mfn[done + run] == mfn[done] + run; run++)
			continue;
		if (memory_release(d, mfn[done], run)) {
			/* Some of the run are not its own: as far as it goes, one by one. */
			while (run && !memory_release(d, mfn[done], 1)) {
				done++;
				run--;
			}
			break;
		}
		done += run;
	}
	return done;
}

static int64_t mem_populate(struct domain *d, const struct pvn_request *q, struct pvn_reply *r)
{
	if (q->a[1] > POPULATE_ORDER_MAX || (q->a[0] >= PVN_MAX_MFN && q->a[0] != PVN_PFN_NONE))
		return -EINVAL;
	return memory_populate(d, q->a[0], (unsigned int)q->a[1], &r->a[0]);
}

/* Structures in the request are worked on in the reply, a copy that nobody else sees. */
static uint32_t reply_copy(const struct pvn_request *q, struct pvn_reply *r, size_t size)
{
	uint32_t n = (uint32_t)(q->len / size);

	r->len = n * (uint32_t)size;
	memcpy(r->data, q->data, r->len);
	return n;
}

static int64_t grant_request(struct vcpu *v, const struct pvn_request *q, struct pvn_reply *r)
{
	struct domain *d = v->d;
	struct pvn_grant_map *map = (struct pvn_grant_map *)r->data;
	bool gone;

	switch (q->op) {
	case PVN_REQ_GRANT_MAP:
		grant_map(d, map, reply_copy(q, r, sizeof(*map)));
		return 0;
	case PVN_REQ_GRANT_LOOKUP:
		grant_lookup(d, map, reply_copy(q, r, sizeof(*map)));
		return 0;
	case PVN_REQ_GRANT_UNMAP:
		grant_unmap(d, map, reply_copy(q, r, sizeof(*map)));
		return 0;
	case PVN_REQ_GRANT_COPY:
		copy_ring_serve(v);
		return 0;
	case PVN_REQ_GRANT_TRANSFER:
		r->a[0] = (uint64_t)grant_transfer(d, q->a[0], q->a[1], q->a[2], &gone);
		r->a[1] = gone;
		return 0;
	default:
		return grant_foreign_map(v, q->a[0], q->a[1], q->a[2]);
	}
}

static int64_t mem_exchange(struct domain *d, const struct pvn_request *q)
{
	uint32_t give[PVN_DATA_MAX / 4], n = q->len / 4;

	memcpy(give, q->data, n * 4);
	return memory_exchange(d, give, n, q->a[0], q->a[1]);
}

static int64_t status(struct domain *d, const struct pvn_request *q, struct pvn_reply *r)
{
	struct domain *of = q->a[1] > DOMID_MASK ? NULL : domain_by_id((domid_t)q->a[1]);
	struct evtchn_status st;
	int rc;

	if (!of)
		return -ESRCH;
	rc = evtchn_status(of, q->a[0], &st);
	if (rc)
		return rc;
	if (of != d)
		return -EPERM;
	r->a[0] = st.status;
	r->a[1] = st.vcpu;
	switch (st.status) {
	case EVTCHNSTAT_unbound:
		r->a[2] = st.u.unbound.dom;
		break;
	case EVTCHNSTAT_interdomain:
		r->a[2] = st.u.interdomain.dom;
		r->a[3] = st.u.interdomain.port;
		break;
	case EVTCHNSTAT_virq:
		r->a[4] = st.u.virq;
		break;
	}
	return 0;
}

/* A vCPU gets its process once, when it is first up.  -ENOENT; -EEXIST; -errno. */
static int64_t vcpu_start(struct domain *d, uint64_t vcpu)
{
	int rc;

	if (vcpu >= d->max_vcpus)
		return -ENOENT;
	if (d->vcpu[vcpu].pid)
		return -EEXIST;
	d->vcpu[vcpu].initialised = true;
	rc = process_start_vcpu(&d->vcpu[vcpu]);
	/* Its siblings were stopped before it was there. */
	if (!rc && d->pause_count)
		process_stop(d);
	return rc;
}

/* What a request costs us beyond the one that every request counts as. */
static uint32_t cost(const struct domain *d, const struct pvn_request *q)
{
	switch (q->op) {
	case PVN_REQ_MEM_RELEASE:
		return q->len / 32;	/* a few frames, each perhaps a hole to punch */
	case PVN_REQ_RESET:
		return d->nr_ports / 32;
	case PVN_REQ_GRANT_MAP:
		return q->len / 256;
	case PVN_REQ_VCPU_START:
		return 20;
	default:
		return 0;
	}
}

/*
 * What waiting for the domain's mapper may take of our time: a tenth.  Everything else has to
 * wait meanwhile, and how long it takes is in the domain's hands.
 */
static uint32_t mapper_cost(uint32_t op, uint64_t took_ns)
{
	if (op != PVN_REQ_FOREIGN_MAP && op != PVN_REQ_GRANT_UNMAP)
		return 0;
	return (uint32_t)(took_ns / (WINDOW_NS / 10 / REQUESTS_PER_WINDOW));
}

static bool wants_reply(uint32_t op)
{
	return op != PVN_REQ_SHUTDOWN && op != PVN_REQ_CRASH && op != PVN_REQ_CONSOLE_WRITE &&
	       op != PVN_REQ_LOG && op != PVN_REQ_SEND &&
	       op != PVN_REQ_VCPU_KICK;
}

static int64_t serve(struct vcpu *v, const struct pvn_request *q, struct pvn_reply *r)
{
	struct domain *d = v->d;

	switch (q->op) {
	case PVN_REQ_ALLOC_UNBOUND:
		return evtchn_alloc_unbound(d, (domid_t)q->a[0], q->a[4]);
	case PVN_REQ_BIND_INTERDOMAIN:
		return evtchn_bind_interdomain(d, q->a[0], q->a[1], q->a[4]);
	case PVN_REQ_BIND_VIRQ:
		return evtchn_bind_virq(d, q->a[0], q->a[1], q->a[4]);
	case PVN_REQ_BIND_IPI:
		return evtchn_bind_ipi(d, q->a[0], q->a[4]);
	case PVN_REQ_CLOSE:
		return evtchn_close(d, q->a[0]);
	case PVN_REQ_RESET:
		return evtchn_reset(d);
	case PVN_REQ_STATUS:
		return status(d, q, r);
	case PVN_REQ_SEND:
		evtchn_peer_send(d, q->a[0]);
		return 0;
	case PVN_REQ_SHUTDOWN:
		domain_shutdown(d, (uint8_t)q->a[0]);
		return 0;
	case PVN_REQ_SHUTDOWN_CODE:
		domain_shutdown_code(d, (uint8_t)q->a[0]);
		return 0;
	case PVN_REQ_WATCHDOG:
		return watchdog_set(d, q->a[0], q->a[1]);
	case PVN_REQ_CRASH:
		domain_crash(d, "%.*s", (int)(q->len < 180 ? q->len : 180), (const char *)q->data);
		return 0;
	case PVN_REQ_CONSOLE_WRITE:
		console_ring_write(d, (const char *)q->data, q->len);
		return 0;
	case PVN_REQ_LOG:
		say(d, q);
		return 0;
	case PVN_REQ_MEM_RELEASE:
		return mem_release(d, q);
	case PVN_REQ_MEM_POPULATE:
		return mem_populate(d, q, r);
	case PVN_REQ_MEM_EXCHANGE:
		return mem_exchange(d, q);
	case PVN_REQ_DOMAIN:
		return q->a[0] <= UINT16_MAX && domain_by_id((domid_t)q->a[0]) ? 0 : -ESRCH;
	case PVN_REQ_MEM_OWNED:
		return memory_owned(d, q->a[0]);
	case PVN_REQ_GRANT_MAP:
	case PVN_REQ_GRANT_LOOKUP:
	case PVN_REQ_GRANT_UNMAP:
	case PVN_REQ_GRANT_COPY:
	case PVN_REQ_GRANT_TRANSFER:
	case PVN_REQ_FOREIGN_MAP:
		return grant_request(v, q, r);
	case PVN_REQ_VCPU_START:
		return vcpu_start(d, q->a[0]);
	case PVN_REQ_USER_MODE:
		affinity_user_mode(v);
		return 0;
	case PVN_REQ_VCPU_KICK:
		if (q->a[0] < d->max_vcpus)
			process_kick(&d->vcpu[q->a[0]]);
		return 0;
	default:
		domain_crash(d, "unknown request %u to the machine", q->op);
		return 0;
	}
}

/* One request: true if there may be more. */
static bool serve_one(struct vcpu *v)
{
	static struct pvn_request q;
	static struct pvn_reply r;
	struct domain *d = v->d;
	uint64_t start;
	ssize_t n = recv(v->request_fd, &q, sizeof(q), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		/* It let go of its socket: it dies, or pretends.  The pidfd will tell. */
		pvn_loop_del_fd(v->request_watch);
		v->request_watch = NULL;
		if (v->pidfd_watch)
			process_signal_kill(v);
		return false;
	}
	if ((size_t)n < PVN_REQUEST_HEAD || (size_t)n > sizeof(q) || q.len != (size_t)n - PVN_REQUEST_HEAD) {
		domain_crash(d, "malformed request to the machine (%zd bytes)", n);
		return false;
	}
	d->request_count += cost(d, &q);
	memset(&r, 0, PVN_REPLY_HEAD);
	r.seq = q.seq;
	start = pvn_now_ns();
	r.ret = serve(v, &q, &r);
	d->request_count += mapper_cost(q.op, pvn_now_ns() - start);
	if (wants_reply(q.op) && !d->is_shut_down &&
	    send(v->request_fd, &r, PVN_REPLY_HEAD + r.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EAGAIN)
		domain_crash(d, "it does not read the replies of the machine");
	return !d->is_shut_down;
}

static void listen_to_all(struct domain *d, uint32_t events)
{
	uint32_t i;

	for (i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i].request_watch)
			pvn_loop_mod_fd(d->vcpu[i].request_watch, events);
}

static void unthrottle(void *arg)
{
	struct domain *d = arg;

	d->request_timer = NULL;
	d->request_count = 0;
	listen_to_all(d, POLLIN);
}

/* More than a guest needs in a window, of all its vCPUs: the rest has to wait until it is over. */
bool request_throttled(struct domain *d, uint32_t n)
{
	uint64_t now = pvn_now_ns();

	if (now - d->request_window_ns > WINDOW_NS) {
		d->request_window_ns = now;
		d->request_count = 0;
	}
	d->request_count += n;
	if (d->request_timer)
		return true;
	if (d->request_count <= REQUESTS_PER_WINDOW)
		return false;
	if (pvn_loop_add_timer(machine.loop, WINDOW_NS, unthrottle, d, &d->request_timer))
		return false;
	listen_to_all(d, 0);
	return true;
}

void request_ready(void *arg, uint32_t revents)
{
	struct vcpu *v = arg;
	struct domain *d = v->d;
	int i;

	for (i = 0; i < REQUESTS_PER_TURN; i++) {
		if (!v->request_watch || d->request_timer || request_throttled(d, 1))
			return;
		if (!serve_one(v))
			return;
	}
}

void request_close(struct vcpu *v)
{
	copy_ring_forget(v);
	pvn_loop_del_fd(v->request_watch);
	v->request_watch = NULL;
	if (v->request_fd >= 0)
		close(v->request_fd);
	v->request_fd = -1;
}

void request_timer_stop(struct domain *d)
{
	pvn_loop_del_timer(d->request_timer);
	d->request_timer = NULL;
}
