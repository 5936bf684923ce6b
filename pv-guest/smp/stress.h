/* SPDX-License-Identifier: MIT */
/* Between the files of the stress command. */
#ifndef PV_STRESS_H
#define PV_STRESS_H

#include <pv/cpu.h>
#include <pv/types.h>

struct stress {
	const char *name;
	unsigned int workers;		/* threads; 0: two for each vCPU */
	/* One round of worker w; false after stress_fail. */
	bool (*round)(struct stress *s, unsigned int w);
	bool (*begin)(struct stress *s);	/* may be NULL, like the next */
	bool (*end)(struct stress *s);	/* the last check, when all workers have ended */
	/* The frame's. */
	volatile bool stop, failed;
	unsigned int running;
	uint64_t operations;
};

/* Says why, once. Always false. */
bool stress_fail(struct stress *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

extern struct stress stress_lock, stress_ipi, stress_tlb, stress_balloon, stress_clock;

#endif
