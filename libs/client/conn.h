/* SPDX-License-Identifier: MIT */
/*
 * A connection of a control-domain library to paravaned: requests with their replies, and the
 * messages that come unasked.  Not locked: its owner does that.
 *
 * paravaned is trusted, but another version of it may answer: lengths are checked.
 */
#ifndef PVN_CLIENT_CONN_H
#define PVN_CLIENT_CONN_H

#include <paravane/machine.h>
#include <stddef.h>
#include <sys/types.h>

#define PVN_CONN_FDS	2	/* most descriptors a message brings */

struct pvn_unasked {
	struct pvn_unasked *next;
	uint32_t op;
	uint32_t len;
	int fds[PVN_CONN_FDS];	/* -1: none; the taker closes them */
	union {
		struct pvn_msg_evtchn evtchn;
		struct pvn_msg_domain domain;
		uint8_t bytes[64];
	};
};

struct pvn_conn {
	int fd;
	pid_t pid;		/* a forked child must not talk on it */
	uint32_t seq;
	int dead;		/* -errno once the connection broke */
	struct pvn_unasked *first, **last;
};

struct pvn_request_args {
	uint32_t op;
	const void *body;
	size_t len;
	int send_fd;		/* -1: none */
	void *reply;		/* room for exactly reply_len bytes of body, which must come */
	size_t reply_len;
	int fds[PVN_CONN_FDS];	/* out: what came with the reply, -1: nothing */
};

/* Connect and say hello.  -ENOENT, -ECONNREFUSED: paravaned is not there; -EPROTO: another version. */
int pvn_conn_open(struct pvn_conn *c);
void pvn_conn_close(struct pvn_conn *c);

/* One round trip.  >= 0 (the reply's ret) or -errno: paravaned's answer, or the connection's. */
int pvn_conn_request(struct pvn_conn *c, struct pvn_request_args *a);
/* The same for requests without descriptors, answered by as much as was asked (body == reply is fine). */
int pvn_conn_call(struct pvn_conn *c, uint32_t op, const void *body, size_t len, void *reply,
		  size_t reply_len);

/* Take the next unasked message, without waiting.  1: *m is it, to be freed by pvn_unasked_free();
 * 0: none; -errno: the connection broke. */
int pvn_conn_unasked(struct pvn_conn *c, struct pvn_unasked **m);
void pvn_unasked_free(struct pvn_unasked *m);

#endif
