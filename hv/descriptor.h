/* SPDX-License-Identifier: MIT */
/*
 * Segment descriptors: what a guest may put into its GDT and LDT, and what its selectors mean.
 *
 * The processor's own tables are the host's, so a guest's selectors are never loaded as such.
 * Loading one faults and is carried out by hv/emulate/segment.c with what is said here.
 */
#ifndef HV_DESCRIPTOR_H
#define HV_DESCRIPTOR_H

#include <hv/hv.h>

#define DESC_ACCESSED	(1UL << 40)
#define DESC_WRITE	(1UL << 41)	/* data: writable; code: readable */
#define DESC_CONFORMING	(1UL << 42)	/* of code */
#define DESC_CODE	(1UL << 43)
#define DESC_S		(1UL << 44)	/* code or data, not a system descriptor */
#define DESC_DPL_SHIFT	45
#define DESC_P		(1UL << 47)
#define DESC_L		(1UL << 53)
#define DESC_DB		(1UL << 54)

static inline uint32_t descriptor_base(uint64_t desc)
{
	return (uint32_t)(desc >> 16 & 0xffffff) | (uint32_t)(desc >> 56) << 24;
}

/* May it stand in a table?  Mends its privilege as Xen does; 0 = no. */
int descriptor_check(uint64_t *desc);
/* The frame becomes a descriptor page: all of it is checked and mended.  0 or -EINVAL. */
int descriptor_page_validate(uint64_t mfn);
/* A frame the table used is used no more, or a new table: 0 or -EINVAL.  With mm_lock held. */
int gdt_set(const uint64_t *mfn, unsigned int entries);
void ldt_set(uint64_t va, uint32_t entries);

/* What the selector names; 0 = beyond the table.  Takes LDT pages into use. */
int descriptor_read(uint16_t sel, uint64_t *desc);

/* Would the processor load this selector in ring 3?  0 = no: *error_code and *vector of the
 * fault.  Data: DS ES FS GS, null allowed.  Code: 64-bit only, what the kernel can return to. */
int selector_data_ok(uint16_t sel, unsigned int *vector, uint32_t *error_code);
int selector_stack_ok(uint16_t sel, uint32_t *error_code);
int selector_code_ok(uint16_t sel, uint32_t *error_code);

#endif
