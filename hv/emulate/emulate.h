/* SPDX-License-Identifier: MIT */
/* What the files of the emulator share.  The way in is emulate_privileged (hv/guest.h). */
#ifndef HV_EMULATE_EMULATE_H
#define HV_EMULATE_EMULATE_H

#include <hv/emulate/decode.h>

enum emul {
	EMUL_unhandled,	/* the fault is the guest's to take */
	EMUL_done,	/* go on behind the instruction */
	EMUL_again,	/* part of it is done: execute it again */
	EMUL_moved,	/* rip has been set, or another fault delivered */
};

enum emul emulate_io(const struct insn *i);		/* in, out, ins, outs */
enum emul emulate_segment(const struct insn *i);	/* a selector was refused by the processor */
int iopl_ok(void);

/* 1, or 0: #GP */
int msr_read(uint32_t msr, uint64_t *val);
int msr_write(uint32_t msr, uint64_t val);

/* The processor as a PV guest sees it: out = eax, ebx, ecx, edx. */
void guest_cpuid(uint32_t leaf, uint32_t sub, uint32_t *out);
uint64_t guest_xcr0_max(void);		/* 0: no XSAVE */

#endif
