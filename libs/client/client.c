/* SPDX-License-Identifier: MIT */
/*
 * The process's connection for mapping: made with the first handle, closed with the last.
 */
#include "config.h"
#include "libs/client/client.h"

#include "libs/client/maptrack.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pvn_client *current;

static int client_new(struct pvn_client **out)
{
	struct pvn_client *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	rc = pvn_conn_open(&c->conn);
	if (rc) {
		free(c);
		return rc;
	}
	pthread_mutex_init(&c->lock, NULL);
	c->domains.conn = &c->conn;
	c->pid = getpid();
	*out = c;
	return 0;
}

int pvn_client_get(struct pvn_client **out)
{
	int rc = 0;

	pthread_mutex_lock(&current_lock);
	/* The parent's one stays with the handles inherited from it, which only get closed. A
	 * connection that broke is left to those who have it: paravaned may be back. */
	if (!current || current->pid != getpid() || current->conn.dead)
		rc = client_new(&current);
	if (!rc) {
		current->handles++;
		*out = current;
	}
	pthread_mutex_unlock(&current_lock);
	return rc;
}

void pvn_client_put(struct pvn_client *c)
{
	bool last;

	pthread_mutex_lock(&current_lock);
	last = --c->handles == 0;
	if (last && current == c)
		current = NULL;
	pthread_mutex_unlock(&current_lock);
	if (!last)
		return;
	/* In a child of fork the mappings are not there (MADV_DONTFORK) and the descriptors are
	 * its own copies; unmapping what may since have been mapped there by others is worse than
	 * leaving the memory of the table. */
	if (c->pid == getpid())
		pvn_domains_clear(&c->domains);
	pvn_maptrack_free(c);
	pvn_conn_close(&c->conn);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void take_news(struct pvn_client *c)
{
	struct pvn_unasked *m;

	while (pvn_conn_unasked(&c->conn, &m) == 1) {
		if (m->op == PVN_MSG_EVENT_DOMAIN_GONE && m->len >= sizeof(m->domain))
			pvn_domain_gone(&c->domains, &m->domain);
		pvn_unasked_free(m);
	}
}

int pvn_client_domain(struct pvn_client *c, uint32_t domid, struct pvn_domain **d)
{
	/* Only what a request has brought in: no system call where the mapping is known. */
	if (c->conn.first)
		take_news(c);
	return pvn_domain_get(&c->domains, domid, d);
}
