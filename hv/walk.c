/* SPDX-License-Identifier: MIT */
/*
 * The guest's address space by software: the walk of its page tables, and the copies
 * that hypercall arguments make.  Nothing here can fault: frames are reached through the
 * direct map, and a missing translation is an error code.
 */
#include <hv/mm.h>
#include <hv/platform.h>

int guest_walk(uint64_t va, struct walk *w)
{
	uint64_t mfn = vcpu.in_user ? vcpu.user_cr3_mfn : vcpu.cr3_mfn;
	uint64_t e = 0;
	int level;

	w->flags = _PAGE_PRESENT | _PAGE_RW | _PAGE_USER;
	if ((va >> 47) != 0 && (va >> 47) != 0x1ffff)
		return -XEN_EFAULT;
	for (level = 4; level >= 1; level--) {
		uint64_t *table = mfn_ptr(mfn);

		if (!table)
			return -XEN_EFAULT;
		w->table_mfn[level] = mfn;
		e = READ_ONCE(table[(va >> (PAGE_SHIFT + 9 * (level - 1))) & 511]);
		if (!(e & _PAGE_PRESENT))
			return -XEN_EFAULT;
		w->flags &= e | ~(_PAGE_RW | _PAGE_USER);
		w->flags |= e & _PAGE_NX;
		mfn = PTE_MFN(e);
	}
	w->pte = e;
	return 0;
}

void *guest_ptr(uint64_t va, int write)
{
	const char *why;
	struct walk w;
	char *page;

	if (guest_walk(va, &w) || (write && !(w.flags & _PAGE_RW)))
		return NULL;
	page = mfn_ptr(PTE_MFN(w.pte));
	if (page)
		return page + (va & ~PAGE_MASK);
	/* A grant of another domain: nowhere but where the guest has it. */
	return !vcpu.in_user && platform_map(va, &why) == 0 ? (void *)va : NULL;
}

int guest_handle_ok(uint64_t va)
{
	return va < 0x800000000000UL || va >= 0xffff880000000000UL;
}

int guest_range_ok(uint64_t va, uint64_t first, uint64_t end)
{
	if (first > end || end > ~0UL / 8 || va + end * 8 < va)
		return 0;
	return guest_handle_ok(va + first * 8) && guest_handle_ok(va + end * 8) &&
	       (va + first * 8) >> 63 == (va + end * 8) >> 63;
}

static int copy_guest(uint64_t va, char *buf, size_t n, int write)
{
	if (!guest_handle_ok(va) || !guest_handle_ok(va + n))
		return -XEN_EFAULT;
	while (n) {
		size_t part = PAGE_SIZE - (va & ~PAGE_MASK);
		void *p = guest_ptr(va, write);

		if (!p)
			return -XEN_EFAULT;
		if (part > n)
			part = n;
		if (write)
			memcpy(p, buf, part);
		else
			memcpy(buf, p, part);
		va += part;
		buf += part;
		n -= part;
	}
	return 0;
}

int copy_from_guest(void *dst, uint64_t va, size_t n)
{
	return copy_guest(va, dst, n, 0);
}

int copy_to_guest(uint64_t va, const void *src, size_t n)
{
	return copy_guest(va, (char *)(uintptr_t)src, n, 1);
}
