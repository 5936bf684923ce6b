/* SPDX-License-Identifier: MIT */
/* Inside of the view: shared by view.c and view-create.c. */
#ifndef XENSTORED_VIEW_PRIVATE_H
#define XENSTORED_VIEW_PRIVATE_H

#include "xenstored/view.h"

#include <stdbool.h>

struct change;

/* Would so much more be more than the quota of the domain that asks?  Never for privileged ones. */
bool view_over_nodes(const struct view *v, const struct conn *c, int64_t more);
bool view_over_memory(const struct view *v, const struct conn *c, int64_t more);
bool view_over_size(const struct conn *c, const struct perms *p, uint32_t len);

/* Remember an event for the commit. 0 or -ENOMEM */
int view_note(struct view *v, const char *path, size_t len, struct change *what);

/* Make path, of which the first have bytes exist as near.  Permission was checked. */
int view_create(struct view *v, const struct conn *c, const char *path, size_t have,
		const struct node *near, const char *data, uint32_t len);

#endif
