/* SPDX-License-Identifier: MIT */
/*
 * The process's one connection for mapping, shared by the handles of libxengnttab and
 * libxenforeignmemory (each shared library has its own; linked statically they have one).
 */
#ifndef PVN_CLIENT_CLIENT_H
#define PVN_CLIENT_CLIENT_H

#include "libs/client/domain.h"

#include <pthread.h>

struct pvn_tracks;

struct pvn_client {
	pthread_mutex_t lock;
	struct pvn_conn conn;
	struct pvn_domains domains;
	pid_t pid;		/* of the process it is for; a child of fork makes a new one */
	struct pvn_tracks *tracks;	/* maptrack.c; NULL: no grant has been mapped */
	unsigned handles;
};

/* A handle more.  *c is valid until pvn_client_put().  0 or -errno. */
int pvn_client_get(struct pvn_client **c);
void pvn_client_put(struct pvn_client *c);

/* The domain, with a reference; c->lock is held by the caller.  0, -ESRCH or -errno. */
int pvn_client_domain(struct pvn_client *c, uint32_t domid, struct pvn_domain **d);

#endif
