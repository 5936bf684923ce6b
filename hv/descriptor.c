/* SPDX-License-Identifier: MIT */
/*
 * Segment descriptors, by the rules of Xen's check_descriptor and of the processor.
 *
 * Called by set_gdt, update_descriptor, MMUEXT_SET_LDT, by the frame table when a frame becomes a
 * descriptor page, and by the emulation of segment loads.  Trusts nothing in the tables: a
 * descriptor is copied before it is looked at.
 */
#include <hv/descriptor.h>
#include <hv/mm.h>

#define TYPE_MASK	0xf0000000000UL		/* bits 40-43 */
#define TYPE_GATE	0xc0000000000UL		/* call gate */
#define GATE_RESERVED	0xff00000000UL
#define PER_PAGE	(PAGE_SIZE / 8)

/* Xen's own entries behind the guest's 14 pages: the flat segments every PV guest has. */
static const uint64_t xen_gdt[] = {
	0x0000000000000000,
	0x00af9b000000ffff,	/* e008 code, ring 0 */
	0x00cf93000000ffff,	/* e010 data, ring 0 */
	0x0000000000000000,
	0x00cffb000000ffff,	/* e023 code, compatibility mode */
	0x00cff3000000ffff,	/* e02b data */
	0x00affb000000ffff,	/* e033 code, 64-bit */
};

/* Where a gate may lead: the guest's own descriptors, or the flat code segment. */
static int gate_selector_ok(uint16_t sel)
{
	return sel >> 3 < FIRST_RESERVED_GDT_ENTRY || sel == FLAT_KERNEL_CS || (sel & 4);
}

int descriptor_check(uint64_t *desc)
{
	uint64_t d = *desc, dpl = 3;	/* a 64-bit kernel runs in ring 3: nothing below */
	uint16_t cs;

	if (!(d & DESC_P))
		return 1;
	d |= dpl << DESC_DPL_SHIFT;
	if (!(d & DESC_S) && (d & TYPE_MASK)) {
		cs = (uint16_t)(d >> 16);
		if ((d & TYPE_MASK) != TYPE_GATE || !gate_selector_ok(cs))
			return 0;
		/* Privilege 0 makes its use a fault; what it was stays in the selector. */
		d &= ~(3UL << DESC_DPL_SHIFT);
		d = (d & ~0xffff0000UL) | (uint64_t)((cs & ~3U) | dpl) << 16;
		if (d & GATE_RESERVED)
			return 0;
	}
	*desc = d;
	return 1;
}

int descriptor_page_validate(uint64_t mfn)
{
	uint64_t *table = mfn_ptr(mfn), d;
	unsigned int i;

	for (i = 0; i < PER_PAGE; i++) {
		d = READ_ONCE(table[i]);
		if (!descriptor_check(&d))
			return -XEN_EINVAL;
		WRITE_ONCE(table[i], d);
	}
	return 0;
}

int gdt_set(const uint64_t *mfn, unsigned int entries)
{
	unsigned int frames = (entries + PER_PAGE - 1) / PER_PAGE, i;

	if (entries > FIRST_RESERVED_GDT_ENTRY)
		return -XEN_EINVAL;
	for (i = 0; i < frames; i++)
		if (!mfn_page(mfn[i]) || page_get_type(mfn[i], PGT_seg)) {
			while (i-- > 0)
				page_put_type(mfn[i]);
			return -XEN_EINVAL;
		}
	for (i = 0; i < ARRAY_SIZE(vcpu.gdt_mfn); i++) {
		if (vcpu.gdt_mfn[i])
			page_put_type(vcpu.gdt_mfn[i]);
		vcpu.gdt_mfn[i] = i < frames ? mfn[i] : 0;
	}
	vcpu.gdt_ents = entries;
	return 0;
}

void ldt_set(uint64_t va, uint32_t entries)
{
	unsigned int i;

	for (i = 0; i < LDT_PAGES; i++) {
		if (vcpu.ldt_mfn[i])
			page_put_type(vcpu.ldt_mfn[i]);
		vcpu.ldt_mfn[i] = 0;
	}
	vcpu.ldt_va = va;
	vcpu.ldt_ents = entries;
}

/* A page of the LDT is looked up in the kernel's tables when first used, and kept. */
static uint64_t ldt_page(unsigned int i)
{
	uint32_t in_user = vcpu.in_user;
	struct walk w;
	int rc;

	if (vcpu.ldt_mfn[i])
		return vcpu.ldt_mfn[i];
	vcpu.in_user = 0;
	rc = guest_walk(vcpu.ldt_va + i * PAGE_SIZE, &w);
	vcpu.in_user = in_user;
	if (rc || !mfn_page(PTE_MFN(w.pte)))
		return 0;
	spin_lock(&this_domain.mm_lock);
	if (!page_get_type(PTE_MFN(w.pte), PGT_seg))
		vcpu.ldt_mfn[i] = PTE_MFN(w.pte);
	spin_unlock(&this_domain.mm_lock);
	return vcpu.ldt_mfn[i];
}

int descriptor_read(uint16_t sel, uint64_t *desc)
{
	unsigned int i = sel >> 3;
	uint64_t mfn;

	*desc = 0;
	if (sel & 4) {
		if (i >= vcpu.ldt_ents)
			return 0;
		mfn = ldt_page(i / PER_PAGE);
		if (!mfn)
			return 0;
	} else if (i >= FIRST_RESERVED_GDT_ENTRY) {
		i -= FIRST_RESERVED_GDT_ENTRY;
		if (i >= ARRAY_SIZE(xen_gdt))
			return 0;
		*desc = xen_gdt[i];
		return 1;
	} else {
		mfn = vcpu.gdt_mfn[i / PER_PAGE];
		if (!mfn)
			return 1; /* all zero: there, but nothing to load */
	}
	*desc = READ_ONCE(((uint64_t *)mfn_ptr(mfn))[i % PER_PAGE]);
	return 1;
}

static unsigned int dpl_of(uint64_t desc)
{
	return desc >> DESC_DPL_SHIFT & 3;
}

int selector_data_ok(uint16_t sel, unsigned int *vector, uint32_t *error_code)
{
	uint64_t d;

	*vector = TRAP_GP;
	*error_code = sel & ~3U;
	if (!(sel & ~3U))
		return 1;
	if (!descriptor_read(sel, &d) || !(d & DESC_S))
		return 0;
	if (d & DESC_CODE && !(d & DESC_WRITE))
		return 0;
	if (!(d & DESC_CODE && d & DESC_CONFORMING) && dpl_of(d) != 3)
		return 0;
	*vector = TRAP_NP;
	return !!(d & DESC_P);
}

int selector_stack_ok(uint16_t sel, uint32_t *error_code)
{
	uint64_t d;

	*error_code = sel & ~3U;
	return (sel & ~3U) && (sel & 3) == 3 && descriptor_read(sel, &d) && d & DESC_S && d & DESC_P &&
	       !(d & DESC_CODE) && d & DESC_WRITE && dpl_of(d) == 3;
}

int selector_code_ok(uint16_t sel, uint32_t *error_code)
{
	uint64_t d;

	*error_code = sel & ~3U;
	return (sel & ~3U) && (sel & 3) == 3 && descriptor_read(sel, &d) && d & DESC_S && d & DESC_P &&
	       d & DESC_CODE && d & DESC_L && !(d & DESC_DB) && (d & DESC_CONFORMING || dpl_of(d) == 3);
}
