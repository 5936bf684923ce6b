/* SPDX-License-Identifier: MIT */
/* The stage for the tables of the xenstored tests: a store, a made-up machine, recording clients. */
#include <errno.h>

#include "tests/unit/xenstored_play.h"

#include "xenstored/perms.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAYERS	16
#define DOMAINS	8

struct player {
	unsigned who;
	struct conn *conn;
	uint32_t tx;
	char *bytes;		/* flushed to it, not looked at yet */
	size_t len;
};

struct play {
	struct store *s;
	struct player players[PLAYERS];
	struct domain_state domains[DOMAINS];
	bool there[DOMAINS];
	uint64_t now;
	char reply[2 * XENSTORE_PAYLOAD_MAX + 64];
	char events[4 * XENSTORE_PAYLOAD_MAX];
};


static void rec_flush(struct conn *c)
{
	struct player *pl = c->transport;
	const char *data;
	size_t len;

	data = conn_peek(c, &len);
	pl->bytes = realloc(pl->bytes, pl->len + len + 1);
	memcpy(pl->bytes + pl->len, data, len);
	pl->len += len;
	conn_taken(c, len);
}

static void rec_close(struct conn *c)
{
	struct player *pl = c->transport;

	pl->conn = NULL;
}

static void rec_bury(struct conn *c)
{
	conn_close(c);
}

static const struct conn_ops rec_ops = { .flush = rec_flush, .bury = rec_bury, .close = rec_close };

static struct player *player(struct play *p, unsigned who)
{
	int i;

	for (i = 0; i < PLAYERS; i++)
		if (p->players[i].who == who)
			return &p->players[i];
	for (i = 0; i < PLAYERS; i++)
		if (p->players[i].who == UINT32_MAX) {
			p->players[i].who = who;
			return &p->players[i];
		}
	cr_assert(false, "too many players");
	return NULL;
}

static int fake_info(void *arg, uint16_t domid, struct domain_state *st)
{
	struct play *p = arg;

	if (domid >= DOMAINS || !p->there[domid])
		return -ESRCH;
	*st = p->domains[domid];
	return 0;
}

static int fake_list(void *arg, uint16_t first, struct domain_state *st, int max)
{
	struct play *p = arg;
	int i, n = 0;

	for (i = first; i < DOMAINS && n < max; i++)
		if (p->there[i])
			st[n++] = p->domains[i];
	return n;
}

static int fake_introduce(void *arg, struct domain *d, uint32_t port, struct conn **c)
{
	struct play *p = arg;
	struct player *pl = player(p, d->domid);
	int rc = conn_new(p->s, d, false, c);

	if (rc)
		return rc;
	(*c)->ops = &rec_ops;
	(*c)->transport = pl;
	pl->conn = *c;
	return 0;
}

static int fake_rebind(void *arg, struct conn *c, uint32_t port)
{
	return 0;
}

static uint64_t fake_now(void *arg)
{
	return ((struct play *)arg)->now;
}

static const struct machine_ops fake_machine = {
	fake_info, fake_list, fake_introduce, fake_rebind, fake_now,
};

struct play *play_new(void)
{
	struct play *p = calloc(1, sizeof(*p));
	int i;

	cr_assert(p);
	p->now = 1000000000;
	for (i = 0; i < PLAYERS; i++)
		p->players[i].who = UINT32_MAX;
	for (i = 0; i < DOMAINS; i++) {
		p->domains[i].domid = (uint16_t)i;
		p->there[i] = true;
	}
	cr_assert_eq(store_new(&fake_machine, p, &p->s), 0);
	return p;
}

void play_free(struct play *p)
{
	int i;

	cr_assert_eq(store_check(p->s), 0, "the store's self-check failed");
	store_free(p->s);
	for (i = 0; i < PLAYERS; i++)
		free(p->players[i].bytes);
	free(p);
}

struct store *play_store(struct play *p)
{
	return p->s;
}

uint64_t *play_clock(struct play *p)
{
	return &p->now;
}

struct conn *play_conn(struct play *p, unsigned who)
{
	struct player *pl = player(p, who);
	char body[32];

	if (pl->conn)
		return pl->conn;
	if (who == 0 || who >= DOM0B) {
		cr_assert_eq(conn_new(p->s, domain_find(p->s, 0), true, &pl->conn), 0);
		pl->conn->ops = &rec_ops;
		pl->conn->transport = pl;
	} else {
		snprintf(body, sizeof(body), "%u|0|1|", who);
		play_ask(p, 0, "INTRODUCE", body);
	}
	return pl->conn;
}

static size_t unquote(char *out, const char *body)
{
	size_t i, len = strlen(body);

	for (i = 0; i < len; i++)
		out[i] = body[i] == '|' ? 0 : body[i];
	return len;
}

static void quote(char *out, size_t size, const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < size; i++)
		out[i] = data[i] ? data[i] : '|';
	out[i] = 0;
}

static uint32_t op_number(const char *op)
{
	static const char *const names[] = {
		"CONTROL", "DIRECTORY", "READ", "GET_PERMS", "WATCH", "UNWATCH", "TRANSACTION_START",
		"TRANSACTION_END", "INTRODUCE", "RELEASE", "GET_DOMAIN_PATH", "WRITE", "MKDIR", "RM",
		"SET_PERMS", "WATCH_EVENT", "ERROR", "IS_DOMAIN_INTRODUCED", "RESUME", "SET_TARGET",
		"RESTRICT", "RESET_WATCHES", "DIRECTORY_PART",
	};
	size_t len = strcspn(op, "+"), i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && !strncmp(names[i], op, len))
			return (uint32_t)i;
	return (uint32_t)strtoul(op, NULL, 0);
}

