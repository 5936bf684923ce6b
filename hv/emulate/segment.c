/* SPDX-License-Identifier: MIT */
/*
 * Loads of segment registers that the processor refused, because the selectors are the guest's (or
 * Xen's own: e033, e02b, e023) and its tables are the host's.
 *
 * What such a load does in 64-bit mode is done here: FS and GS get the descriptor's base, far
 * returns and jumps go where they lead, DS, ES and SS need nothing but the check.  For DS and ES
 * the host's flat selector stands in, so that a later null selector can be told from it.
 */
#include <hv/descriptor.h>
#include <hv/emulate/emulate.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>

#define FRAME_CS	FLAT_KERNEL_CS	/* what a far call pushes */

static enum emul fault(unsigned int vector, uint32_t error_code)
{
	guest_trap(vector, error_code);
	return EMUL_moved;
}

/* seg: 0 es, 2 ss, 3 ds, 4 fs, 5 gs. */
static enum emul load_segment(unsigned int seg, uint16_t sel)
{
	unsigned int vector = TRAP_GP;
	uint32_t error_code;
	uint64_t d = 0;

	if (seg == 2 ? !selector_stack_ok(sel, &error_code) : !selector_data_ok(sel, &vector, &error_code))
		return fault(vector, error_code);
	descriptor_read(sel, &d);
	switch (seg) {
	case 0:
	case 3:
		vcpu.data_sel[seg == 0] = sel;
		platform_set_data_selector(seg == 0);
		break;
	case 4:
	case 5:
		platform_set_segment_base(seg == 5, sel > 3 ? descriptor_base(d) : 0);
		break;
	}
	return EMUL_done;
}

static enum emul mov_to_segment(const struct insn *i)
{
	unsigned int seg = i->modrm >> 3 & 7;
	uint64_t va;
	uint16_t sel;

	if (seg == 1 || seg > 5)
		return EMUL_unhandled;
	if (MODRM_MOD(i) == 3) {
		sel = (uint16_t)*insn_reg(MODRM_RM(i));
	} else {
		va = insn_address(i);
		if (copy_from_guest(&sel, va, sizeof(sel)))
			return EMUL_unhandled;
	}
	return load_segment(seg, sel);
}

static enum emul pop_segment(const struct insn *i)
{
	enum emul result;
	uint16_t sel;

	if (copy_from_guest(&sel, vcpu.regs.rsp, sizeof(sel)))
		return EMUL_unhandled;
	result = load_segment(i->opcode == 0x0fa1 ? 4 : 5, sel);
	if (result == EMUL_done)
		vcpu.regs.rsp += i->opsize16 ? 2 : 8;
	return result;
}

/* lss, lfs, lgs: offset, then selector. */
static enum emul load_far_pointer(const struct insn *i)
{
	unsigned int bytes = REX_W(i) ? 8 : i->opsize16 ? 2 : 4;
	uint64_t va = insn_address(i), off = 0, *reg = insn_reg(MODRM_REG(i));
	enum emul result;
	uint16_t sel;

	if (MODRM_MOD(i) == 3 || copy_from_guest(&off, va, bytes) ||
	    copy_from_guest(&sel, va + bytes, sizeof(sel)))
		return EMUL_unhandled;
	result = load_segment(i->opcode == 0x0fb2 ? 2 : i->opcode & 7, sel);
	if (result == EMUL_done)
		*reg = bytes == 2 ? (*reg & ~0xffffUL) | off : off;
	return result;
}

static int canonical(uint64_t va)
{
	return (va >> 47) == 0 || (va >> 47) == 0x1ffff;
}

/* n words of the operand size from the stack. */
static int read_stack(uint64_t *w, unsigned int n, unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		w[i] = 0;
		if (copy_from_guest(&w[i], vcpu.regs.rsp + i * bytes, bytes))
			return 0;
	}
	return 1;
}

static unsigned int stack_bytes(const struct insn *i)
{
	return REX_W(i) ? 8 : i->opsize16 ? 2 : 4;
}

