/* SPDX-License-Identifier: MIT */
/*
 * Inside of libxenevtchn.
 *
 * A handle is a connection to paravaned, an epoll descriptor that callers may wait for, and:
 *   binding  a port of the control domain and what it is bound to
 *   link     the page that one domain and this handle share (struct pvn_link) and its doorbell
 *
 * Everything below is under the handle's lock, which is not held while the handle sleeps.
 *
 * Invariants:
 *   a link is there exactly while a port of ours is bound over it (paravaned counts the same way)
 *   link->shm->polling != 0 while every port bound over it is masked ("quiet": whatever comes is
 *     looked for at the unmask), and while link_spin() looks at it
 *   the epoll descriptor is readable if a port is ready, once xenevtchn_pending() has returned
 */
#ifndef XENEVTCHN_PRIVATE_H
#define XENEVTCHN_PRIVATE_H

#include "libs/client/domain.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

#define HOT_LINKS	8
#define PORTS_MAX	(1U << 20)	/* of the control domain: what we keep a table for */

enum binding_kind { BINDING_UNBOUND, BINDING_INTERDOMAIN, BINDING_VIRQ };

struct link;

struct binding {
	uint32_t port;			/* ours */
	uint32_t remote_port;		/* the domain's, if INTERDOMAIN */
	enum binding_kind kind;
	struct link *link;
	bool masked;			/* ready or reported, until unmasked */
	bool fired;			/* came again while masked */
	bool ready;			/* on the list below */
	TAILQ_ENTRY(binding) entry;
};

struct link {
	struct link *next;		/* of the hash by domid */
	uint16_t domid;
	uint32_t slot;			/* in handle->links */
	struct pvn_domain *d;
	struct pvn_link *shm;
	int doorbell;
	uint32_t nr_bound, nr_masked;
	int pidfd[PVN_MAX_VCPUS];	/* -1: not asked for yet */
	struct binding **ports[PVN_PORT_WORDS];	/* by the domain's port */
};

struct link_slot {
	struct link *link;
	uint32_t generation;		/* so that an old epoll event names nothing */
};

#define LINK_BUCKETS	256

struct xenevtchn_handle {
	pthread_mutex_t lock;
	uint32_t waiters;		/* threads that want the lock from one that spins */
	struct pvn_conn conn;
	struct pvn_domains domains;
	int epoll_fd;
	int kick_fd;			/* eventfd, edge-triggered: makes epoll_fd readable */
	bool kicked;
	bool nonblock;			/* how epoll_fd was last seen */

	struct binding **by_port;
	uint32_t nr_by_port;
	TAILQ_HEAD(ready_list, binding) ready;

	struct link *by_domid[LINK_BUCKETS];
	struct link_slot *links;
	uint32_t nr_links;
	struct link *hot[HOT_LINKS];	/* the most recently busy first */

	uint64_t poll_ns;		/* adaptive: how long to spin before sleeping */
};

/* handle.c */
void evtchn_lock(struct xenevtchn_handle *h);
void evtchn_unlock(struct xenevtchn_handle *h);
void evtchn_kick(struct xenevtchn_handle *h);	/* make epoll_fd readable if a port is ready */

/* bind.c */
struct binding *binding_find(struct xenevtchn_handle *h, uint32_t port);
void binding_fire(struct xenevtchn_handle *h, struct binding *b);
void bindings_free(struct xenevtchn_handle *h);
void evtchn_settle(struct xenevtchn_handle *h);		/* after requests: what came with them, and a kick */
int evtchn_take_messages(struct xenevtchn_handle *h);	/* 0, or -errno: the connection is gone */

/* link.c */
struct link *link_find(struct xenevtchn_handle *h, uint32_t domid);
int link_bind(struct xenevtchn_handle *h, struct binding *b, const struct pvn_msg_evtchn *m,
	      int *doorbell);
void link_detach(struct binding *b);
void link_reap(struct xenevtchn_handle *h, int domid);
bool link_quiet(const struct link *l);
void link_drain(struct xenevtchn_handle *h, struct link *l);
void link_unmasked(struct xenevtchn_handle *h, struct link *l);
void link_heat(struct xenevtchn_handle *h, struct link *l);
void links_drain_hot(struct xenevtchn_handle *h);
void links_free(struct xenevtchn_handle *h);

/* spin.c: look at the hot links for at most ns; true when a port is ready */
bool links_spin(struct xenevtchn_handle *h, uint64_t ns, bool *preempted);

/* notify.c */
int link_raise(struct xenevtchn_handle *h, struct link *l, uint32_t port);

#endif
