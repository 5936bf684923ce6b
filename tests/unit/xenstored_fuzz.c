/* SPDX-License-Identifier: MIT */
/*
 * Random and mutated messages from several guests and dom0 clients at once.  Meant to run under
 * ASan and UBSan; the store's self-check (tree, accounting) must hold all the time, quotas must
 * never be exceeded, and what belongs to dom0 must be as it was.
 */
#include "tests/unit/xenstored_play.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS	60000

static const char *const paths[] = {
	"/", "a", "a/b", "a/b/c", "b", "/local/domain/1/a", "/local/domain/2/a/b", "/local/domain/2",
	"/shared", "/shared/x", "/shared/x/y", "/secret", "@introduceDomain", "@releaseDomain", "//", "/a/", "",
	"device/vif/0/state",
};

static const char *const perms[] = { "n1|", "n2|r1|", "b1|", "r0|", "n1|b2|", "n3|", "w2|r1|b3|", "x|", "|" };

static uint32_t pick(uint32_t n)
{
	return (uint32_t)rand() % n;
}

static size_t body_make(uint32_t type, char *buf)
{
	const char *path = paths[pick(sizeof(paths) / sizeof(paths[0]))];
	size_t len = 0, i;

	switch (type) {
	case XS_WRITE:
		len = (size_t)sprintf(buf, "%s|%.*s", path, (int)pick(40), "the quick brown fox jumps over the dog");
		break;
	case XS_SET_PERMS:
		len = (size_t)sprintf(buf, "%s|%s", path, perms[pick(sizeof(perms) / sizeof(perms[0]))]);
		break;
	case XS_WATCH:
	case XS_UNWATCH:
		len = (size_t)sprintf(buf, "%s|t%u|", path, pick(3));
		break;
	case XS_DIRECTORY_PART:
		len = (size_t)sprintf(buf, "%s|%u|", path, pick(30));
		break;
	case XS_TRANSACTION_START:
		len = (size_t)sprintf(buf, "|");
		break;
	case XS_TRANSACTION_END:
		len = (size_t)sprintf(buf, "%s|", pick(3) ? "T" : "F");
		break;
	default:
		len = (size_t)sprintf(buf, "%s|", path);
	}
	for (i = 0; i < len; i++)
		if (buf[i] == '|')
			buf[i] = 0;
	return len;
}

static void mutate(char *buf, size_t *len)
{
	size_t i;

	switch (pick(4)) {
	case 0:
		for (i = 0; i < 3 && *len; i++)
			buf[pick((uint32_t)*len)] = (char)rand();
		break;
	case 1:
		*len = *len ? pick((uint32_t)*len) : 0;
		break;
	case 2:
		memset(buf + *len, rand(), 100);
		*len += pick(100);
		break;
	default:
		*len = pick(XENSTORE_PAYLOAD_MAX + 1);
		for (i = 0; i < *len; i++)
			buf[i] = (char)rand();
	}
}

static void one(struct play *p, unsigned who, uint32_t *last_tx)
{
	char buf[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX + 200];
	struct xsd_sockmsg m = { .type = pick(24), .req_id = (uint32_t)rand() };
	struct conn *c = play_conn(p, who);
	size_t len;

	/* Introducing and releasing is for the driver; control's logfile would write files. */
	if ((who == 0 || who >= DOM0B) && (m.type == XS_CONTROL || m.type == XS_RELEASE || m.type == XS_INTRODUCE))
		m.type = XS_READ;
	if (who >= DOM0B || who == 0)
		m.type = pick(2) ? (uint32_t)XS_READ : (uint32_t)XS_DIRECTORY;
	if (m.type == XS_TRANSACTION_START)
		*last_tx = play_store(p)->next_tx_id + 1;
	else if (pick(2))
		m.tx_id = *last_tx - (pick(10) == 0);
	len = body_make(m.type, buf + sizeof(m));
	if (pick(5) == 0)
		mutate(buf + sizeof(m), &len);
	m.len = (uint32_t)len;
	if (pick(2000) == 0)
		m.len = (uint32_t)rand();
	memcpy(buf, &m, sizeof(m));
	*play_clock(p) += 10000000;
	play_raw(p, who, buf, sizeof(m) + len);
	(void)c;
}

static void check_guest(struct play *p, uint16_t domid)
{
	struct store *s = play_store(p);
	const struct domain *d = domain_find(s, domid);

	if (!d)
		return;
	cr_assert(d->nodes >= 0 && d->nodes <= 1000);
	cr_assert(d->node_bytes >= 0 && d->other_bytes >= 0);
	cr_assert(d->watches <= s->quota[QUOTA_WATCHES]);
	cr_assert(d->transactions <= s->quota[QUOTA_TRANSACTIONS]);
}

Test(xenstored_fuzz, random_messages)
{
	struct play *p = play_new();
	const struct step fates[] = { { 2, "DEATH", NULL, "" }, { 2, "BIRTH", NULL, "" } };
	const struct step setup[] = {
		{ 0, "WRITE", "/secret|untouched", "OK|" },
		{ 0, "MKDIR", "/shared|", "OK|" },
		{ 0, "SET_PERMS", "/shared|b0|", "OK|" },
		{ 0, "MKDIR", "/local/domain/1|", "OK|" },
		{ 0, "SET_PERMS", "/local/domain/1|n1|", "OK|" },
		{ 1, "INTRODUCED", NULL, "" },
		{ 2, "INTRODUCED", NULL, "" },
		{ 3, "INTRODUCED", NULL, "" },
	};
	static const unsigned who[] = { 1, 1, 2, 3, 0, DOM0B };
	uint32_t tx[6] = { 0 };
	int i;

	srand(20);
	play_steps(p, setup, sizeof(setup) / sizeof(setup[0]));
	for (i = 0; i < ROUNDS; i++) {
		uint32_t n = pick(6);

		one(p, who[n], &tx[n]);
		check_guest(p, 1);
		check_guest(p, 2);
		check_guest(p, 3);
		if (i % 500 == 0)
			cr_assert_eq(store_check(play_store(p)), 0, "round %d", i);
		if (i % 2000 == 1999) {
			play_steps(p, fates, 2);
			play_ask(p, 0, "MKDIR", "/local/domain/2|");
			play_ask(p, 0, "SET_PERMS", "/local/domain/2|n2|");
		}
	}
	cr_assert_str_eq(play_ask(p, 0, "READ", "/secret|"), "untouched");
	cr_assert_str_eq(play_ask(p, 0, "GET_PERMS", "/secret|"), "n0|");
	play_free(p);
}
