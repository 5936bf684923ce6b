/* SPDX-License-Identifier: MIT */
/*
 * The persistent tree: what a snapshot sees never changes, big directories stay quick, and no
 * failure of memory leaves a half-done change.
 */
#include "tests/unit/xenstored_play.h"

#include "xenstored/perms.h"
#include "xenstored/tree.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct perm none = { 0, 0 };

static struct node *leaf(struct perms *p)
{
	return node_new(p, NULL, 1);
}

/* Every name in order, none twice. */
static void check_names(const struct kid *k, unsigned nr)
{
	char *names = malloc(kids_bytes(k) + 1), *s, *prev = NULL;
	unsigned n = 0;

	cr_assert_eq(kids_count(k), nr);
	cr_assert_eq(kids_names(k, 0, names, kids_bytes(k)), kids_bytes(k));
	for (s = names; s < names + kids_bytes(k); s += strlen(s) + 1, n++) {
		cr_assert(!prev || strcmp(prev, s) < 0);
		prev = s;
	}
	cr_assert_eq(n, nr);
	free(names);
}

Test(xenstored_tree, snapshots_do_not_change)
{
	struct perms *p = perms_new(&none, 1, 1);
	struct node *root = node_new(p, NULL, 1), *snap[50];
	unsigned i, n = 0, count[50];
	char name[16];
	bool there[200] = { false };

	srand(7);
	for (i = 0; i < 5000; i++) {
		unsigned x = (unsigned)rand() % 200;
		struct node *at;

		snprintf(name, sizeof(name), "n%u", x);
		if (i % 100 == 0) {
			snap[i / 100] = node_get(root);
			count[i / 100] = n;
		}
		at = tree_own(&root, "/", 1);
		cr_assert(at);
		if (there[x])
			cr_assert_eq(kids_remove(&at->kids, name, strlen(name)), 0);
		else
			cr_assert_eq(kids_insert(&at->kids, name, strlen(name), leaf(p)), 0);
		there[x] = !there[x];
		n += there[x] ? 1U : -1U;
		cr_assert_eq(tree_check(root), 0);
	}
	check_names(root->kids, n);
	for (i = 0; i < 50; i++) {
		cr_assert_eq(tree_check(snap[i]), 0);
		check_names(snap[i]->kids, count[i]);
		node_put(snap[i]);
	}
	cr_assert_eq(kids_remove(&root->kids, "none", 4), -2);
	node_put(root);
	cr_assert_eq(p->refs, 1);
	perms_put(p);
}

Test(xenstored_tree, names_from_any_offset)
{
	struct perms *p = perms_new(&none, 1, 1);
	struct node *root = node_new(p, NULL, 1);
	char all[4096], part[4096], name[16];
	size_t len, got, at;
	int i;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i * i);
		cr_assert_eq(kids_insert(&root->kids, name, strlen(name), leaf(p)), 0);
	}
	len = kids_names(root->kids, 0, all, sizeof(all));
	for (at = 0; at < len; at++) {
		got = kids_names(root->kids, (uint32_t)at, part, sizeof(part));
		cr_assert_eq(got, len - at);
		cr_assert_eq(memcmp(part, all + at, got), 0);
	}
	cr_assert_eq(kids_names(root->kids, (uint32_t)len, part, sizeof(part)), 0);
	cr_assert_eq(kids_names(root->kids, 0, part, 1), 0);
	node_put(root);
	perms_put(p);
}

static unsigned depth(const struct kid *k)
{
	unsigned l, r;

	if (!k)
		return 0;
	l = depth(k->left);
	r = depth(k->right);
	return 1 + (l > r ? l : r);
}

Test(xenstored_tree, names_in_order_do_not_unbalance)
{
	struct perms *p = perms_new(&none, 1, 1);
	struct node *root = node_new(p, NULL, 1);
	char name[16];
	int i;

	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "%06d", i);
		cr_assert_eq(kids_insert(&root->kids, name, strlen(name), leaf(p)), 0);
	}
	cr_assert(depth(root->kids) < 60, "depth %u", depth(root->kids));
	cr_assert_eq(tree_check(root), 0);
	node_put(root);
	perms_put(p);
}

/* A write to one of many siblings in a transaction copies a path, not the directory. */
Test(xenstored_tree, transaction_in_a_big_directory_copies_little)
{
	struct play *p = play_new();
	struct store *s = play_store(p);
	const struct kid *k;
	unsigned shared = 0;
	char body[64];
	int i;

	for (i = 0; i < 10000; i++) {
		snprintf(body, sizeof(body), "/big/%d|x", i);
		play_ask(p, 0, "WRITE", body);
	}
	cr_assert_str_eq(play_ask(p, 0, "START", "|"), "started");
	cr_assert_str_eq(play_ask(p, 0, "WRITE+", "/big/777|y"), "OK|");
	for (k = tree_find(s->root, "/big")->kids; k; k = k->left)
		shared += k->refs > 1;
	cr_assert(shared > 0);
	cr_assert_str_eq(play_ask(p, 0, "TRANSACTION_END+", "T|"), "OK|");
	cr_assert_str_eq(play_ask(p, 0, "READ", "/big/777|"), "y");
	cr_assert_str_eq(play_ask(p, 0, "RM", "/big|"), "OK|");
	play_free(p);
}

/* The deepest path there can be: built, listed, removed without running out of stack. */
Test(xenstored_tree, deepest_path)
{
	struct play *p = play_new();
	char body[XENSTORE_ABS_PATH_MAX + 2];
	size_t i;

	for (i = 0; i + 1 < XENSTORE_ABS_PATH_MAX; i += 2)
		memcpy(body + i, "/a", 2);
	strcpy(body + i, "|");
	cr_assert_str_eq(play_ask(p, 0, "WRITE", body), "OK|");
	cr_assert_str_eq(play_ask(p, 0, "READ", body), "");
	cr_assert_eq(store_check(play_store(p)), 0);
	cr_assert_str_eq(play_ask(p, 0, "RM", "/a|"), "OK|");
	play_free(p);
}
