/* SPDX-License-Identifier: MIT */
/*
 * Ending a domain and cleaning up after one.  Called by `xl destroy', by a creation that failed,
 * and by the monitor; two of them may be at it at once, so everything here bears repetition.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/batch.h"

/* Do the nodes of this domid still speak of the domain with this uuid? */
static bool nodes_are_of(struct toolstack *t, uint32_t domid, const char *vm)
{
	char *theirs = store_read(t, "/local/domain/%u/vm", domid);
	bool same = theirs && !strcmp(theirs, vm);

	free(theirs);
	return same;
}

void domain_cleanup(struct toolstack *t, uint32_t domid, const uuid_t uuid)
{
	char vm[PATH_BYTES] = "/vm/";
	struct batch *b = batch_new(domid);

	uuid_unparse_lower(uuid, vm + strlen(vm));
	if (b && nodes_are_of(t, domid, vm)) {
		devices_remove(t, domid);
		batch_remove(b, "/local/domain/%u", domid);
		batch_remove(b, "/libxl/%u", domid);
		batch_remove(b, "/local/domain/0/backend/vbd/%u", domid);
		batch_remove(b, "/local/domain/0/backend/vif/%u", domid);
		batch_remove(b, "/local/domain/0/backend/console/%u", domid);
		batch_remove(b, "%s", vm);
		batch_commit(t, b);
	}
	batch_free(b);
	userdata_remove(domid, uuid);
}

int domain_destroy(struct toolstack *t, uint32_t domid)
{
	uuid_t uuid;
	int ret = domain_uuid(t, domid, uuid);

	if (ret)
		return ts_fail(t, ret, "%u: invalid domain identifier, no such domain", domid);
	ret = pvn_ctl_destroy(t->ctl, domid);
	if (ret < 0 && ret != -ESRCH)
		return ts_fail(t, ret, "%u: cannot be destroyed: %s", domid, strerror(-ret));
	/* xenstored learns of it by VIRQ_DOM_EXC too; this way it has when we go on. */
	xs_release_domain(t->xs, domid);
	domain_cleanup(t, domid, uuid);
	return 0;
}
