/* SPDX-License-Identifier: MIT */
/* The machine's side of a fuzzed domain: see hv_machine.c. */
#ifndef TESTS_FUZZ_HV_MACHINE_H
#define TESTS_FUZZ_HV_MACHINE_H

#include "tests/fuzz/hv.h"

void fuzz_machine_reset(void);
int64_t fuzz_machine(const struct pvn_request *q, struct pvn_reply *r);
/* The image and the machine agree whose the frames are, and no frame lent to the domain is mapped
 * more often than it was lent. */
void fuzz_machine_check(void);

#endif
