/* SPDX-License-Identifier: MIT */
/* Pins of mapped grants: struct pvn_pin (include/paravane/shared.h). */
#ifndef LIBS_UTIL_PINS_H
#define LIBS_UTIL_PINS_H

#include <stdbool.h>
#include <stdint.h>

/* One mapping of gref (below PVN_MAX_GREFS) less in the page set at `shared`; the last one clears
 * the entry's GTF_reading/GTF_writing.  Bounded whatever the domain does meanwhile. */
void pvn_pin_drop(uint8_t *shared, uint32_t gref, bool writable);

#endif
