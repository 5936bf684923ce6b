/* SPDX-License-Identifier: MIT */
/* The invariants of hv/mm.h, recomputed from the tables themselves. */
#ifndef TESTS_HV_MM_CHECK_H
#define TESTS_HV_MM_CHECK_H

#include <hv/mm.h>

/*
 * Counts every reference that the domain's tables, pins and base pointers hold and compares with
 * the frame table.  Aborts with a line of text where they differ.  `strict`: nothing else
 * holds references; otherwise a frame may have more than are found, never fewer.
 */
void mm_check(int strict);

/* Frames of another domain that entries may name, and how many did when it last looked. */
#define MM_CHECK_LENT_MAX	16
extern uint64_t mm_check_lent_mfn, mm_check_lent_frames;
extern uint32_t mm_check_lent[MM_CHECK_LENT_MAX];

#endif
