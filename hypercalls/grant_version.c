/* SPDX-License-Identifier: MIT */
/*
 * The version of the grant table, and swapping entries: what only works on entries that nobody uses.
 *
 * Others pin entries at any moment (libs/util/pins.c): they count their pin first and look at the
 * version afterwards.  So here the version becomes 0 first, and then the counts are looked at.
 */
#include <hypercalls/dispatch.h>
#include <hypercalls/grant.h>
#include <hv/mm.h>
#include <xen/grant_table.h>

#define RESERVED	GNTTAB_NR_RESERVED_ENTRIES

#define pins		pset(PVN_PINS_OFFSET, struct pvn_pin)
#define table_v1	pset(PVN_HEAP_OFFSET + PVN_HEAP_GRANT * PAGE_SIZE, grant_entry_v1_t)
#define table_v2	pset(PVN_HEAP_OFFSET + PVN_HEAP_GRANT * PAGE_SIZE, grant_entry_v2_t)
#define status_v2	pset(PVN_HEAP_OFFSET + PVN_HEAP_STATUS * PAGE_SIZE, uint16_t)

static void version_store(uint32_t version)
{
	__atomic_store_n(&header.grant_version, version, __ATOMIC_SEQ_CST);
	smp_mb();
}

static uint32_t entries(uint32_t version)
{
	return this_domain.nr_grant_frames *
	       (uint32_t)(PAGE_SIZE / (version == 2 ? sizeof(grant_entry_v2_t) : sizeof(grant_entry_v1_t)));
}

static int pinned(uint32_t ref)
{
	return READ_ONCE(pins[ref].readers) || READ_ONCE(pins[ref].writers);
}

static int others_pinned(uint32_t version)
{
	uint32_t i, n = entries(version);

	for (i = RESERVED; i < n; i++)
		if (pinned(i))
			return 1;
	return 0;
}

/* Version 1 has neither wide frame numbers nor transitive grants. */
static int representable(void)
{
	uint32_t i;

	for (i = 0; i < RESERVED; i++) {
		switch (table_v2[i].hdr.flags & GTF_type_mask) {
		case GTF_permit_access:
			if (!(table_v2[i].full_page.frame >> 32))
				break;
			/* fall through */
		case GTF_transitive:
			return 0;
		}
	}
	return 1;
}

static void save_reserved(uint32_t version, grant_entry_v1_t keep[RESERVED])
{
	uint32_t i;

	memset(keep, 0, RESERVED * sizeof(keep[0]));
	for (i = 0; i < RESERVED; i++) {
		if (version == 1) {
			keep[i] = table_v1[i];
		} else if ((table_v2[i].hdr.flags & GTF_type_mask) == GTF_permit_access) {
			keep[i].flags = table_v2[i].hdr.flags;
			keep[i].domid = table_v2[i].hdr.domid;
			keep[i].frame = (uint32_t)table_v2[i].full_page.frame;
		}
	}
}

static void load_reserved(uint32_t version, const grant_entry_v1_t keep[RESERVED])
{
	uint32_t i;

	for (i = 0; i < RESERVED; i++) {
		uint16_t flags = keep[i].flags & (uint16_t)~(GTF_reading | GTF_writing);

		if (version == 1) {
			table_v1[i] = keep[i];
			table_v1[i].flags = flags;
		} else {
			table_v2[i].hdr.flags = flags;
			table_v2[i].hdr.domid = keep[i].domid;
			table_v2[i].full_page.frame = keep[i].frame;
		}
	}
}

static void mark(uint16_t *flags, uint16_t bit, const uint16_t *count)
{
	if (READ_ONCE(*count))
		__atomic_fetch_or(flags, bit, __ATOMIC_SEQ_CST);
	if (!READ_ONCE(*count))
		__atomic_fetch_and(flags, (uint16_t)~bit, __ATOMIC_SEQ_CST);
}

