/* SPDX-License-Identifier: MIT */
/* Between the commands that measure: medians, and the lines that scripts read. */
#ifndef PV_GUEST_SHELL_BENCH_H
#define PV_GUEST_SHELL_BENCH_H

#include <pv/types.h>

void bench_sort(uint64_t *v, size_t n);
/* Median of several runs: picoseconds per call of fn. */
uint64_t bench_measure(void (*fn)(void), unsigned int calls);
/* "bench METRIC VALUE ns" */
void bench_report(const char *metric, uint64_t picoseconds);

#endif
