/* SPDX-License-Identifier: MIT */
/* The machine's console: what Xen prints on its serial line, kept for `xl dmesg`. */
#ifndef PARAVANED_CONSOLE_RING_H
#define PARAVANED_CONSOLE_RING_H

#include <stddef.h>
#include <stdint.h>

struct domain;

#define CONSOLE_RING_BYTES	65536U		/* a power of two */

/* One line of the machine's own, to the log and the ring. */
void machine_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Bytes a domain wrote: prefixed with its number, control characters dropped, rate-limited. */
void console_ring_write(struct domain *d, const char *text, size_t len);

/* Read from index *from on at most len bytes; *from is moved to what was read last.  Bytes. */
size_t console_ring_read(uint32_t *from, char *buf, size_t len);
uint32_t console_ring_start(void);		/* index of the oldest byte kept */
void console_ring_clear(void);

#endif
