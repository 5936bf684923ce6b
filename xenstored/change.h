/* SPDX-License-Identifier: MIT */
/* What a change touched: the list from which watches fire when it is committed. */
#ifndef XENSTORED_CHANGE_H
#define XENSTORED_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenstored/hash.h"

struct perms;

/*
 * One event.  Who could read the node by any of the three sees it: after the change, before
 * it (so that deletions and revocations are noticed), or through the readable parent.
 */
struct change {
	struct strmap_entry entry;
	struct perms *now, *old, *parent;	/* references, NULL: none */
	bool exact;	/* deleted with a parent: only watches of exactly this path */
	bool dup;	/* stands in the list twice: the first one counts */
	char *path;
};

struct changes {
	struct change *list;
	uint32_t nr, size;
};

/* Append; the references are taken over by a copy.  0 or -ENOMEM. */
int changes_add(struct changes *c, const char *path, size_t len, const struct change *what);
/* Leave one event per path and kind. */
void changes_merge(struct changes *c);
void changes_reset(struct changes *c);
void changes_free(struct changes *c);

#endif
