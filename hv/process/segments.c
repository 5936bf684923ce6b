/* SPDX-License-Identifier: MIT */
/*
 * Process platform: FS and GS are the guest's.  With FSGSBASE an instruction loads them,
 * else the host is asked.
 */
#include <asm/prctl.h>
#include <hv/guest.h>
#include <hv/platform.h>
#include <hv/process/sys.h>

int platform_have_fsgsbase;

void platform_set_segment_base(int which, uint64_t base)
{
	if (!platform_have_fsgsbase)
		sys3(__NR_arch_prctl, which ? ARCH_SET_GS : ARCH_SET_FS, base, 0);
	else if (which)
		__asm__ volatile("wrgsbase %0" : : "r"(base));
	else
		__asm__ volatile("wrfsbase %0" : : "r"(base));
	*(which ? &vcpu.gs_base_kernel : &vcpu.fs_base) = base;
}

uint64_t platform_get_segment_base(int which)
{
	uint64_t base = which ? vcpu.gs_base_kernel : vcpu.fs_base;

	if (!platform_have_fsgsbase)
		return base;
	if (which)
		__asm__ volatile("rdgsbase %0" : "=r"(base));
	else
		__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

/* The host's flat data segment, the same in all 64-bit Linux processes. */
#define HOST_USER_DS	0x2b

void platform_set_data_selector(int which)
{
	if (which)
		__asm__ volatile("movl %0, %%es" : : "r"(HOST_USER_DS));
	else
		__asm__ volatile("movl %0, %%ds" : : "r"(HOST_USER_DS));
}

int platform_data_selector_kept(int which)
{
	unsigned int sel;

	if (which)
		__asm__ volatile("movl %%es, %0" : "=r"(sel));
	else
		__asm__ volatile("movl %%ds, %0" : "=r"(sel));
	return (sel & 0xffff) == HOST_USER_DS;
}
