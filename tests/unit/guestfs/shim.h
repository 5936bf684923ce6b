/* SPDX-License-Identifier: MIT */
/* What tests see and steer of the guest kernel's core on the host. */
#ifndef GUESTFS_SHIM_H
#define GUESTFS_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHIM_LOG_BYTES 65536

extern char shim_log[SHIM_LOG_BYTES];	/* what printk and eprintf said */
extern int64_t shim_time;		/* the wall clock, seconds */
extern unsigned long shim_free_pages;	/* what mem_stats says */
extern bool shim_interrupted;		/* ^C */
extern char *shim_out;			/* what commands printed */
extern size_t shim_out_len;
void shim_out_clear(void);
/* printf of the commands under test. */
int shim_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
