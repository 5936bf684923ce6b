/* SPDX-License-Identifier: MIT */
/*
 * Command: trap. Raises exceptions on purpose and checks what the hypervisor reported: vector,
 * error code, address. `trap NAME!` raises it without a fixup, so that the kernel panics.
 */
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/trap.h>
#include <xen/xen.h>
#include <pv/boot.h>

long probe_ud(const void *), probe_gp(const void *), probe_de(const void *), probe_bp(const void *);
long probe_pf_read(const void *), probe_pf_write(const void *);

#define NOWHERE	((const void *)0x7fff0000UL)

struct probe {
	const char *name;
	long (*fn)(const void *);
	const void *arg;	/* also the cr2 expected of a page fault */
	unsigned int vector;
	uint64_t error;
};

static const struct probe probes[] = {
	{ "de", probe_de, NULL, 0, 0 },
	{ "bp", probe_bp, NULL, 3, 0 },
	{ "ud", probe_ud, NULL, 6, 0 },
	{ "gp", probe_gp, NULL, 13, 0 },
	{ "pf", probe_pf_read, NOWHERE, 14, 0 },
	{ "pf-write", probe_pf_write, NOWHERE, 14, 2 },
};

static bool run_probe(const struct probe *p)
{
	bool ok;

	last_trap.vector = ~0U;
	ok = p->fn(p->arg) == 1 && last_trap.vector == p->vector && last_trap.error == p->error &&
	     (p->vector != 14 || last_trap.cr2 == (uint64_t)p->arg);
	printf("trap %s: %s (vector %d, error %lx, cr2 %lx)\n", p->name, ok ? "ok" : "WRONG",
	       (int)last_trap.vector, last_trap.error, last_trap.cr2);
	return ok;
}

/* A write to a page table page, which Xen's rules keep read-only. */
static bool run_readonly(void)
{
	const struct probe p = { "ro", probe_pf_write, (const void *)start_info->pt_base, 14, 3 };

	return run_probe(&p);
}

static void raise_unrecovered(const char *name)
{
	if (strcmp(name, "ud!") == 0)
		__asm__ volatile("ud2");
	else if (strcmp(name, "pf!") == 0)
		*(volatile int *)NOWHERE = 1;
	else if (strcmp(name, "bp!") == 0)
		__asm__ volatile("int3");
}

static int cmd_trap(int argc, char **argv)
{
	unsigned int ran = 0;
	int failed = 0;

	if (argc > 1)
		raise_unrecovered(argv[1]);
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		if (argc > 1 && strcmp(argv[1], probes[i].name) != 0)
			continue;
		ran++;
		failed |= !run_probe(&probes[i]);
	}
	if (argc == 1 || strcmp(argv[1], "ro") == 0) {
		ran++;
		failed |= !run_readonly();
	}
	if (ran == 0 && strcmp(argv[1], "bp!") != 0) {
		eprintf("usage: trap [de|bp|ud|gp|pf|pf-write|ro|ud!|pf!|bp!]\n");
		return 2;
	}
	return failed;
}
SHELL_COMMAND("trap", cmd_trap, "[NAME] - raise exceptions and check what arrives");
