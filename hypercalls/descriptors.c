/* SPDX-License-Identifier: MIT */
/* The guest's descriptor tables: set_gdt and update_descriptor.  The rules are hv/descriptor.c's. */
#include <hypercalls/dispatch.h>
#include <hv/descriptor.h>
#include <hv/mm.h>

long do_set_gdt(uint64_t frames, uint64_t entries, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t mfn[FIRST_RESERVED_GDT_PAGE];
	long rc;

	entries = (uint32_t)entries;
	if (entries > FIRST_RESERVED_GDT_ENTRY)
		return -XEN_EINVAL;
	if (copy_from_guest(mfn, frames, (entries + 511) / 512 * sizeof(mfn[0])))
		return -XEN_EFAULT;
	spin_lock(&this_domain.mm_lock);
	rc = gdt_set(mfn, (unsigned int)entries);
	spin_unlock(&this_domain.mm_lock);
	return rc;
}

/* Any frame of the domain that is a descriptor page, or could be written by the guest itself. */
long do_update_descriptor(uint64_t maddr, uint64_t desc, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t mfn = maddr >> PAGE_SHIFT;
	const struct page_info *pg;
	long rc = -XEN_EINVAL;

	if (maddr & 7 || !descriptor_check(&desc))
		return -XEN_EINVAL;
	spin_lock(&this_domain.mm_lock);
	pg = mfn_page(mfn);
	if (pg && !page_get_type(mfn, pg->type == PGT_seg ? PGT_seg : PGT_writable)) {
		WRITE_ONCE(((uint64_t *)mfn_ptr(mfn))[(maddr & ~PAGE_MASK) / 8], desc);
		page_put_type(mfn);
		rc = 0;
	}
	spin_unlock(&this_domain.mm_lock);
	return rc;
}
