/* SPDX-License-Identifier: MIT */
/*
 * Raising a port of a domain: the waker's side of struct pvn_vcpu.
 *
 * No system call when the vCPU is awake and looking.  What is read of the page set (vCPU, run
 * state) only chooses how to wake; a domain that lies there is woken badly.
 */
#include "config.h"
#include <xenevtchn.h>

#include "libs/client/handle.h"
#include "libs/xenevtchn/private.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct pvn_vcpu *vcpu_of(const struct pvn_domain *d, unsigned v)
{
	return (struct pvn_vcpu *)(d->shared + PVN_VCPU_OFFSET + v * PVN_VCPU_STRIDE);
}

/* The process to signal; asked for once per vCPU. -errno: it has none, so nobody misses the signal. */
static int vcpu_pidfd(struct xenevtchn_handle *h, struct link *l, unsigned v)
{
	struct pvn_msg_domain body = { .domid = l->domid, .arg = v };
	struct pvn_msg_ret ret;
	struct pvn_request_args a = {
		.op = PVN_MSG_DOMAIN_PIDFD, .body = &body, .len = sizeof(body), .send_fd = -1,
		.reply = &ret, .reply_len = sizeof(ret),
	};
	int rc;

	if (l->pidfd[v] >= 0)
		return l->pidfd[v];
	rc = pvn_conn_request(&h->conn, &a);
	if (a.fds[1] >= 0)
		close(a.fds[1]);
	if (rc < 0)
		return rc;
	if (a.fds[0] < 0)
		return -ESRCH;
	return l->pidfd[v] = a.fds[0];
}

/* What is asked of paravaned meanwhile may bring news that end the link: they are taken when the
 * link is not needed any more (evtchn_settle). */
static void vcpu_kick(struct xenevtchn_handle *h, struct link *l, unsigned v)
{
	struct pvn_vcpu *vcpu = vcpu_of(l->d, v);
	int fd;

	switch (__atomic_load_n(&vcpu->run_state, __ATOMIC_SEQ_CST)) {
	case PVN_VCPU_RUNNING:
		/* kicked = 1 keeps others from sending: it is a promise, so the means come first. */
		fd = vcpu_pidfd(h, l, v);
		if (fd < 0 || __atomic_exchange_n(&vcpu->kicked, 1, __ATOMIC_SEQ_CST))
			break;
		if (syscall(SYS_pidfd_send_signal, fd, PVN_KICK_SIGNAL, NULL, 0))
			__atomic_store_n(&vcpu->kicked, 0, __ATOMIC_SEQ_CST);
		break;
	case PVN_VCPU_BLOCKED:
		__atomic_add_fetch(&vcpu->wake, 1, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &vcpu->wake, FUTEX_WAKE, 1, NULL, NULL, 0);
		break;
	}
}

static void vcpu_raise(struct xenevtchn_handle *h, struct link *l, unsigned v, uint32_t port)
{
	struct pvn_vcpu *vcpu = vcpu_of(l->d, v);

	__atomic_fetch_or(&vcpu->pending[port / 64], 1ULL << port % 64, __ATOMIC_SEQ_CST);
	/* A full barrier before the look at run_state; partner: the image's between its run_state and
	 * its look at inbound_sel. */
	__atomic_fetch_or(&vcpu->inbound_sel, 1ULL << port / 64, __ATOMIC_SEQ_CST);
	vcpu_kick(h, l, v);
}

int link_raise(struct xenevtchn_handle *h, struct link *l, uint32_t port)
{
	struct pvn_port *p = (struct pvn_port *)(l->d->shared + PVN_PORTS_OFFSET) + port;
	unsigned v = __atomic_load_n(&p->vcpu, __ATOMIC_RELAXED) % PVN_MAX_VCPUS, now;

	vcpu_raise(h, l, v, port);
	/* Moved meanwhile: who moved it may have looked for the bit too early (hv/evtchn.c). */
	now = __atomic_load_n(&p->vcpu, __ATOMIC_RELAXED) % PVN_MAX_VCPUS;
	if (now != v)
		vcpu_raise(h, l, now, port);
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
	struct binding *b;
	int rc;

	evtchn_lock(h);
	b = binding_find(h, port);
	if (!b)
		rc = -ENOTCONN;
	else if (b->kind == BINDING_INTERDOMAIN)
		rc = link_raise(h, b->link, b->remote_port);
	else	/* nobody there yet, or any more: it vanishes; nobody sends virqs */
		rc = b->kind == BINDING_UNBOUND ? 0 : -EINVAL;
	if (h->conn.first)
		evtchn_settle(h);
	evtchn_unlock(h);
	return pvn_errno(rc);
}