/* iret inside the kernel.  Unlike the hypercall's, its faults are at the instruction. */
static enum emul iret(const struct insn *i)
{
	uint64_t w[5];
	struct return_frame f;
	uint32_t error_code = 0;

	if (!read_stack(w, 5, stack_bytes(i)))
		return EMUL_unhandled;
	if (!selector_code_ok((uint16_t)w[1], &error_code) || !selector_stack_ok((uint16_t)w[4], &error_code))
		return fault(TRAP_GP, error_code);
	if (!canonical(w[0]))
		return fault(TRAP_GP, 0);
	f = (struct return_frame){ w[0], w[1], w[2], w[3], w[4] };
	guest_return_to(&f);
	return EMUL_moved;
}

/* lret, lret n: to the same privilege, there is no other. */
static enum emul far_return(const struct insn *i)
{
	unsigned int bytes = stack_bytes(i);
	uint32_t error_code = 0;
	uint64_t w[2];

	if (!read_stack(w, 2, bytes))
		return EMUL_unhandled;
	if (!selector_code_ok((uint16_t)w[1], &error_code))
		return fault(TRAP_GP, error_code);
	if (!canonical(w[0]))
		return fault(TRAP_GP, 0);
	vcpu.regs.rip = w[0];
	vcpu.regs.rsp += 2 * bytes + i->imm;
	return EMUL_moved;
}

/* ljmp and lcall through memory. */
static enum emul far_branch(const struct insn *i)
{
	unsigned int bytes = REX_W(i) ? 8 : i->opsize16 ? 2 : 4, op = i->modrm >> 3 & 7;
	uint64_t va = insn_address(i), off = 0, w[2] = { vcpu.regs.rip + i->length, FRAME_CS };
	uint32_t error_code;
	uint16_t sel;
	unsigned int n;

	if ((op != 3 && op != 5) || MODRM_MOD(i) == 3 || copy_from_guest(&off, va, bytes) ||
	    copy_from_guest(&sel, va + bytes, sizeof(sel)))
		return EMUL_unhandled;
	if (!selector_code_ok(sel | 3, &error_code))
		return fault(TRAP_GP, error_code);
	for (n = 0; op == 3 && n < 2; n++)
		if (copy_to_guest(vcpu.regs.rsp - (2 - n) * bytes, &w[n], bytes))
			return EMUL_unhandled;
	if (op == 3)
		vcpu.regs.rsp -= 2 * bytes;
	vcpu.regs.rip = off;
	return EMUL_moved;
}

enum emul emulate_segment(const struct insn *i)
{
	switch (i->opcode) {
	case 0x8e:
		return mov_to_segment(i);
	case 0x0fa1: case 0x0fa9:
		return pop_segment(i);
	case 0x0fb2: case 0x0fb4: case 0x0fb5:
		return load_far_pointer(i);
	case 0xcf:
		return iret(i);
	case 0xca: case 0xcb:
		return far_return(i);
	case 0xff:
		return far_branch(i);
	}
	return EMUL_unhandled;
}

/* A selector that was good when it was loaded may have lost its descriptor; the processor finds out
 * when it switches back to this vCPU, and the guest is told by its failsafe callback. */
void segments_reload(void)
{
	struct data_selectors sel = { 0 };
	unsigned int vector, n, bad = 0;
	uint16_t now[2];
	uint32_t error_code;

	for (n = 0; n < 2; n++) {
		if (vcpu.data_sel[n] && !platform_data_selector_kept(n))
			vcpu.data_sel[n] = 0; /* a null selector came since */
		now[n] = vcpu.data_sel[n];
		if (now[n] && !selector_data_ok(now[n], &vector, &error_code)) {
			vcpu.data_sel[n] = 0;
			bad = 1;
		}
	}
	if (!bad)
		return;
	sel.ds = now[0];
	sel.es = now[1];
	guest_failsafe(&sel);
}
