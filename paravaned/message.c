/* SPDX-License-Identifier: MIT */
/* The messages of <paravane/machine.h>, one function each.  Called by client.c. */
#include "config.h"
#include "paravaned/client.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/domain.h"
#include "paravaned/evtchn.h"
#include "paravaned/hypercall.h"
#include "paravaned/machine.h"

struct request {
	struct client *c;
	uint32_t op;
	int fd;
	union {
		struct pvn_msg_hello hello;
		struct pvn_msg_buffer buffer;
		struct pvn_msg_hypercall hypercall;
		struct pvn_msg_domain domain;
		struct pvn_msg_evtchn evtchn;
	} u;
};

static void reply_body(struct reply *r, const void *body, uint32_t len)
{
	memcpy(r->body, body, len);
	r->len = len;
}

static void reply_ret(struct reply *r, int64_t ret)
{
	struct pvn_msg_ret body = { .ret = ret };

	reply_body(r, &body, sizeof(body));
}

static int serve_buffer_add(struct request *q, struct reply *r)
{
	r->ret = q->fd < 0 ? -EBADF
			   : buffers_add(&q->c->buffers, q->u.buffer.addr, q->u.buffer.bytes, q->fd);
	return 0;
}

static int serve_buffer_del(struct request *q, struct reply *r)
{
	r->ret = buffers_del(&q->c->buffers, q->u.buffer.addr);
	return 0;
}

static int serve_hypercall(struct request *q, struct reply *r)
{
	reply_ret(r, hypercall(q->c, q->u.hypercall.nr, q->u.hypercall.a));
	return 0;
}

static int serve_domain_map(struct request *q, struct reply *r)
{
	struct pvn_msg_domain_map body;

	r->ret = mapping_domain_map(q->c, q->u.domain.domid, &body, r->fd);
	if (!r->ret) {
		reply_body(r, &body, sizeof(body));
		r->nr_fds = 2;
	}
	return 0;
}

static int serve_domain_pidfd(struct request *q, struct reply *r)
{
	struct domain *d = domain_by_id(q->u.domain.domid);

	if (!d || d == dom0 || q->u.domain.arg >= d->max_vcpus || !d->vcpu[q->u.domain.arg].pid) {
		r->ret = -ESRCH;
		return 0;
	}
	r->fd[0] = d->vcpu[q->u.domain.arg].pidfd;
	r->nr_fds = 1;
	reply_ret(r, 0);
	return 0;
}

static int serve_maptrack(struct request *q, struct reply *r)
{
	r->ret = q->fd < 0 ? -EBADF : maptrack_set(q->c, q->fd);
	return 0;
}

static int serve_evtchn(struct request *q, struct reply *r)
{
	r->ret = evtchn_control_message(q->c, q->op, &q->u.evtchn, &r->fd[0]);
	if (r->ret < 0)
		return 0;
	r->nr_fds = r->fd[0] >= 0;
	if (q->op == PVN_MSG_EVTCHN_UNBIND)
		reply_ret(r, 0);
	else
		reply_body(r, &q->u.evtchn, sizeof(q->u.evtchn));
	return 0;
}

static void stop_now(void *unused)
{
	pvn_loop_stop(machine.loop);
}

static int serve_stop(struct request *q, struct reply *r)
{
	struct domain *d;

	if (domain_count() && !q->u.domain.arg) {
		r->ret = -EBUSY;
		return 0;
	}
	while ((d = domain_at_or_after(1)))
		domain_destroy(d, "the machine stops");
	pvn_log(LOG_NOTICE, "stopping, as asked by pid %d", (int)q->c->pid);
	machine.stopping = true;
	reply_ret(r, 0);
	/* After the reply is sent. */
	r->ret = pvn_loop_add_deferred(machine.loop, stop_now, NULL);
	return 0;
}

static const struct {
	int (*serve)(struct request *q, struct reply *r);
	uint32_t len;
} messages[] = {
	[PVN_MSG_BUFFER_ADD] = { serve_buffer_add, sizeof(struct pvn_msg_buffer) },
	[PVN_MSG_BUFFER_DEL] = { serve_buffer_del, sizeof(struct pvn_msg_buffer) },
	[PVN_MSG_HYPERCALL] = { serve_hypercall, sizeof(struct pvn_msg_hypercall) },
	[PVN_MSG_DOMAIN_MAP] = { serve_domain_map, sizeof(struct pvn_msg_domain) },
	[PVN_MSG_DOMAIN_PIDFD] = { serve_domain_pidfd, sizeof(struct pvn_msg_domain) },
	[PVN_MSG_MAPTRACK] = { serve_maptrack, 0 },
	[PVN_MSG_EVTCHN_BIND_INTERDOMAIN] = { serve_evtchn, sizeof(struct pvn_msg_evtchn) },
	[PVN_MSG_EVTCHN_BIND_UNBOUND] = { serve_evtchn, sizeof(struct pvn_msg_evtchn) },
	[PVN_MSG_EVTCHN_BIND_VIRQ] = { serve_evtchn, sizeof(struct pvn_msg_evtchn) },
	[PVN_MSG_EVTCHN_UNBIND] = { serve_evtchn, sizeof(struct pvn_msg_evtchn) },
	[PVN_MSG_STOP] = { serve_stop, sizeof(struct pvn_msg_domain) },
};

/* The first message, and the only one that another version may send. */
static int serve_hello(struct client *c, const struct pvn_msg *head, const uint8_t *body, struct reply *r)
{
	struct pvn_msg_hello hello = { 0 };

	if (head->op != PVN_MSG_HELLO || head->len < sizeof(hello.version)) {
		r->ret = -EPROTO;
		return -EPROTO;
	}
	memcpy(&hello, body, head->len < sizeof(hello) ? head->len : sizeof(hello));
	if (hello.version != PVN_PROTOCOL_VERSION) {
		pvn_log(LOG_WARNING, "pid %d speaks protocol version %u, this paravaned %u", (int)c->pid,
			hello.version, PVN_PROTOCOL_VERSION);
		r->ret = -EPROTONOSUPPORT;
		return -EPROTO;
	}
	c->greeted = true;
	hello.pid = (uint32_t)getpid();
	reply_body(r, &hello, sizeof(hello));
	return 0;
}

int message_serve(struct client *c, const struct pvn_msg *head, const uint8_t *body, int fd,
		  struct reply *r)
{
	struct request q = { .c = c, .op = head->op, .fd = fd };
	uint32_t op = head->op;

	if (!c->greeted)
		return serve_hello(c, head, body, r);
	if (op >= sizeof(messages) / sizeof(messages[0]) || !messages[op].serve) {
		r->ret = -ENOSYS;
		return 0;
	}
	if (head->len != messages[op].len) {
		r->ret = -EPROTO;
		return -EPROTO;
	}
	memcpy(&q.u, body, head->len);
	return messages[op].serve(&q, r);
}
