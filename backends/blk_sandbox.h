/* SPDX-License-Identifier: MIT */
/*
 * The block backend's sandbox: once everything is set up, a system call filter on all of its threads.
 *
 * What is left is what serving takes: transfers on descriptors that are open, memory, time, and the
 * sockets it has.  No path can be opened, made or removed, nothing executed, no process made or
 * touched, no socket connected but to the store.
 */
#ifndef PVN_BACKENDS_BLK_SANDBOX_H
#define PVN_BACKENDS_BLK_SANDBOX_H

#include <stdbool.h>

/* A build with AddressSanitizer works by calls that the filter refuses: it goes without. */
#ifdef __has_feature
#define BLK_HAS_FEATURE(x)	__has_feature(x)
#else
#define BLK_HAS_FEATURE(x)	0
#endif
#if defined(__SANITIZE_ADDRESS__) || BLK_HAS_FEATURE(address_sanitizer)
#define BLK_SANDBOX_POSSIBLE	false
#else
#define BLK_SANDBOX_POSSIBLE	true
#endif

/*
 * Enter it, for good.  0; *notify is a descriptor for who answers connect() for us, or -1 if the kernel
 * cannot have that asked: then connect() is allowed.  Or -errno: we are in none.
 */
int blk_sandbox_enter(int *notify);

/*
 * Answer one connect() of the sandbox: it gets a new connection to the socket at path, whatever
 * address it asked for.  Called by the opener when notify is readable.
 */
void blk_sandbox_answer(int notify, const char *path);

#endif
