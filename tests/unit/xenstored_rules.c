/* SPDX-License-Identifier: MIT */
/*
 * The rules of the store, as plays: who may see and change what, what an error is called, whom
 * a watch tells, what a transaction is, what a quota stops, what a dead domain leaves behind.
 * A rule that breaks lets a guest see another's nodes, starve it, or confuses every frontend.
 */
#include "tests/unit/xenstored_play.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOME(n) "/local/domain/" #n
/* dom0 makes the home of a guest, as xl does. */
#define GUEST(n) \
	{ 0, "MKDIR", HOME(n) "|", "OK|" }, { 0, "SET_PERMS", HOME(n) "|n" #n "|", "OK|" }, \
	{ n, "INTRODUCED", NULL, "" }

Test(xenstored_rules, read_write_mkdir_rm)
{
	static const struct step steps[] = {
		{ 0, "READ", "/none|", "ENOENT" },
		{ 0, "WRITE", "/a/b/c|value", "OK|" },
		{ 0, "READ", "/a/b/c|", "value" },
		{ 0, "READ", "/a/b|", "" },
		{ 0, "WRITE", "/a/b/c|", "OK|" },
		{ 0, "READ", "/a/b/c|", "" },
		{ 0, "WRITE", "/a/b/c|with|nul|", "OK|" },
		{ 0, "READ", "/a/b/c|", "with|nul|" },
		{ 0, "MKDIR", "/a/b/c|", "OK|" },
		{ 0, "READ", "/a/b/c|", "with|nul|" },
		{ 0, "MKDIR", "/a/x/y|", "OK|" },
		{ 0, "DIRECTORY", "/a|", "b|x|" },
		{ 0, "DIRECTORY", "/a/b/c|", "" },
		{ 0, "DIRECTORY", "/a/none|", "ENOENT" },
		{ 0, "RM", "/a/b|", "OK|" },
		{ 0, "READ", "/a/b/c|", "ENOENT" },
		{ 0, "RM", "/a/b|", "OK|" },
		{ 0, "RM", "/a/b/c|", "ENOENT" },
		{ 0, "RM", "/|", "EINVAL" },
		{ 0, "DIRECTORY", "/|", "a|libxl|local|tool|vm|" },
		{ 0, "WRITE", "rel|1", "OK|" },
		{ 0, "READ", "/local/domain/0/rel|", "1" },
		{ 0, "READ", "/local/domain/0/name|", "Domain-0" },
		{ 0, "READ", "/local/domain/0/domid|", "0" },
		{ 0, "DIRECTORY", "/tool|", "xenstored|" },
	};

	PLAY(steps);
}

Test(xenstored_rules, malformed_requests_are_refused)
{
	static const struct step steps[] = {
		{ 0, "READ", "", "EINVAL" },
		{ 0, "READ", "/a", "EINVAL" },
		{ 0, "READ", "|", "EINVAL" },
		{ 0, "READ", "/a|/b|", "EINVAL" },
		{ 0, "READ", "/a//b|", "EINVAL" },
		{ 0, "READ", "//|", "EINVAL" },
		{ 0, "READ", "/a/|", "EINVAL" },
		{ 0, "READ", "/a b|", "EINVAL" },
		{ 0, "READ", "/a.b|", "EINVAL" },
		{ 0, "READ", "/\xc3\xa4|", "EINVAL" },
		{ 0, "READ", "@introduceDomain|", "EINVAL" },
		{ 0, "WRITE", "@introduceDomain|x", "EINVAL" },
		{ 0, "WRITE", "/a", "EINVAL" },
		{ 0, "WRITE", "", "EINVAL" },
		{ 0, "SET_PERMS", "/|", "EINVAL" },
		{ 0, "SET_PERMS", "/|x0|", "EINVAL" },
		{ 0, "SET_PERMS", "/|n|", "EINVAL" },
		{ 0, "SET_PERMS", "/|n0", "EINVAL" },
		{ 0, "SET_PERMS", "/|n-1|", "EINVAL" },
		{ 0, "SET_PERMS", "/|n65536|", "EINVAL" },
		{ 0, "DIRECTORY_PART", "/|", "EINVAL" },
		{ 0, "DIRECTORY_PART", "/|x|", "EINVAL" },
		{ 0, "WATCH", "/|", "EINVAL" },
		{ 0, "WATCH", "/|t|1|", "EINVAL" },
		{ 0, "WATCH", "/a/|t|", "EINVAL" },
		{ 0, "UNWATCH", "/|", "EINVAL" },
		{ 0, "TRANSACTION_END", "T|", "ENOENT" },
		{ 0, "TRANSACTION_END", "X|", "EINVAL" },
		{ 0, "TRANSACTION_END", "", "EINVAL" },
		{ 0, "INTRODUCE", "1|1|", "EINVAL" },
		{ 0, "INTRODUCE", "0|1|1|", "EINVAL" },
		{ 0, "INTRODUCE", "99|1|1|", "EINVAL" },
		{ 0, "INTRODUCE", "1|1|0|", "EINVAL" },
		{ 0, "RELEASE", "0|", "EINVAL" },
		{ 0, "RELEASE", "1|", "ENOENT" },
		{ 0, "GET_DOMAIN_PATH", "x|", "EINVAL" },
		{ 0, "CONTROL", "nonsense|", "EINVAL" },
		{ 0, "CONTROL", "", "EINVAL" },
		{ 0, "WATCH_EVENT", "/|t|", "ENOSYS" },
		{ 0, "ERROR", "EINVAL|", "ENOSYS" },
		{ 0, "20", "1|", "ENOSYS" },
		{ 0, "23", "|", "ENOSYS" },
		{ 0, "0xffff", "|", "ENOSYS" },
		{ 0, "0xffffffff", "", "ENOSYS" },
		{ 0, "READ", "/|", "" },
	};

	PLAY(steps);
}

static void ask_long(struct play *p, unsigned who, const char *prefix, size_t len, const char *want)
{
	char body[XENSTORE_PAYLOAD_MAX + 1];

	strcpy(body, prefix);
	memset(body + strlen(prefix), 'x', len - strlen(prefix));
	strcpy(body + len, "|");
	cr_assert_str_eq(play_ask(p, who, "READ", body), want, "%s of %zu: %s", prefix, len,
			 play_ask(p, who, "READ", body));
}

Test(xenstored_rules, path_lengths)
{
	static const struct step guest[] = { GUEST(1) };
	struct play *p = play_new();

	play_steps(p, guest, sizeof(guest) / sizeof(guest[0]));
	ask_long(p, 0, "/", 3072, "ENOENT");
	ask_long(p, 0, "/", 3073, "EINVAL");
	ask_long(p, 0, "r", 2048, "ENOENT");
	ask_long(p, 0, "r", 2049, "EINVAL");
	/* The quota of a guest does not count the prefix with its own number. */
	ask_long(p, 1, HOME(1) "/", 2048 + sizeof(HOME(1)), "ENOENT");
	ask_long(p, 1, HOME(1) "/", 2049 + sizeof(HOME(1)), "EINVAL");
	ask_long(p, 1, "/tool/", 2049, "EINVAL");
	play_free(p);
}

Test(xenstored_rules, directory_in_parts_has_every_name_once)
{
	struct play *p = play_new();
	char body[64], seen[2000] = { 0 };
	const char *reply, *s, *gen;
	unsigned offset = 0, i, n;

	for (i = 0; i < 2000; i++) {
		snprintf(body, sizeof(body), "/d/n%u|", i);
		cr_assert_str_eq(play_ask(p, 0, "MKDIR", body), "OK|");
	}
	cr_assert_str_eq(play_ask(p, 0, "DIRECTORY", "/d|"), "E2BIG");
	for (;;) {
		snprintf(body, sizeof(body), "/d|%u|", offset);
		reply = play_ask(p, 0, "DIRECTORY_PART", body);
		gen = reply;
		for (s = strchr(reply, '|') + 1; *s && *s != '|'; s = strchr(s, '|') + 1) {
			cr_assert_eq(sscanf(s, "n%u|", &n), 1);
			cr_assert(n < 2000 && !seen[n]);
			seen[n] = 1;
			offset += (unsigned)(strchr(s, '|') - s) + 1;
		}
		cr_assert(gen[0] >= '0' && gen[0] <= '9');
		if (*s == '|')
			break;
	}
	for (i = 0; i < 2000; i++)
		cr_assert(seen[i], "n%u is missing", i);
	snprintf(body, sizeof(body), "/d|%u|", offset + 1000);
	reply = play_ask(p, 0, "DIRECTORY_PART", body);
	cr_assert_str_eq(strchr(reply, '|'), "||", "behind the end: %s", reply);
	play_free(p);
}

Test(xenstored_rules, permissions)
{
	static const struct step steps[] = {
		GUEST(1), GUEST(2),
		/* a guest owns what it makes, and what is below its own is inherited */
		{ 1, "WRITE", "mine|1", "OK|" },
		{ 1, "GET_PERMS", "mine|", "n1|" },
		{ 1, "READ", "/local/domain/1/mine|", "1" },
		{ 2, "READ", "/local/domain/1/mine|", "EACCES" },
		{ 2, "READ", "/local/domain/1/none|", "EACCES" },
		{ 2, "WRITE", "/local/domain/1/mine|2", "EACCES" },
		{ 2, "WRITE", "/local/domain/1/new|2", "EACCES" },
		{ 2, "RM", "/local/domain/1/mine|", "EACCES" },
		{ 2, "MKDIR", "/local/domain/1/mine|", "EACCES" },
		{ 2, "DIRECTORY", "/local/domain/1|", "EACCES" },
		{ 2, "GET_PERMS", "/local/domain/1|", "EACCES" },
		{ 2, "DIRECTORY", "/|", "EACCES" },
		/* the owner grants */
		{ 1, "SET_PERMS", "mine|n1|r2|", "OK|" },
		{ 2, "READ", "/local/domain/1/mine|", "1" },
		{ 2, "READ", "/local/domain/1/mine/none|", "ENOENT" },
		{ 2, "WRITE", "/local/domain/1/mine|2", "EACCES" },
		{ 2, "SET_PERMS", "/local/domain/1/mine|n2|", "EACCES" },
		{ 1, "SET_PERMS", "mine|n1|b2|", "OK|" },
		{ 2, "WRITE", "/local/domain/1/mine|2", "OK|" },
		{ 2, "WRITE", "/local/domain/1/mine/below|2", "OK|" },
		{ 1, "READ", "mine/below|", "EACCES" },
		{ 2, "GET_PERMS", "/local/domain/1/mine/below|", "n2|b2|" },
		{ 2, "SET_PERMS", "/local/domain/1/mine|n1|b2|r0|", "EACCES" },
		{ 1, "SET_PERMS", "mine|r1|", "OK|" },
		{ 2, "READ", "/local/domain/1/mine|", "2" },
		{ 1, "SET_PERMS", "mine|w1|", "OK|" },
		{ 2, "READ", "/local/domain/1/mine|", "EACCES" },
		{ 2, "WRITE", "/local/domain/1/mine|3", "OK|" },
		{ 1, "SET_PERMS", "mine|b1|n2|", "OK|" },
		{ 2, "READ", "/local/domain/1/mine|", "EACCES" },
		/* only dom0 gives nodes away */
		{ 1, "SET_PERMS", "mine|n2|", "EPERM" },
		{ 1, "SET_PERMS", "mine|n0|", "EPERM" },
		{ 0, "SET_PERMS", "/local/domain/1/mine|n2|", "OK|" },
		{ 1, "READ", "mine|", "EACCES" },
		{ 0, "WRITE", "/local/domain/1/mine|0", "OK|" },
		{ 1, "SET_PERMS", "none|n1|", "ENOENT" },
		/* inheritance by dom0 keeps the owner */
		{ 0, "WRITE", "/local/domain/1/made/by0|x", "OK|" },
		{ 0, "GET_PERMS", "/local/domain/1/made/by0|", "n1|" },
	};

	PLAY(steps);
}

Test(xenstored_rules, privileged_operations_are_refused_to_guests)
{
	static const struct step steps[] = {
		GUEST(1),
		{ 1, "CONTROL", "check|", "EACCES" },
		{ 1, "INTRODUCE", "2|1|1|", "EACCES" },
		{ 1, "RELEASE", "1|", "EACCES" },
		{ 1, "IS_DOMAIN_INTRODUCED", "1|", "EACCES" },
		{ 1, "RESUME", "1|", "EACCES" },
		{ 1, "SET_TARGET", "1|2|", "EACCES" },
		{ 1, "SET_PERMS", "@releaseDomain|n1|", "EACCES" },
		{ 1, "GET_PERMS", "@releaseDomain|", "EACCES" },
		{ 1, "GET_DOMAIN_PATH", "7|", "/local/domain/7|" },
	};

	PLAY(steps);
}

Test(xenstored_rules, watch_replies_then_fires_once)
{
	static const struct step steps[] = {
		GUEST(1),
		{ 0, "WATCH", "/w|tok|", "OK|" },
		{ 0, "EVENTS", NULL, "/w|tok|" },
		{ 0, "WATCH", "/w|tok|", "EEXIST" },
		{ 0, "WATCH", "/w|other|", "OK|" },
		{ 0, "UNWATCH", "/w|none|", "ENOENT" },
		{ 0, "UNWATCH", "/w|other|", "OK|" },
		{ 0, "EVENTS", NULL, "/w|other|" },
		/* the node itself, the subtree, not the neighbours */
		{ DOM0B, "WRITE", "/w|1", "OK|" },
		{ DOM0B, "WRITE", "/w/a/b|1", "OK|" },
		{ DOM0B, "WRITE", "/ww|1", "OK|" },
		{ DOM0B, "MKDIR", "/w/a|", "OK|" },
		{ DOM0B, "MKDIR", "/w/d|", "OK|" },
		{ DOM0B, "SET_PERMS", "/w/a|n0|r1|", "OK|" },
		{ DOM0B, "RM", "/w/a/b|", "OK|" },
		{ DOM0B, "RM", "/w/a/b|", "OK|" },
		{ 0, "EVENTS", NULL, "/w|tok| /w/a/b|tok| /w/d|tok| /w/a|tok| /w/a/b|tok|" },
		{ DOM0B, "EVENTS", NULL, "" },
		{ 0, "UNWATCH", "/w|tok|", "OK|" },
		{ 0, "WRITE", "/w|2", "OK|" },
		{ 0, "EVENTS", NULL, "" },
		{ 0, "WATCH", "/|root|", "OK|" },
		{ 0, "WRITE", "/x/y|", "OK|" },
		{ 0, "EVENTS", NULL, "/|root| /x/y|root|" },
		{ 0, "RESET_WATCHES", "|", "OK|" },
		{ 0, "WRITE", "/x/y|", "OK|" },
		{ 0, "EVENTS", NULL, "" },
		/* relative watches get relative paths */
		{ 1, "WATCH", "dev|t|", "OK|" },
		{ 1, "WATCH", "/local/domain/1/dev|t|", "EEXIST" },
		{ 1, "WATCH", "/local/domain/1/dev|abs|", "OK|" },
		{ 0, "WRITE", "/local/domain/1/dev/x|", "OK|" },
		{ 1, "EVENTS", NULL, "dev|t| /local/domain/1/dev|abs| dev/x|t| /local/domain/1/dev/x|abs|" },
	};

	PLAY(steps);
}

Test(xenstored_rules, removal_of_a_parent_fires_at_the_watched_child)
{
	static const struct step steps[] = {
		{ 0, "WRITE", "/p/c/g|1", "OK|" },
		{ 0, "WRITE", "/p/c/h|1", "OK|" },
		{ 0, "WATCH", "/p/c|c|", "OK|" },
		{ 0, "WATCH", "/p/c/g|g|", "OK|" },
		{ 0, "WATCH", "/p/c/none|n|", "OK|" },
		{ 0, "EVENTS", NULL, "/p/c|c| /p/c/g|g| /p/c/none|n|" },
		{ 0, "RM", "/p|", "OK|" },
		{ 0, "EVENTS", NULL, "/p/c|c| /p/c/g|g|" },
	};

	PLAY(steps);
}

Test(xenstored_rules, events_are_for_those_who_may_know)
{
	static const struct step steps[] = {
		GUEST(1), GUEST(2),
		{ 0, "WRITE", "/secret|0", "OK|" },
		{ 1, "WATCH", "/|t|", "OK|" },
		{ 1, "EVENTS", NULL, "/|t|" },
		{ 0, "WRITE", "/secret|1", "OK|" },
		{ 1, "EVENTS", NULL, "" },
		{ 0, "SET_PERMS", "/secret|n0|r1|", "OK|" },
		{ 0, "WRITE", "/secret|2", "OK|" },
		{ 1, "EVENTS", NULL, "/secret|t| /secret|t|" },
		/* who could read it hears that it may no more, and of its end */
		{ 0, "SET_PERMS", "/secret|n0|", "OK|" },
		{ 0, "WRITE", "/secret|3", "OK|" },
		{ 1, "EVENTS", NULL, "/secret|t|" },
		{ 0, "SET_PERMS", "/secret|n0|r1|", "OK|" },
		{ 0, "RM", "/secret|", "OK|" },
		{ 1, "EVENTS", NULL, "/secret|t| /secret|t|" },
		/* a readable parent shows its children come and go */
		{ 0, "MKDIR", "/open|", "OK|" },
		{ 0, "SET_PERMS", "/open|r0|", "OK|" },
		{ 0, "WRITE", "/open/x|", "OK|" },
		{ 0, "SET_PERMS", "/open/x|n0|", "OK|" },
		{ 0, "RM", "/open/x|", "OK|" },
		{ 1, "EVENTS", NULL, "/open|t| /open/x|t| /open/x|t| /open/x|t|" },
		{ 2, "EVENTS", NULL, "" },
	};

	PLAY(steps);
}

Test(xenstored_rules, special_watches_need_permission)
{
	static const struct step steps[] = {
		GUEST(1),
		{ 0, "WATCH", "@introduceDomain|i|", "OK|" },
		{ 0, "WATCH", "@releaseDomain|r|", "OK|" },
		{ 0, "WATCH", "@releaseDomain/3|r3|", "OK|" },
		{ 0, "WATCH", "@anything|x|", "OK|" },
		{ 1, "WATCH", "@introduceDomain|i|", "OK|" },
		{ 1, "WATCH", "@releaseDomain|r|", "OK|" },
		{ 0, "EVENTS", NULL, "@introduceDomain|i| @releaseDomain|r| @releaseDomain/3|r3| @anything|x|" },
		{ 1, "EVENTS", NULL, "@introduceDomain|i| @releaseDomain|r|" },
		{ 2, "INTRODUCED", NULL, "" },
		{ 0, "INTRODUCE", "2|1|1|", "OK|" },	/* again: a new event channel, no news */
		{ 0, "IS_DOMAIN_INTRODUCED", "2|", "T|" },
		{ 0, "IS_DOMAIN_INTRODUCED", "3|", "F|" },
		{ 0, "IS_DOMAIN_INTRODUCED", "0|", "T|" },
		{ 0, "EVENTS", NULL, "@introduceDomain|i|" },
		{ 1, "EVENTS", NULL, "" },
		{ 0, "SET_PERMS", "@introduceDomain|n0|r1|", "OK|" },
		{ 0, "GET_PERMS", "@introduceDomain|", "n0|r1|" },
		{ 0, "GET_PERMS", "@nothing|", "ENOENT" },
		{ 3, "INTRODUCED", NULL, "" },
		{ 1, "EVENTS", NULL, "@introduceDomain|i|" },
		{ 2, "SHUTDOWN", NULL, "" },
		{ 2, "SHUTDOWN", NULL, "" },
		{ 0, "EVENTS", NULL, "@introduceDomain|i| @releaseDomain|r|" },
		{ 1, "EVENTS", NULL, "" },
		{ 0, "RESUME", "2|", "OK|" },
		{ 0, "RESUME", "5|", "ENOENT" },
		{ 2, "SHUTDOWN", NULL, "" },
		{ 0, "EVENTS", NULL, "@releaseDomain|r|" },
		{ 3, "DEATH", NULL, "" },
		{ 0, "EVENTS", NULL, "@releaseDomain|r| @releaseDomain/3|r3|" },
		{ 0, "RELEASE", "2|", "OK|" },
		{ 0, "EVENTS", NULL, "@releaseDomain|r|" },
		{ 0, "IS_DOMAIN_INTRODUCED", "2|", "F|" },
		{ 0, "RELEASE", "2|", "ENOENT" },
	};

	PLAY(steps);
}

Test(xenstored_rules, transactions_are_snapshots)
{
	static const struct step steps[] = {
		{ 0, "WRITE", "/a|1", "OK|" },
		{ 0, "START", "|", "started" },
		{ 0, "TRANSACTION_START+", "|", "EBUSY" },
		{ 0, "READ+", "/a|", "1" },
		{ DOM0B, "WRITE", "/a|2", "OK|" },
		{ 0, "READ+", "/a|", "1" },
		{ 0, "WRITE+", "/a|3", "OK|" },
		{ 0, "READ+", "/a|", "3" },
		{ DOM0B, "READ", "/a|", "2" },
		{ 0, "TRANSACTION_END+", "T|", "EAGAIN" },
		{ 0, "READ", "/a|", "2" },
		{ 0, "READ+", "/a|", "ENOENT" },	/* the id is used up */
		{ 0, "TRANSACTION_END+", "T|", "ENOENT" },
		/* abort */
		{ 0, "START", "|", "started" },
		{ 0, "WRITE+", "/a|4", "OK|" },
		{ 0, "WRITE+", "/new/b|4", "OK|" },
		{ 0, "TRANSACTION_END+", "F|", "OK|" },
		{ 0, "READ", "/a|", "2" },
		{ 0, "READ", "/new|", "ENOENT" },
		/* another client's id is not ours */
		{ 0, "START", "|", "started" },
		{ DOM0B, "READ+", "/a|", "2" },
		{ 0, "TRANSACTION_END+", "T|", "OK|" },
	};

	PLAY(steps);
}

Test(xenstored_rules, transactions_conflict_only_over_what_was_read)
{
	static const struct step steps[] = {
		{ 0, "WRITE", "/t/a|1", "OK|" },
		{ 0, "WRITE", "/t/b|1", "OK|" },
		/* others' changes of other nodes do not matter */
		{ 0, "START", "|", "started" },
		{ 0, "READ+", "/t/a|", "1" },
		{ 0, "WRITE+", "/t/new0|", "OK|" },
		{ DOM0B, "WRITE", "/t/b|2", "OK|" },
		{ DOM0B, "WRITE", "/t/new1|", "OK|" },
		{ DOM0B, "RM", "/t/b|", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "OK|" },
		{ 0, "DIRECTORY", "/t|", "a|new0|new1|" },
		/* written without being read: the later one wins */
		{ 0, "START", "|", "started" },
		{ 0, "WRITE+", "/t/a|mine|", "OK|" },
		{ 0, "READ+", "/t/a|", "mine|" },
		{ DOM0B, "WRITE", "/t/a|theirs|", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "OK|" },
		{ 0, "READ", "/t/a|", "mine|" },
		/* a listed directory */
		{ 0, "START", "|", "started" },
		{ 0, "DIRECTORY+", "/t|", "a|new0|new1|" },
		{ DOM0B, "WRITE", "/t/a|x", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "OK|" },
		{ 0, "START", "|", "started" },
		{ 0, "DIRECTORY+", "/t|", "a|new0|new1|" },
		{ DOM0B, "RM", "/t/new1|", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "EAGAIN" },
		/* what was not there is read, too */
		{ 0, "START", "|", "started" },
		{ 0, "READ+", "/t/c|", "ENOENT" },
		{ DOM0B, "WRITE", "/t/c|", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "EAGAIN" },
		{ 0, "START", "|", "started" },
		{ 0, "RM+", "/no/such|", "ENOENT" },
		{ DOM0B, "MKDIR", "/no/such|", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "EAGAIN" },
		/* permissions */
		{ 0, "START", "|", "started" },
		{ 0, "GET_PERMS+", "/t/c|", "n0|" },
		{ DOM0B, "SET_PERMS", "/t/c|r0|", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "EAGAIN" },
		/* deleted and made again is a change */
		{ 0, "START", "|", "started" },
		{ 0, "READ+", "/t/c|", "" },
		{ DOM0B, "RM", "/t/c|", "OK|" },
		{ DOM0B, "WRITE", "/t/c|", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "EAGAIN" },
		/* a change of our own before is no conflict, and SET_PERMS does not hide a read */
		{ 0, "START", "|", "started" },
		{ 0, "SET_PERMS+", "/t/c|n0|r1|", "OK|" },
		{ 0, "READ+", "/t/c|", "" },
		{ DOM0B, "WRITE", "/t/c|new", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "EAGAIN" },
	};

	PLAY(steps);
}

Test(xenstored_rules, transactions_do_everything)
{
	static const struct step steps[] = {
		GUEST(1),
		{ 0, "WRITE", "/t/old/x|1", "OK|" },
		{ 0, "WATCH", "/t|w|", "OK|" },
		{ 0, "WATCH", "/t/old/x|x|", "OK|" },
		{ 0, "EVENTS", NULL, "/t|w| /t/old/x|x|" },
		{ 0, "START", "|", "started" },
		{ 0, "RM+", "/t/old|", "OK|" },
		{ 0, "READ+", "/t/old/x|", "ENOENT" },
		{ 0, "MKDIR+", "/t/dir|", "OK|" },
		{ 0, "MKDIR+", "/t/dir|", "OK|" },
		{ 0, "WRITE+", "/t/dir/a|1", "OK|" },
		{ 0, "WRITE+", "/t/dir/b|1", "OK|" },
		{ 0, "WRITE+", "/t/dir/a|2", "OK|" },
		{ 0, "SET_PERMS+", "/t/dir/a|n1|r0|", "OK|" },
		{ 0, "GET_PERMS+", "/t/dir/a|", "n1|r0|" },
		{ 0, "RM+", "/t/dir/b|", "OK|" },
		{ 0, "WRITE+", "/t/dir/b|3", "OK|" },
		{ 0, "DIRECTORY+", "/t/dir|", "a|b|" },
		{ 0, "DIRECTORY_PART+", "/t/dir|0|", NULL },
		{ 0, "EVENTS", NULL, "" },
		{ 0, "READ", "/t/old/x|", "1" },
		{ DOM0B, "WRITE", "/elsewhere|", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "OK|" },
		/* once per path, in the order of the first mention */
		{ 0, "EVENTS", NULL, "/t/old|w| /t/old/x|x| /t/dir|w| /t/dir/a|w| /t/dir/b|w|" },
		{ 1, "READ", "/t/dir/a|", "2" },
		{ 0, "READ", "/t/dir/b|", "3" },
		{ 0, "DIRECTORY", "/t|", "dir|" },
	};

	PLAY(steps);
}

Test(xenstored_rules, commit_checks_permissions_as_they_are_then)
{
	static const struct step steps[] = {
		GUEST(1),
		{ 0, "WRITE", "/x|0", "OK|" },
		{ 0, "SET_PERMS", "/x|n0|b1|", "OK|" },
		{ 1, "START", "|", "started" },
		{ 1, "WRITE+", "/x|1", "OK|" },
		{ 0, "SET_PERMS", "/x|n0|", "OK|" },
		{ 1, "TRANSACTION_END+", "T|", "EAGAIN" },
		{ 0, "READ", "/x|", "0" },
		/* all or nothing */
		{ 0, "SET_PERMS", "/x|n0|b1|", "OK|" },
		{ 1, "START", "|", "started" },
		{ 1, "WRITE+", "first|1", "OK|" },
		{ 1, "WRITE+", "/x|1", "OK|" },
		{ 0, "RM", "/x|", "OK|" },
		{ 1, "TRANSACTION_END+", "T|", "EAGAIN" },
		{ 1, "READ", "first|", "ENOENT" },
		/* reset ends transactions */
		{ 1, "START", "|", "started" },
		{ 1, "RESET_WATCHES", "", "OK|" },
		{ 1, "TRANSACTION_END+", "T|", "ENOENT" },
	};

	PLAY(steps);
}

Test(xenstored_rules, quotas)
{
	static const struct step steps[] = {
		GUEST(1),
		{ 0, "QUOTA", "nodes=4", "" },	/* its home is one */
		{ 1, "WRITE", "a|", "OK|" },
		{ 1, "WRITE", "b/c/d|", "ENOSPC" },
		{ 1, "WRITE", "b/c|", "OK|" },
		{ 1, "WRITE", "b/d|", "ENOSPC" },
		{ 1, "WRITE", "b/c|more", "OK|" },
		{ 1, "RM", "b/c|", "OK|" },
		{ 1, "START", "|", "started" },
		{ 1, "WRITE+", "b/d|", "OK|" },
		{ 1, "WRITE+", "b/e|", "ENOSPC" },
		{ 1, "WRITE", "b/x|", "OK|" },
		{ 1, "TRANSACTION_END+", "T|", "ENOSPC" },	/* checked again at the end */
		{ 1, "READ", "b/d|", "ENOENT" },
		{ 0, "QUOTA", "nodes=0", "" },
		{ 1, "WRITE", "b/d/e/f|", "OK|" },
		{ 0, "QUOTA", "watches=1", "" },
		{ 1, "WATCH", "a|1|", "OK|" },
		{ 1, "WATCH", "a|2|", "ENOSPC" },
		{ 1, "UNWATCH", "a|1|", "OK|" },
		{ 1, "WATCH", "a|2|", "OK|" },
		{ 0, "QUOTA", "transactions=1", "" },
		{ 1, "START", "|", "started" },
		{ 1, "TRANSACTION_START", "|", "ENOSPC" },
		{ 0, "QUOTA", "transaction-nodes=2", "" },
		{ 1, "READ+", "a|", "" },
		{ 1, "READ+", "a|", "" },
		{ 1, "WRITE+", "b|", "OK|" },
		{ 1, "READ+", "b/d|", "ENOSPC" },
		{ 1, "WRITE+", "b/z|", "ENOSPC" },
		{ 1, "TRANSACTION_END+", "T|", "OK|" },
		{ 0, "QUOTA", "node-size=16", "" },
		{ 1, "WRITE", "a|123456789012", "OK|" },
		{ 1, "WRITE", "a|12345678901234567", "ENOSPC" },
		{ 0, "QUOTA", "node-size=0", "" },
		{ 0, "QUOTA", "node-permissions=2", "" },
		{ 1, "SET_PERMS", "a|n1|r2|", "OK|" },
		{ 1, "SET_PERMS", "a|n1|r2|r3|", "ENOSPC" },
		/* none of this is for the control domain */
		{ 0, "SET_PERMS", "/local/domain/1/a|n1|r2|r3|r4|", "OK|" },
	};

	PLAY(steps);
}

Test(xenstored_rules, memory_quota)
{
	static const struct step setup[] = { GUEST(1), { 0, "QUOTA", "memory=8192", "" } };
	struct play *p = play_new();
	char body[2100], value[1025];
	int i, refused = -1;

	memset(value, 'v', 1024);
	value[1024] = 0;
	play_steps(p, setup, sizeof(setup) / sizeof(setup[0]));
	for (i = 0; i < 20 && refused < 0; i++) {
		snprintf(body, sizeof(body), "n%d|%s", i, value);
		if (!strcmp(play_ask(p, 1, "WRITE", body), "ENOSPC"))
			refused = i;
	}
	cr_assert(refused > 2 && refused < 8, "refused at %d", refused);
	cr_assert_str_eq(play_ask(p, 1, "RM", "n0|"), "OK|");
	cr_assert_str_eq(play_ask(p, 1, "WRITE", body), "OK|");
	play_free(p);
}

Test(xenstored_rules, the_dead_leave_nothing)
{
	static const struct step steps[] = {
		GUEST(1), GUEST(2),
		{ 0, "MKDIR", "/shared|", "OK|" },
		{ 0, "SET_PERMS", "/shared|n0|b1|r2|", "OK|" },
		{ 1, "WRITE", "/shared/of1/sub|", "OK|" },
		{ 0, "WRITE", "/shared/of0|", "OK|" },
		{ 2, "WRITE", "data|", "OK|" },
		{ 2, "SET_PERMS", "data|n2|b1|", "OK|" },
		{ 1, "WRITE", "/local/domain/2/data/of1|", "OK|" },
		{ 1, "START", "|", "started" },
		{ 1, "WRITE+", "x|", "OK|" },
		{ 1, "WATCH", "/shared|t|", "OK|" },
		{ 0, "WATCH", "/shared/of1|w|", "OK|" },
		{ 0, "WATCH", "@releaseDomain|r|", "OK|" },
		{ 0, "EVENTS", NULL, NULL },
		{ 1, "DEATH", NULL, "" },
		{ 0, "EVENTS", NULL, "/shared/of1|w| @releaseDomain|r|" },
		{ 0, "DIRECTORY", "/local/domain|", "0|2|" },
		{ 0, "DIRECTORY", "/shared|", "of0|" },
		{ 0, "DIRECTORY", "/local/domain/2/data|", "" },
		{ 0, "GET_PERMS", "/shared|", "n0|r2|" },
		{ 0, "GET_PERMS", "/local/domain/2/data|", "n2|" },
		/* the next domain 1 is somebody else */
		{ 1, "BIRTH", NULL, "" },
		GUEST(1),
		{ 1, "READ", "/shared|", "EACCES" },
		{ 1, "WRITE", "/shared/new|", "EACCES" },
		{ 1, "READ", "/local/domain/2/data|", "EACCES" },
		{ 0, "WRITE", "/shared/made|", "OK|" },
		{ 1, "READ", "/shared/made|", "EACCES" },
		{ 0, "SET_PERMS", "/shared|n0|r1|", "OK|" },
		{ 1, "READ", "/shared|", "" },
		/* replaced between two looks of ours: told by its handle */
		{ 1, "BIRTH", NULL, "" },
		{ 0, "IS_DOMAIN_INTRODUCED", "1|", "F|" },
		{ 0, "DIRECTORY", "/local/domain|", "0|2|" },
	};

	PLAY(steps);
}

Test(xenstored_rules, permissions_of_domains_to_come_are_void)
{
	static const struct step steps[] = {
		{ 3, "DEATH", NULL, "" },
		{ 0, "WRITE", "/x|", "OK|" },
		{ 0, "SET_PERMS", "/x|n3|b3|", "OK|" },
		{ 3, "BIRTH", NULL, "" },
		GUEST(3),
		{ 3, "READ", "/x|", "EACCES" },
	};

	PLAY(steps);
}

Test(xenstored_rules, target)
{
	static const struct step steps[] = {
		GUEST(1), GUEST(2),
		{ 1, "WRITE", "a|1", "OK|" },
		{ 0, "SET_TARGET", "2|7|", "ENOENT" },
		{ 0, "SET_TARGET", "2|1|", "OK|" },
		{ 2, "READ", "/local/domain/1/a|", "1" },
		{ 2, "WRITE", "/local/domain/1/a|2", "OK|" },
		{ 0, "RELEASE", "1|", "OK|" },
		GUEST(1),
		{ 1, "WRITE", "a|1", "OK|" },
		{ 2, "READ", "/local/domain/1/a|", "EACCES" },
	};

	PLAY(steps);
}

Test(xenstored_rules, control)
{
	static const struct step steps[] = {
		{ 0, "CONTROL", "check|", "OK|" },
		{ 0, "CONTROL", "log|on|", "OK|" },
		{ 0, "CONTROL", "log|off|", "OK|" },
		{ 0, "CONTROL", "log|maybe|", "EINVAL" },
		{ 0, "CONTROL", "print|hello|", "OK|" },
		{ 0, "CONTROL", "print|", "EINVAL" },
		{ 0, "CONTROL", "memreport|", "OK|" },
		{ 0, "CONTROL", "help|", NULL },
		{ 0, "CONTROL", "quota|", NULL },
		{ 0, "CONTROL", "quota|0|", NULL },
		{ 0, "CONTROL", "quota|5|", "ENOENT" },
		{ 0, "CONTROL", "quota|set|nodes|7|", "OK|" },
		{ 0, "CONTROL", "quota|set|nodes|x|", "EINVAL" },
		{ 0, "CONTROL", "quota|set|none|7|", "EINVAL" },
		{ 0, "CONTROL", "quota-soft|", NULL },
		{ 0, "CONTROL", "quota-soft|set|memory|1|", "OK|" },
		{ 0, "CONTROL", "logfile|relative|", "EINVAL" },
		{ 0, "CONTROL", "check", "EINVAL" },
	};

	PLAY(steps);
}

Test(xenstored_rules, writes_are_slowed_only_while_others_have_transactions)
{
	static const struct step setup[] = { GUEST(1) };
	struct play *p = play_new();
	int i;

	play_steps(p, setup, 1);
	for (i = 0; i < 100; i++)
		cr_assert_str_eq(play_ask(p, 1, "WRITE", "/tool/x|"), "EACCES");
	play_steps(p, setup, sizeof(setup) / sizeof(setup[0]));
	for (i = 0; i < 100; i++)
		cr_assert_str_eq(play_ask(p, 1, "WRITE", "x|"), "OK|");
	cr_assert_str_eq(play_ask(p, 0, "START", "|"), "started");
	for (i = 0; i < 100 && !strcmp(play_ask(p, 1, "WRITE", "x|"), "OK|"); i++)
		;
	cr_assert(i >= 10 && i <= 12, "stopped after %d", i);
	/* Reading waits, too: the ring stands still.  It goes on when time has passed. */
	*play_clock(p) += 5000000;
	play_raw(p, 1, "", 0);
	cr_assert(conn_may_read(play_conn(p, 1)));
	cr_assert_str_eq(play_ask(p, 0, "TRANSACTION_END+", "F|"), "OK|");
	play_free(p);
}

Test(xenstored_rules, broken_messages_end_their_sender_only)
{
	struct xsd_sockmsg m = { .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 };
	struct play *p = play_new();
	struct conn *c = play_conn(p, 0);

	cr_assert_str_eq(play_ask(p, DOM0B, "WATCH", "/|t|"), "OK|");
	cr_assert_str_eq(play_ask(p, 0, "START", "|"), "started");
	cr_assert_str_eq(play_ask(p, 0, "WATCH", "/|t|"), "OK|");
	play_raw(p, 0, &m, sizeof(m));
	cr_assert_neq(play_conn(p, 0), NULL);
	(void)c;
	cr_assert_eq(play_store(p)->nr_watches, 1);
	cr_assert_eq(play_store(p)->nr_transactions, 0);
	cr_assert_str_eq(play_ask(p, DOM0B, "READ", "/|"), "");
	play_free(p);
}

/* A guest that keeps a transaction open keeps an old tree alive: not for ever. */
Test(xenstored_rules, old_transactions_of_guests_are_given_up)
{
	static const struct step setup[] = {
		GUEST(1),
		{ 1, "START", "|", "started" },
		{ 1, "WRITE+", "x|1", "OK|" },
		{ 0, "START", "|", "started" },
		{ 0, "WRITE+", "/y|1", "OK|" },
	};
	static const struct step end[] = {
		{ 1, "READ+", "x|", "EAGAIN" },
		{ 1, "TRANSACTION_END+", "T|", "EAGAIN" },
		{ 1, "READ", "x|", "ENOENT" },
		{ 1, "START", "|", "started" },
		{ 1, "TRANSACTION_END+", "T|", "OK|" },
		{ 0, "TRANSACTION_END+", "T|", "OK|" },
		{ 0, "READ", "/y|", "1" },
	};
	struct play *p = play_new();
	int i;

	play_steps(p, setup, sizeof(setup) / sizeof(setup[0]));
	for (i = 0; i < 70000; i++)
		play_ask(p, DOM0B, "WRITE", "/churn|x");
	play_steps(p, end, sizeof(end) / sizeof(end[0]));
	play_free(p);
}
