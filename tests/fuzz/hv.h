/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets of the hv image's code have in common: a domain on the shim, a machine
 * that answers it, arguments chosen by the tape, and the invariants.
 */
#ifndef TESTS_FUZZ_HV_H
#define TESTS_FUZZ_HV_H

#include <setjmp.h>
#include "tests/fuzz/tape.h"
#include "tests/unit/hv_mm_check.h"
#include "tests/unit/hv_shim.h"

#define ARG_PFN		60UL	/* two pages the guest has its arguments in */
#define ARG		(ARG_PFN << PAGE_SHIFT)
#define ARG_BYTES	8192U
#define ALL_FRAMES	(2 * SHIM_PAGES)	/* populated or not */
#define LENT_MFN	0x80000UL	/* frames of another domain, domid 9, granted as references 0.. */
#define LENT_FRAMES	8

/* The domain is back at its start; everything it maps is validated. */
void fuzz_reset(void);

/*
 * Where the domain's end leads: `if (fuzz_alive()) ...` before each run of its code.  0 when it
 * crashed or ended; an internal inconsistency (BUG) is a finding and aborts.
 */
extern jmp_buf fuzz_end;
#define fuzz_alive() (setjmp(fuzz_end) == 0)

/* Anything an argument may be: small, a frame, an entry, an address, nonsense. */
uint64_t fuzz_value(struct tape *t);
/* Have the guest write up to three values into its argument pages. */
void fuzz_write_arguments(struct tape *t);
/* The hypercall, and the rest of it as often as it is interrupted (bit 0 of `how`: by events). */
long fuzz_call(uint64_t nr, const uint64_t a[5], uint8_t how);

/* Every invariant.  strict: nothing but page tables holds references (hv_mm_check.h). */
void fuzz_check(int strict);

#endif
