/* SPDX-License-Identifier: MIT */
/*
 * Grant mappings that a client left behind when it died.
 *
 * The library that maps a grant pins it in the domain's page set and notes it in a table it
 * shares with us; when the client is gone, so is every pin in that table.  The table is hostile
 * in form only (a client is trusted with domains); pins and grant entries are the domain's to
 * scribble on, so a count that is already zero stays zero.
 */
#include "config.h"
#include "paravaned/client.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "libs/util/pins.h"
#include "paravaned/domain.h"

#define MAX_TABLE_BYTES	(64UL << 20)

/* Share the table in fd (not kept).  0; -EEXIST; -EINVAL; else -errno. */
int maptrack_set(struct client *c, int fd)
{
	struct stat st;
	void *p;
	int rc;

	if (c->maptrack)
		return -EEXIST;
	rc = memfd_check(fd, sizeof(struct pvn_maptrack));
	if (rc)
		return rc;
	if (fstat(fd, &st) != 0)
		return -errno;
	if ((uint64_t)st.st_size > MAX_TABLE_BYTES)
		return -EINVAL;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	c->maptrack = p;
	c->maptrack_bytes = (size_t)st.st_size;
	return 0;
}

void maptrack_release(struct client *c)
{
	size_t i;

	for (i = 0; i < c->maptrack_bytes / sizeof(*c->maptrack); i++) {
		struct pvn_maptrack t = c->maptrack[i];
		struct domain *d;

		if (t.state != 1 && t.state != 2)
			continue;
		d = domain_by_id(t.domid);
		if (d && d != dom0 && d->generation == t.generation && t.gref < PVN_MAX_GREFS)
			pvn_pin_drop(d->shared, t.gref, t.state == 2);
	}
	if (c->maptrack)
		munmap(c->maptrack, c->maptrack_bytes);
	c->maptrack = NULL;
	c->maptrack_bytes = 0;
}
