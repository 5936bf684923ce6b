/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says (printk: log buffer, and the console unless quiet) and what a command
 * prints (printf: the running command's output, which the shell may have redirected).
 */
#ifndef PV_PRINTK_H
#define PV_PRINTK_H

#include <pv/types.h>
#if __STDC_HOSTED__
#include <stdio.h>
#endif

/* Any context. A line ends with \n. */
void printk(const char *fmt, ...) PRINTF_LIKE(1, 2);
void vprintk(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

/* Prints, shows the stack, then SCHEDOP_shutdown(crash) (or what panic= says). */
void panic(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));

#define BUG_ON(cond) do { if (unlikely(cond)) \
	panic("bug: %s at %s:%d\n", #cond, __FILE__, __LINE__); } while (0)
#define WARN_ON(cond) ({ bool warn_c = (cond); if (unlikely(warn_c)) \
	printk("warning: %s at %s:%d\n", #cond, __FILE__, __LINE__); warn_c; })

#if !__STDC_HOSTED__
/* Output of the running shell command. Thread context. */
int printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
#endif
/* The same for bytes. Returns n, or -errno (a redirection may fail: disk full). */
ssize_t out_write(const void *buf, size_t n);
/* Errors of a command: always the console, never redirected. */
void eprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