/* Who let go of a reserved entry meanwhile found no marks to clear. */
static void mark_reserved(uint32_t version)
{
	uint32_t i;

	for (i = 0; i < RESERVED; i++) {
		uint16_t *flags = version == 1 ? &table_v1[i].flags : &status_v2[i];

		if (version == 1 && (*flags & GTF_type_mask) != GTF_permit_access)
			continue;
		mark(flags, GTF_reading, &pins[i].readers);
		mark(flags, GTF_writing, &pins[i].writers);
	}
}

static long convert(uint32_t from, uint32_t to)
{
	grant_entry_v1_t keep[RESERVED];

	version_store(0);
	if (others_pinned(from)) {
		version_store(from);
		mark_reserved(from);
		return -XEN_EBUSY;
	}
	if (to == 1 && (!representable() || this_domain.status_refs)) {
		version_store(from);
		mark_reserved(from);
		return this_domain.status_refs ? -XEN_EBUSY : -XEN_ERANGE;
	}
	save_reserved(from, keep);
	memset(table_v1, 0, this_domain.nr_grant_frames * PAGE_SIZE);
	memset(status_v2, 0, GRANT_STATUS_FRAMES(this_domain.nr_grant_frames) * PAGE_SIZE);
	load_reserved(to, keep);
	version_store(to);
	mark_reserved(to);
	return 0;
}

static long set_version(uint32_t version)
{
	uint32_t now;
	long rc = 0;

	if (version != 1 && version != 2)
		return -XEN_EINVAL;
	if (version == 2 && header.max_grant_version == 1)
		return -XEN_ENOSYS;
	/* Nobody may map a status frame while it may go. */
	mm_enter();
	spin_lock(&this_domain.grant_lock);
	now = header.grant_version;
	if (now != version)
		rc = convert(now, version);
	spin_unlock(&this_domain.grant_lock);
	mm_leave();
	return rc;
}

long grant_op_set_version(uint64_t uop)
{
	struct gnttab_set_version v;
	long rc;

	if (copy_from_guest(&v, uop, sizeof(v)))
		return -XEN_EFAULT;
	rc = set_version(v.version);
	v.version = header.grant_version;
	return copy_to_guest(uop, &v, sizeof(v)) ? -XEN_EFAULT : rc;
}

long grant_op_get_version(uint64_t uop)
{
	struct gnttab_get_version v;

	if (copy_from_guest(&v, uop, sizeof(v)))
		return -XEN_EFAULT;
	if (v.dom != DOMID_SELF && v.dom != header.domid)
		return domain_exists(v.dom) ? -XEN_EPERM : -XEN_ESRCH;
	v.version = header.grant_version;
	return copy_to_guest(uop, &v, sizeof(v));
}

static void swap_entries(uint32_t version, uint32_t a, uint32_t b)
{
	if (version == 2) {
		grant_entry_v2_t e = table_v2[a];

		table_v2[a] = table_v2[b];
		table_v2[b] = e;
	} else {
		grant_entry_v1_t e = table_v1[a];

		table_v1[a] = table_v1[b];
		table_v1[b] = e;
	}
}

static int16_t swap(uint32_t a, uint32_t b)
{
	uint32_t version = header.grant_version;
	int16_t rc = GNTST_okay;

	if (a >= entries(version) || b >= entries(version))
		return GNTST_bad_gntref;
	if (a == b)
		return GNTST_okay;
	spin_lock(&this_domain.grant_lock);
	version_store(0);
	if (pinned(a) || pinned(b))
		rc = GNTST_eagain;
	else
		swap_entries(version, a, b);
	version_store(version);
	mark_reserved(version);
	spin_unlock(&this_domain.grant_lock);
	return rc;
}

long grant_op_swap(uint64_t uop, uint32_t count)
{
	struct gnttab_swap_grant_ref s;
	uint32_t i;

	for (i = 0; i < count; i++, uop += sizeof(s)) {
		if (copy_from_guest(&s, uop, sizeof(s)))
			return -XEN_EFAULT;
		s.status = swap(s.ref_a, s.ref_b);
		if (copy_to_guest(uop + offsetof(struct gnttab_swap_grant_ref, status), &s.status,
				  sizeof(s.status)))
			return -XEN_EFAULT;
	}
	return 0;
}