void play_raw(struct play *p, unsigned who, const void *data, size_t len)
{
	struct conn *c = play_conn(p, who);
	struct player *pl = player(p, who);
	size_t n, done;

	for (done = 0; done < len && pl->conn; done += n) {
		n = conn_in_room(c);
		n = n > len - done ? len - done : n;
		cr_assert(n, "no room for input");
		memcpy(c->in + c->in_end, (const char *)data + done, n);
		c->in_end += n;
		while (pl->conn && conn_process(c) && conn_may_read(c))
			;
		conns_flush(p->s);
	}
}

/* Take the reply to req_id out of what pl was sent; events stay. */
static bool reply_take(struct play *p, struct player *pl, uint32_t req_id)
{
	struct xsd_sockmsg m;
	size_t at = 0;

	while (at + sizeof(m) <= pl->len) {
		memcpy(&m, pl->bytes + at, sizeof(m));
		cr_assert_leq(at + sizeof(m) + m.len, pl->len, "half a message was sent");
		if (m.type == XS_WATCH_EVENT || m.req_id != req_id) {
			at += sizeof(m) + m.len;
			continue;
		}
		/* Of an error only the name is told: its NUL goes without saying. */
		quote(p->reply, sizeof(p->reply), pl->bytes + at + sizeof(m), m.len - (m.type == XS_ERROR));
		memmove(pl->bytes + at, pl->bytes + at + sizeof(m) + m.len, pl->len - at - sizeof(m) - m.len);
		pl->len -= sizeof(m) + m.len;
		return true;
	}
	return false;
}

const char *play_ask(struct play *p, unsigned who, const char *op, const char *body)
{
	static uint32_t req_id = 1;
	char buf[sizeof(struct xsd_sockmsg) + 2 * XENSTORE_PAYLOAD_MAX];
	bool start = !strcmp(op, "START");
	struct xsd_sockmsg m = { .type = start ? XS_TRANSACTION_START : op_number(op), .req_id = ++req_id };
	struct player *pl = player(p, who);

	play_conn(p, who);
	if (strchr(op, '+'))
		m.tx_id = pl->tx;
	m.len = (uint32_t)unquote(buf + sizeof(m), body);
	memcpy(buf, &m, sizeof(m));
	play_raw(p, who, buf, sizeof(m) + m.len);
	strcpy(p->reply, "silence");
	if (pl->len)
		reply_take(p, pl, m.req_id);
	if (start && p->reply[0] >= '0' && p->reply[0] <= '9') {
		pl->tx = (uint32_t)strtoul(p->reply, NULL, 10);
		strcpy(p->reply, "started");
	}
	return p->reply;
}

static const char *events_take(struct play *p, unsigned who)
{
	struct player *pl = player(p, who);
	struct xsd_sockmsg m;
	size_t at = 0, used = 0;

	p->events[0] = 0;
	while (at + sizeof(m) <= pl->len) {
		memcpy(&m, pl->bytes + at, sizeof(m));
		if (m.type == XS_WATCH_EVENT) {
			cr_assert(m.req_id == 0 && m.tx_id == 0);
			if (used)
				p->events[used++] = ' ';
			quote(p->events + used, sizeof(p->events) - used, pl->bytes + at + sizeof(m), m.len);
			used += m.len;
		}
		at += sizeof(m) + m.len;
	}
	pl->len = 0;
	return p->events;
}

static const char *fate(struct play *p, const struct step *st)
{
	if (!strcmp(st->op, "BIRTH"))
		p->domains[st->who] = (struct domain_state){ .domid = (uint16_t)st->who,
							     .handle = { (uint8_t)rand() } };
	p->domains[st->who].shutdown = !strcmp(st->op, "SHUTDOWN");
	p->there[st->who] = strcmp(st->op, "DEATH") != 0;
	domains_check(p->s);
	conns_flush(p->s);
	return "";
}

static const char *step_do(struct play *p, const struct step *st)
{
	char name[64];
	unsigned value;
	int q;

	if (!strcmp(st->op, "EVENTS"))
		return events_take(p, st->who);
	if (!strcmp(st->op, "INTRODUCED"))
		return play_conn(p, st->who) ? "" : "no connection";
	if (!strcmp(st->op, "QUOTA")) {
		cr_assert_eq(sscanf(st->body, "%63[^=]=%u", name, &value), 2);
		q = quota_by_name(name);
		cr_assert_geq(q, 0);
		p->s->quota[q] = value;
		return "";
	}
	if (!strcmp(st->op, "SHUTDOWN") || !strcmp(st->op, "DEATH") || !strcmp(st->op, "BIRTH"))
		return fate(p, st);
	return play_ask(p, st->who, st->op, st->body ? st->body : "");
}

void play_steps(struct play *p, const struct step *steps, size_t nr)
{
	const char *got;
	size_t i;

	for (i = 0; i < nr; i++) {
		got = step_do(p, &steps[i]);
		if (!steps[i].want)
			cr_assert_str_neq(got, "silence", "step %zu: %u %s %s: no reply", i, steps[i].who,
					  steps[i].op, steps[i].body);
		else
			cr_assert_str_eq(got, steps[i].want, "step %zu: %u %s %s: got \"%s\", not \"%s\"", i,
					 steps[i].who, steps[i].op, steps[i].body ? steps[i].body : "", got,
					 steps[i].want);
	}
}

void play(const struct step *steps, size_t nr)
{
	struct play *p = play_new();

	play_steps(p, steps, nr);
	play_free(p);
}
