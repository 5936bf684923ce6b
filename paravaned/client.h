/* SPDX-License-Identifier: MIT */
/* A client: one connection of a control-domain program, and what it holds. */
#ifndef PARAVANED_CLIENT_H
#define PARAVANED_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <paravane/machine.h>
#include "paravaned/buffers.h"
#include "paravaned/domain.h"

struct out_message {
	TAILQ_ENTRY(out_message) entry;
	struct pvn_msg head;
	uint8_t body[64];
	int fd[2];
	int nr_fds;
};

struct client {
	LIST_ENTRY(client) entry;
	int fd;
	pid_t pid;
	bool greeted;
	bool doomed;			/* to be freed as soon as nobody is in the middle of using it */
	struct pvn_watch *watch;
	TAILQ_HEAD(, out_message) out;	/* not sent yet */
	uint32_t nr_out;
	struct buffers buffers;
	LIST_HEAD(, port) ports;	/* of domain 0, this handle's */
	struct mapping_list mappings;
	struct pvn_maptrack *maptrack;
	size_t maptrack_bytes;
};

/* client.c */
void client_accept_ready(void *unused, uint32_t revents);
/* An unasked message.  fd (or -1) is duplicated if it must wait. */
void client_send_event(struct client *c, uint32_t op, const void *body, uint32_t len, int fd);
/* For a client that broke the rules, or that is gone.  why NULL: it left by itself. */
void client_drop(struct client *c, const char *why);
uint32_t client_count(void);
/* It has not read what it was sent: nobody should be able to add to that at will. */
bool client_is_behind(const struct client *c);

/* mapping.c: who maps which domain */
int64_t mapping_domain_map(struct client *c, domid_t domid, struct pvn_msg_domain_map *out, int fds[2]);
void mappings_gone(struct domain *d);
void mappings_client_gone(struct client *c);

/* maptrack.c: the grant mappings of a client */
int maptrack_set(struct client *c, int fd);
void maptrack_release(struct client *c);

/* message.c: one request of a client */
struct reply {
	int64_t ret;		/* -errno for the head, or the length of body */
	uint8_t body[64];
	uint32_t len;
	int fd[2];		/* to send along; ours, not closed */
	int nr_fds;
};
/* fds: what came with it, closed by the caller.  Returns -EPROTO for a message out of order. */
int message_serve(struct client *c, const struct pvn_msg *head, const uint8_t *body, int fd,
		  struct reply *r);

int memfd_check(int fd, uint64_t bytes);	/* buffers.c */

#endif
