/* SPDX-License-Identifier: MIT */
/* Times taken, for the commands that measure. */
#ifndef PV_GUEST_PERCENTILES_H
#define PV_GUEST_PERCENTILES_H

#include <pv/types.h>

void sort_u32(uint32_t *v, uint64_t n);
void percentiles_print(const char *what, const uint32_t *sorted_ns, uint64_t n);

#endif
