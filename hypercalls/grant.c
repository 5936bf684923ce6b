/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op (<xen/grant_table.h>): the domain's own table.  Its frames are heap frames, where
 * the control domain's library and paravaned read the entries.
 */
#include <hypercalls/dispatch.h>
#include <hypercalls/grant.h>
#include <hv/mm.h>
#include <xen/grant_table.h>

static uint32_t max_frames(void)
{
	return header.max_grant_frames < PVN_MAX_GRANT_FRAMES ? header.max_grant_frames :
								PVN_MAX_GRANT_FRAMES;
}

static uint32_t status_frames(void)
{
	return READ_ONCE(header.grant_version) == 2 ? GRANT_STATUS_FRAMES(this_domain.nr_grant_frames) : 0;
}

/* 0 for our own table; of others we may not even ask. */
static int16_t own(domid_t d)
{
	if (d == DOMID_SELF || d == header.domid)
		return GNTST_okay;
	return domain_exists(d) ? GNTST_permission_denied : GNTST_bad_domain;
}

/* Machine addresses of n heap frames for the guest.  What cannot be written is said in the status. */
static int16_t put_frames(uint64_t list, uint64_t heap_index, uint32_t n)
{
	uint64_t mfn = this_domain.mfn_base + heap_index;
	int16_t status = GNTST_okay;
	uint32_t i;

	for (i = 0; i < n; i++, mfn++)
		if (copy_to_guest(list + i * sizeof(mfn), &mfn, sizeof(mfn)))
			status = GNTST_bad_virt_addr;
	return status;
}

static int16_t setup(const struct gnttab_setup_table *s)
{
	if (s->nr_frames > max_frames())
		return GNTST_general_error;
	if (own(s->dom))
		return own(s->dom);
	spin_lock(&this_domain.grant_lock);
	if (s->nr_frames > this_domain.nr_grant_frames) {
		this_domain.nr_grant_frames = s->nr_frames;
		header.nr_grant_frames = s->nr_frames;
	}
	spin_unlock(&this_domain.grant_lock);
	return put_frames((uint64_t)s->frame_list.p, PVN_HEAP_GRANT, s->nr_frames);
}

static long setup_table(uint64_t uop, uint32_t count)
{
	struct gnttab_setup_table s;

	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&s, uop, sizeof(s)))
		return -XEN_EFAULT;
	s.status = setup(&s);
	return copy_to_guest(uop, &s, sizeof(s));
}

static long get_status_frames(uint64_t uop, uint32_t count)
{
	struct gnttab_get_status_frames s;

	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&s, uop, sizeof(s)))
		return -XEN_EFAULT;
	s.status = own(s.dom);
	if (!s.status && s.nr_frames > status_frames())
		s.status = GNTST_general_error;
	if (!s.status)
		s.status = put_frames((uint64_t)s.frame_list.p, PVN_HEAP_STATUS, s.nr_frames);
	return copy_to_guest(uop, &s, sizeof(s));
}

static long query_size(uint64_t uop, uint32_t count)
{
	struct gnttab_query_size s;

	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&s, uop, sizeof(s)))
		return -XEN_EFAULT;
	s.status = own(s.dom);
	if (!s.status) {
		s.nr_frames = this_domain.nr_grant_frames;
		s.max_nr_frames = max_frames();
	}
	return copy_to_guest(uop, &s, sizeof(s));
}

/* Caches are coherent here: only the arguments are looked at. */
static long cache_flush(uint64_t uop, uint32_t count)
{
	struct gnttab_cache_flush f;
	uint32_t i;

	for (i = 0; i < count; i++, uop += sizeof(f)) {
		if (copy_from_guest(&f, uop, sizeof(f)))
			return -XEN_EFAULT;
		if (f.offset >= PAGE_SIZE || f.length > PAGE_SIZE || f.offset + f.length > PAGE_SIZE ||
		    (f.op & ~(GNTTAB_CACHE_INVAL | GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_SOURCE_GREF)))
			return -XEN_EINVAL;
		if (f.length && f.op)
			return -XEN_EOPNOTSUPP;
	}
	return 0;
}

long do_grant_table_op(uint64_t cmd, uint64_t uop, uint64_t arg_count, uint64_t a4, uint64_t a5)
{
	uint32_t count = (uint32_t)arg_count;

	if ((int32_t)count < 0)
		return -XEN_EINVAL;
	switch ((uint32_t)cmd) {
	case GNTTABOP_map_grant_ref:
		return grant_op_map(uop, count);
	case GNTTABOP_unmap_grant_ref:
		return grant_op_unmap(uop, count);
	case GNTTABOP_unmap_and_replace:
		return grant_op_unmap_and_replace(uop, count);
	case GNTTABOP_setup_table:
		return setup_table(uop, count);
	case GNTTABOP_transfer:
		return grant_op_transfer(uop, count);
	case GNTTABOP_copy:
		return grant_op_copy(uop, count);
	case GNTTABOP_query_size:
		return query_size(uop, count);
	case GNTTABOP_set_version:
		return grant_op_set_version(uop);
	case GNTTABOP_get_status_frames:
		return get_status_frames(uop, count);
	case GNTTABOP_get_version:
		return grant_op_get_version(uop);
	case GNTTABOP_swap_grant_ref:
		return grant_op_swap(uop, count);
	case GNTTABOP_cache_flush:
		return cache_flush(uop, count);
	}
	return -XEN_ENOSYS;
}
