/* SPDX-License-Identifier: MIT */
/*
 * The machine's socket: what libs/ and paravaned say to each other.
 *
 * SOCK_SEQPACKET, one message per datagram, at most PVN_MSG_MAX bytes, request and
 * reply carry the same seq; messages with seq 0 come from paravaned unasked.
 * Descriptors travel as SCM_RIGHTS with the message that names them.
 *
 * The client is the control domain: same user as paravaned or root, checked by
 * SO_PEERCRED.  It is trusted with the domains but not with paravaned's memory:
 * every length and address below is checked there.
 */
#ifndef PARAVANE_MACHINE_H
#define PARAVANE_MACHINE_H

#include <stdint.h>

#define PVN_PROTOCOL_VERSION	1
#define PVN_MSG_MAX		4096

enum pvn_msg_op {
	PVN_MSG_HELLO = 1,	/* pvn_msg_hello both ways; first on every connection */

	/* libxencall: hypercalls of the control domain.  Handles (guest pointers) inside
	 * arguments must lie in buffers from xencall_alloc_buffer, which are registered here;
	 * paravaned maps them and reads and writes arguments there, as Xen does. */
	PVN_MSG_BUFFER_ADD,	/* pvn_msg_buffer + memfd (sealed against shrinking) */
	PVN_MSG_BUFFER_DEL,	/* pvn_msg_buffer (addr only) */
	PVN_MSG_HYPERCALL,	/* pvn_msg_hypercall -> pvn_msg_ret */

	/* libxenforeignmemory, libxengnttab */
	PVN_MSG_DOMAIN_MAP,	/* pvn_msg_domain -> pvn_msg_domain_map + [mem fd, page-set fd] */
	PVN_MSG_DOMAIN_PIDFD,	/* pvn_msg_domain, arg = vcpu -> pvn_msg_ret + [pidfd]; -ESRCH while it has no process */
	PVN_MSG_MAPTRACK,	/* memfd of struct pvn_maptrack[]: released by paravaned if the client dies */

	/* libxenevtchn */
	PVN_MSG_EVTCHN_BIND_INTERDOMAIN,	/* pvn_msg_evtchn{domid,remote_port} -> same, filled, + [doorbell] if link_new */
	PVN_MSG_EVTCHN_BIND_UNBOUND,		/* pvn_msg_evtchn{domid} -> local_port */
	PVN_MSG_EVTCHN_BIND_VIRQ,		/* pvn_msg_evtchn{virq} -> local_port */
	PVN_MSG_EVTCHN_UNBIND,			/* pvn_msg_evtchn{local_port} -> pvn_msg_ret */

	/* unasked, seq 0 */
	PVN_MSG_EVENT_BOUND,	/* pvn_msg_evtchn: the peer bound our unbound port; + [doorbell] if link_new */
	PVN_MSG_EVENT_PEER_CLOSED, /* pvn_msg_evtchn{local_port}: the peer closed or died; the port is unbound again */
	PVN_MSG_EVENT_VIRQ,	/* pvn_msg_evtchn{local_port}: a virq fired */
	PVN_MSG_EVENT_DOMAIN_GONE, /* pvn_msg_domain: mappings of it are to be dropped */

	PVN_MSG_STOP,		/* paravaned --stop: -> pvn_msg_ret, then exits; -EBUSY while domains run unless arg */
};

struct pvn_msg {
	uint32_t op;
	uint32_t seq;
	uint32_t len;		/* of the body that follows */
	int32_t ret;		/* replies: 0 or -errno; the body is there only if >= 0 */
};

struct pvn_msg_hello { uint32_t version; uint32_t pid; };
struct pvn_msg_buffer { uint64_t addr; uint64_t bytes; };
struct pvn_msg_hypercall { uint64_t nr; uint64_t a[5]; };
struct pvn_msg_ret { int64_t ret; };
struct pvn_msg_domain { uint16_t domid; uint16_t pad; uint32_t arg; };

struct pvn_msg_domain_map {
	uint64_t mfn_base;
	uint64_t range_frames;
	uint64_t mem_bytes;		/* size of the memory object */
	uint64_t shared_bytes;		/* size of the page set */
	uint32_t generation;		/* changes when the domid is reused */
	uint16_t domid;
	uint16_t max_grant_frames;
};

struct pvn_msg_evtchn {
	uint16_t domid;
	uint16_t virq;
	uint32_t remote_port;	/* the domain's port */
	uint32_t local_port;	/* the control domain's port */
	uint32_t link;		/* which struct pvn_link of that domain reaches this handle */
	uint32_t link_new;	/* the doorbell's descriptor comes with this message */
	uint32_t pad;
};

/* One live grant mapping of a client, in a table it shares with paravaned. state is stored
 * last when a mapping is made and first when it goes. */
struct pvn_maptrack {
	uint32_t state;		/* 0 free, 1 mapped read-only, 2 mapped writable */
	uint32_t gref;
	uint16_t domid;
	uint16_t pad;
	uint32_t generation;
};

#endif
