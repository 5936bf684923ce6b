/* SPDX-License-Identifier: MIT */
/* Between console.c and the two places bytes go to. All of these never wait. */
#ifndef PV_CONSOLE_INTERNAL_H
#define PV_CONSOLE_INTERNAL_H

#include <pv/types.h>

/* The domain's shared ring. */
bool ring_init(void);
void ring_connect(void (*event)(void));	/* event: upcall context, ring moved */
size_t ring_put(const char *s, size_t n);	/* as many as fit */
int ring_get(void);			/* -1: nothing */
bool ring_has_input(void);
bool ring_has_space(void);
bool ring_drained(void);

/* The hypervisor's console; needs privilege for input. */
void hvcon_write(const char *s, size_t n);
int hvcon_get(void);

#endif
