/* SPDX-License-Identifier: MIT */
/* See grant.h. */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

static char table_page[PAGE_SIZE] PAGE_ALIGNED, status_page[PAGE_SIZE] PAGE_ALIGNED;

static void *table_map(void)
{
	static bool done;
	xen_pfn_t frame = 0;
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };

	if (done)
		return table_page;
	set_xen_guest_handle(s.frame_list, &frame);
	if (gnttab(GNTTABOP_setup_table, &s, 1) || s.status || map_va(table_page, frame << 12 | PTE_KERNEL))
		test_error("the grant table cannot be set up");
	done = true;
	return table_page;
}

grant_entry_v1_t *grant_table(void)
{
	return table_map();
}

grant_entry_v2_t *grant_table_v2(void)
{
	return table_map();
}

uint16_t *grant_status(void)
{
	uint64_t frame = 0;
	struct gnttab_get_status_frames s = { .dom = DOMID_SELF, .nr_frames = 1 };

	set_xen_guest_handle(s.frame_list, &frame);
	if (gnttab(GNTTABOP_get_status_frames, &s, 1) || s.status || map_va(status_page, frame << 12 | PTE_KERNEL))
		test_error("the status frame cannot be mapped");
	return (uint16_t *)status_page;
}

void grant_v1(unsigned ref, domid_t to, uint64_t mfn, unsigned flags)
{
	volatile grant_entry_v1_t *e = grant_table() + ref;

	e->domid = to;
	e->frame = (uint32_t)mfn;
	mb();
	e->flags = (uint16_t)flags;
}

void grant_v2(unsigned ref, domid_t to, uint64_t mfn, unsigned flags)
{
	volatile grant_entry_v2_t *e = grant_table_v2() + ref;

	e->full_page.hdr.domid = to;
	e->full_page.frame = mfn;
	mb();
	e->full_page.hdr.flags = (uint16_t)flags;
}

long grant_version(unsigned version)
{
	struct gnttab_set_version v = { .version = version };

	return gnttab(GNTTABOP_set_version, &v, 1);
}

static uint64_t result(long ret, int16_t status)
{
	return (uint64_t)(ret ? ret : -status);
}

uint64_t grant_map(struct gnttab_map_grant_ref *m)
{
	long ret = gnttab(GNTTABOP_map_grant_ref, m, 1);

	return result(ret, m->status);
}

uint64_t grant_unmap(struct gnttab_unmap_grant_ref *u)
{
	long ret = gnttab(GNTTABOP_unmap_grant_ref, u, 1);

	return result(ret, u->status);
}

uint64_t grant_copy(struct gnttab_copy *c)
{
	long ret = gnttab(GNTTABOP_copy, c, 1);

	return result(ret, c->status);
}
