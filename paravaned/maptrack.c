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

#include <xen/grant_table.h>
#include "paravaned/domain.h"

#define MAX_TABLE_BYTES	(64UL << 20)

/* What a count may take before we let it be: others that count are few, a hostile one endless. */
#define COUNT_TRIES	64

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

/* One less of a count the domain may have changed, or change right now; true when the last one went. */
static bool count_drop(uint16_t *count)
{
	uint16_t old = __atomic_load_n(count, __ATOMIC_RELAXED);
	int i;

	for (i = 0; i < COUNT_TRIES && old; i++)
		if (__atomic_compare_exchange_n(count, &old, (uint16_t)(old - 1), false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return old == 1;
	return false;
}

/* The same steps as the library's (libs/xengnttab/grant.c): another client may map it meanwhile. */
static void mark_clear(uint16_t *flags, uint16_t mark, uint16_t *count)
{
	/* In an entry of another kind the bits mean something else. */
	if ((__atomic_load_n(flags, __ATOMIC_RELAXED) & GTF_type_mask) != GTF_permit_access)
		return;
	__atomic_fetch_and(flags, (uint16_t)~mark, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(count, __ATOMIC_SEQ_CST))
		__atomic_fetch_or(flags, mark, __ATOMIC_SEQ_CST);
}

static void pin_drop(struct domain *d, uint32_t gref, bool writable)
{
	struct pvn_pin *pin = (struct pvn_pin *)(d->shared + PVN_PINS_OFFSET) + gref;
	grant_entry_v1_t *e = (grant_entry_v1_t *)(d->shared + PVN_HEAP_OFFSET +
						   PVN_HEAP_GRANT * PVN_PAGE_SIZE) + gref;

	if (writable && count_drop(&pin->writers))
		mark_clear(&e->flags, GTF_writing, &pin->writers);
	if (count_drop(&pin->readers))
		mark_clear(&e->flags, GTF_reading, &pin->readers);
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
			pin_drop(d, t.gref, t.state == 2);
	}
	if (c->maptrack)
		munmap(c->maptrack, c->maptrack_bytes);
	c->maptrack = NULL;
	c->maptrack_bytes = 0;
}
