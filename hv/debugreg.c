/* SPDX-License-Identifier: MIT */
/*
 * The virtual debug registers, by Xen's rules.
 *
 * Called by set_debugreg and get_debugreg, by the emulation of MOV DR and at start of day.  They
 * are stored and read back; breakpoints never strike, because a process without a tracer cannot
 * load the processor's registers.  Single-stepping and INT3 need none of them and work.
 */
#include <hv/guest.h>

#define CR4_DE		0x008UL
#define DR6_ONES	0xffff0ff0UL
#define DR6_ZEROES	(~0xffffefffUL)
#define DR7_ONES	0x00000400UL
#define DR7_ZEROES	(~0xffff27ffUL)
#define DR7_GD		0x00002000UL
#define DR7_ACTIVE	0x000000ffUL
#define RW_IO		2U

/* A breakpoint may watch what a guest may name: not the hypervisor's range. */
static int address_ok(uint64_t va)
{
	return va < 0x800000000000UL || va >= 0xffff880000000000UL;
}

static int set_control(uint64_t val)
{
	uint64_t io = 0;
	unsigned int i;

	if (val >> 32)
		return -XEN_EINVAL;
	val = (val & ~DR7_ZEROES) | DR7_ONES;
	if (val & DR7_GD)
		return -XEN_EPERM;
	for (i = 0; val & DR7_ACTIVE && i < 4; i++) {
		if ((val >> (16 + 4 * i) & 3) != RW_IO)
			continue;
		if (!(vcpu.cr4 & CR4_DE))
			return -XEN_EPERM;
		io |= val & 3UL << (2 * i);
	}
	vcpu.dr7_io = io;
	vcpu.dr7 = val & ~io;
	return 0;
}

int debugreg_set(unsigned int reg, uint64_t val)
{
	if ((reg == 4 || reg == 5) && vcpu.cr4 & CR4_DE)
		return -XEN_ENODEV;
	switch (reg) {
	case 0: case 1: case 2: case 3:
		if (!address_ok(val))
			return -XEN_EPERM;
		vcpu.dr[reg] = val;
		return 0;
	case 4: case 6:
		if (val >> 32)
			return -XEN_EINVAL;
		vcpu.dr6 = (val & ~DR6_ZEROES) | DR6_ONES;
		return 0;
	case 5: case 7:
		return set_control(val);
	}
	return -XEN_ENODEV;
}

int debugreg_get(unsigned int reg, uint64_t *val)
{
	if ((reg == 4 || reg == 5) && vcpu.cr4 & CR4_DE)
		return -XEN_ENODEV;
	switch (reg) {
	case 0: case 1: case 2: case 3:
		*val = vcpu.dr[reg];
		return 0;
	case 4: case 6:
		*val = vcpu.dr6;
		return 0;
	case 5: case 7:
		*val = vcpu.dr7 | vcpu.dr7_io;
		return 0;
	}
	return -XEN_ENODEV;
}
