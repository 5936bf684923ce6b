/* SPDX-License-Identifier: MIT */
/* The console: the shared ring of a domU, the hypervisor's console for early words and a dom0. */
#ifndef PV_CONSOLE_H
#define PV_CONSOLE_H

#include <pv/types.h>

void console_write(const char *s, size_t n);	/* any context; \n becomes \r\n */
void console_putc(int c);
/* Set by panic: everything is printed, quiet or not, and the hypervisor console hears it too. */
extern bool console_urgent;
int console_getc_until(bool (*stop)(void *), void *arg); /* -1: stop said so; it is asked on console_wake */
void console_wake(void);
int console_getc(void);				/* waits; 0..255 */
/* One line, edited: backspace, ^U, ^W, ^C (returns -EINTR), ^D on an empty line (-ENODATA).
 * Returns its length; the newline is not in it. */
int console_readline(const char *prompt, char *buf, size_t size);
/* true if ^C has come since the last look; long-running commands ask. */
bool console_interrupted(void);
/* Waits until all output is taken by the other side, or ns passed. */
void console_flush(uint64_t ns);

#endif
