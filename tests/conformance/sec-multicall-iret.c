/* SPDX-License-Identifier: MIT */
/*
 * multicall: an iret in a batch, and a batch in a batch.
 *
 * What an attacker would gain: a batch that went on after the switch of context would run its next entries as user mode with
 * the kernel's right to make hypercalls, or write results to where the new context points.
 *
 * covers: multicall bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "multicall: nested batches and what changes the context";

static multicall_entry_t m[4], inner[2];

void test_main(void)
{
	memset(m, 0, sizeof(m));
	memset(inner, 0, sizeof(inner));
	inner[0].op = __HYPERVISOR_xen_version;
	inner[1].op = __HYPERVISOR_xen_version;
	m[0].op = __HYPERVISOR_multicall;
	m[0].args[0] = (unsigned long)inner;
	m[0].args[1] = 2;
	m[1].op = __HYPERVISOR_stack_switch;
	m[1].args[0] = FLAT_KERNEL_SS;
	m[1].args[1] = (unsigned long)stack_end;
	m[2].op = __HYPERVISOR_set_segment_base;
	m[2].args[0] = SEGBASE_FS;
	m[2].args[1] = 0x800000000000;
	m[3].op = __HYPERVISOR_xen_version;
	answer("batch", (uint64_t)HC(multicall, (long)m, 4L));
	answer("nested", m[0].result);
	answer("nested.inner", inner[0].result | inner[1].result);
	answer("stack", m[1].result);
	answer("bad-base", m[2].result);
	answer("last", m[3].result);
	/* The count has 32 bits. */
	answer("count.high-bits", (uint64_t)HC(multicall, (long)m, 0x100000000L));
	test_success("");
}
