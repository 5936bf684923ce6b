/* SPDX-License-Identifier: MIT */
/* What runs at boot, and what the boot loader gave us. */
#ifndef PV_INIT_H
#define PV_INIT_H

#include <pv/types.h>

/* In this order; within a level in link order. All in thread context with everything of
 * the kernel core up: memory, threads, timers, events, grants, console, store. */
enum init_level {
	INIT_CORE,	/* core services, ours */
	INIT_DRIVER,	/* driver_register, caches */
	INIT_FS,	/* after xenbus has looked for devices: register fs, unpack initrd, mount root */
	INIT_LATE,
};
struct initcall {
	enum init_level level;
	int (*fn)(void);	/* 0 or -errno, which is logged */
	const char *name;
};
#define INITCALL(init_level, init_fn)                                                    \
	static const struct initcall initcall_##init_fn                                  \
		__attribute__((used, section("initcalls"), aligned(8))) = {              \
			init_level, init_fn, #init_fn }

/* The initrd the builder loaded, mapped and never reused: start, or NULL; *len its bytes. */
const void *boot_initrd(size_t *len);

/* Kernel command line: value of key=value (quotes removed), or NULL. "" for a bare key. */
const char *cmdline_get(const char *key);
bool cmdline_has(const char *key);

/* What runs before the domain goes down (sync file systems); thread context. Last registered first. */
void shutdown_hook(void (*fn)(void));
/* Runs the hooks now and keeps them (sysrq s). Hooks must bear running again. */
void sync_hooks_run(void);
/* Runs the hooks, flushes the console, then SCHEDOP_shutdown(SHUTDOWN_*). */
void machine_shutdown(unsigned int reason) __attribute__((noreturn));

#endif
