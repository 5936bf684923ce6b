/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op (<xen/grant_table.h>): the domain's own table, version 1.  The control
 * domain maps grants through its library; it reads the entries in the heap frames.
 */
#include <hypercalls/dispatch.h>
#include <hv/mm.h>
#include <xen/grant_table.h>

static uint64_t grant_mfn(uint32_t i)
{
	return this_domain.mfn_base + PVN_HEAP_GRANT + i;
}

static uint32_t max_frames(void)
{
	return header.max_grant_frames < PVN_MAX_GRANT_FRAMES ? header.max_grant_frames :
								PVN_MAX_GRANT_FRAMES;
}

static int own(domid_t d)
{
	return d == DOMID_SELF || d == header.domid;
}

static int16_t setup(struct gnttab_setup_table *s)
{
	uint32_t i;

	if (!own(s->dom))
		return GNTST_permission_denied;
	if (s->nr_frames > max_frames())
		return GNTST_general_error;
	if (s->nr_frames > this_domain.nr_grant_frames) {
		this_domain.nr_grant_frames = s->nr_frames;
		header.nr_grant_frames = s->nr_frames;
	}
	for (i = 0; i < s->nr_frames; i++) {
		xen_pfn_t mfn = grant_mfn(i);

		if (copy_to_guest((uint64_t)s->frame_list.p + i * sizeof(mfn), &mfn, sizeof(mfn)))
			return GNTST_bad_virt_addr;
	}
	return GNTST_okay;
}

static long setup_table(uint64_t uop, uint64_t count)
{
	struct gnttab_setup_table s;

	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&s, uop, sizeof(s)))
		return -XEN_EFAULT;
	s.status = setup(&s);
	return copy_to_guest(uop, &s, sizeof(s));
}

static long query_size(uint64_t uop, uint64_t count)
{
	struct gnttab_query_size s;

	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&s, uop, sizeof(s)))
		return -XEN_EFAULT;
	s.status = own(s.dom) ? GNTST_okay : GNTST_permission_denied;
	s.nr_frames = this_domain.nr_grant_frames;
	s.max_nr_frames = max_frames();
	return copy_to_guest(uop, &s, sizeof(s));
}

static long set_version(uint64_t uop, uint64_t count)
{
	struct gnttab_set_version v;
	uint32_t asked;

	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&v, uop, sizeof(v)))
		return -XEN_EFAULT;
	asked = v.version;
	v.version = 1;
	if (copy_to_guest(uop, &v, sizeof(v)))
		return -XEN_EFAULT;
	return asked == 1 ? 0 : asked == 2 ? -XEN_ENOSYS : -XEN_EINVAL;
}

static long get_version(uint64_t uop, uint64_t count)
{
	struct gnttab_get_version v;

	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&v, uop, sizeof(v)))
		return -XEN_EFAULT;
	if (!own(v.dom))
		return -XEN_EPERM;
	v.version = 1;
	return copy_to_guest(uop, &v, sizeof(v));
}

long do_grant_table_op(uint64_t cmd, uint64_t uop, uint64_t count, uint64_t a4, uint64_t a5)
{
	count = (uint32_t)count;
	switch ((uint32_t)cmd) {
	case GNTTABOP_setup_table:
		return setup_table(uop, count);
	case GNTTABOP_query_size:
		return query_size(uop, count);
	case GNTTABOP_set_version:
		return set_version(uop, count);
	case GNTTABOP_get_version:
		return get_version(uop, count);
	}
	return -XEN_ENOSYS;
}
