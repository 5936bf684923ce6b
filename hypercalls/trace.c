/* SPDX-License-Identifier: MIT */
/*
 * Names for what paravaned --trace logs: each hypercall with its sub-operation and result.
 * Called by hypercall_dispatch after the handler; trusts nothing, formats numbers only.
 */
#include <hypercalls/dispatch.h>
#include <hypercalls/subops.h>
#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define MEMOP_CMD_MASK	0x3f	/* what is above counts extents done */

static const char *const names[] = {
#define X(name, args, served, brief) [__HYPERVISOR_##name] = #name,
	HYPERCALL_TABLE(X)
#undef X
};

static const struct {
	uint64_t nr, cmd;
	const char *name;
} subops[] = {
#define S(call, constant, name, served, argument, results) { __HYPERVISOR_##call, constant, #name },
	HYPERCALL_SUBOPS(S)
#undef S
};

/* The sub-operation of a call whose first argument says which; of lists of requests each has its own. */
static const char *subop(uint64_t nr, uint64_t a1)
{
	uint64_t cmd = nr == __HYPERVISOR_memory_op ? a1 & MEMOP_CMD_MASK : (uint32_t)a1;
	size_t i;

	if (nr == __HYPERVISOR_mmu_update || nr == __HYPERVISOR_mmuext_op)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(subops); i++)
		if (subops[i].nr == nr && subops[i].cmd == cmd)
			return subops[i].name;
	return NULL;
}

void hypercall_trace(uint64_t nr, uint64_t a1, long ret)
{
	const char *name = nr < ARRAY_SIZE(names) ? names[nr] : NULL, *sub = subop(nr, a1);

	if (name && sub)
		machine_log("%s.%s -> %ld", name, sub, ret);
	else if (name)
		machine_log("%s(%#lx) -> %ld", name, a1, ret);
}
