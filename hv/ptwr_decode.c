/* SPDX-License-Identifier: MIT */
/*
 * Which store an instruction is, and where it goes: for the emulation of stores to page tables.
 *
 * Everything a kernel may use on a page-table entry is here: mov, xchg, xadd, cmpxchg, the
 * two-operand arithmetic, bit operations, string stores.  The bytes are copied once.
 */
#include <hv/guest.h>
#include <hv/platform.h>
#include <hv/ptwr.h>

struct decoder {
	uint8_t b[15];
	unsigned int n, i;	/* bytes there are; used */
	unsigned int op16, seg, rex, rep;
	unsigned int mod, reg, rm;
};

uint64_t *guest_reg(unsigned int n)
{
	struct cpu_regs *r = &vcpu.regs;
	uint64_t *const map[16] = {
		&r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi, &r->rdi,
		&r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15,
	};

	return map[n & 15];
}

/* ah ch dh bh: what 4-7 mean of byte operands without REX. */
static int is_high_byte(const struct store_insn *in, unsigned int n)
{
	return in->bytes == 1 && !in->rex && n >= 4 && n < 8;
}

uint64_t guest_reg_get(const struct store_insn *in, unsigned int n)
{
	return is_high_byte(in, n) ? *guest_reg(n - 4) >> 8 : *guest_reg(n);
}

void guest_reg_set(const struct store_insn *in, unsigned int n, uint64_t val)
{
	unsigned int shift = is_high_byte(in, n) ? 8 : 0;
	uint64_t *r = guest_reg(shift ? n - 4 : n), mask;

	if (in->bytes == 8) {
		*r = val;
	} else if (in->bytes == 4) {
		*r = (uint32_t)val;
	} else {
		mask = ((1UL << (8 * in->bytes)) - 1) << shift;
		*r = (*r & ~mask) | (val << shift & mask);
	}
}

static int byte(struct decoder *d, uint8_t *out)
{
	if (d->i >= d->n)
		return 0;
	*out = d->b[d->i++];
	return 1;
}

static int number(struct decoder *d, unsigned int bytes, int64_t *out)
{
	uint64_t v = 0;
	unsigned int k;

	if (d->n - d->i < bytes)
		return 0;
	for (k = 0; k < bytes; k++)
		v |= (uint64_t)d->b[d->i + k] << (8 * k);
	d->i += bytes;
	*out = bytes == 1 ? (int8_t)v : bytes == 2 ? (int16_t)v : bytes == 4 ? (int32_t)v : (int64_t)v;
	return 1;
}

static int prefixes(struct decoder *d, uint8_t *op)
{
	while (byte(d, op)) {
		switch (*op) {
		case 0x66:
			d->op16 = 1;
			break;
		case 0xf2: case 0xf3:
			d->rep = 1;
			break;
		case 0x64: case 0x65:
			d->seg = *op;
			break;
		case 0xf0: case 0x2e: case 0x36: case 0x3e: case 0x26:
			break;
		case 0x40 ... 0x4f:
			d->rex = *op;
			return byte(d, op);
		default:
			return *op != 0x67;
		}
	}
	return 0;
}

/* A memory operand: ModRM, SIB, displacement.  imm: bytes of an immediate that follow (rip-relative). */
static int memory_operand(struct decoder *d, unsigned int imm, uint64_t *ea)
{
	unsigned int index = 4, scale = 0;
	int64_t disp = 0;
	uint64_t a = 0;
	uint8_t m, sib;

	if (!byte(d, &m) || m >> 6 == 3)
		return 0;
	d->mod = m >> 6;
	d->reg = ((m >> 3) & 7) | (d->rex & 4 ? 8 : 0);
	d->rm = m & 7;
	if (d->rm == 4) {
		if (!byte(d, &sib))
			return 0;
		scale = sib >> 6;
		index = ((sib >> 3) & 7) | (d->rex & 2 ? 8 : 0);
		d->rm = sib & 7;
		if (index != 4)
			a = *guest_reg(index) << scale;
	}
	if (d->mod == 0 && d->rm == 5) {
		if (!number(d, 4, &disp))
			return 0;
		if ((m & 7) == 5)
			a = vcpu.regs.rip + d->i + imm;
	} else {
		if (d->mod && !number(d, d->mod == 1 ? 1 : 4, &disp))
			return 0;
		a += *guest_reg(d->rm | (d->rex & 1 ? 8 : 0));
	}
	*ea = a + (uint64_t)disp;
	if (d->seg)
		*ea += platform_get_segment_base(d->seg == 0x65);
	return 1;
}

static int immediate(struct decoder *d, struct store_insn *in, unsigned int bytes)
{
	int64_t v;

	if (!number(d, bytes, &v))
		return 0;
	in->has_imm = 1;
	in->imm = (uint64_t)v;
	return 1;
}

static unsigned int imm_bytes(const struct store_insn *in)
{
	return in->bytes == 8 ? 4 : in->bytes;
}

/* The bit a bt* means; with a register it may lie beyond the operand. */
static int bit_operand(struct store_insn *in)
{
	int64_t bit = (int64_t)in->imm;

	if (!in->has_imm) {
		bit = (int64_t)*guest_reg(in->reg);
		if (in->bytes == 2)
			bit = (int16_t)bit;
		if (in->bytes == 4)
			bit = (int32_t)bit;
		in->ea += (uint64_t)((bit >> (in->bytes == 8 ? 6 : in->bytes == 4 ? 5 : 4)) * (int64_t)in->bytes);
	}
	in->imm = (uint64_t)bit & (in->bytes * 8 - 1);
	in->has_imm = 1;
	return 1;
}

static int decode_0f(struct decoder *d, struct store_insn *in)
{
	uint8_t op;

	if (!byte(d, &op))
		return 0;
	if (op == 0xb0 || op == 0xc0)
		in->bytes = 1;
	if (!memory_operand(d, op == 0xba, &in->ea))
		return 0;
	in->reg = d->reg;
	switch (op) {
	case 0xb0: case 0xb1:
		in->op = STORE_CMPXCHG;
		return 1;
	case 0xc0: case 0xc1:
		in->op = STORE_XADD;
		return 1;
	case 0xc3: /* movnti */
		in->op = STORE_MOV;
		return in->bytes >= 4;
	case 0xc7:
		in->op = STORE_CMPXCHG8B;
		in->bytes = 8;
		return (d->reg & 7) == 1 && !(d->rex & 8);
	case 0xab: case 0xb3: case 0xbb:
		in->op = op == 0xab ? STORE_BTS : op == 0xb3 ? STORE_BTR : STORE_BTC;
		return bit_operand(in);
	case 0xba:
		if ((d->reg & 7) < 5 || !immediate(d, in, 1))
			return 0;
		in->op = STORE_BTS + (d->reg & 7) - 5;
		return bit_operand(in);
	}
	return 0;
}

/* One-byte opcodes with a ModRM whose reg field is part of the opcode. */
static int decode_group(struct decoder *d, struct store_insn *in, uint8_t op)
{
	static const enum store_op not_neg[] = { STORE_NOT, STORE_NEG }, inc_dec[] = { STORE_INC, STORE_DEC };
	unsigned int imm = op == 0x83 || op == 0x80 || op == 0xc6 ? 1 : imm_bytes(in), r;

	if (op >= 0xf6)
		imm = 0;
	if (!memory_operand(d, imm, &in->ea))
		return 0;
	r = d->reg & 7;
	switch (op) {
	case 0x80: case 0x81: case 0x83:
		in->op = STORE_ADD + r;
		return r != 7 && immediate(d, in, imm);
	case 0xc6: case 0xc7:
		in->op = STORE_MOV;
		return r == 0 && immediate(d, in, imm);
	case 0xf6: case 0xf7:
		if (r != 2 && r != 3)
			return 0;
		in->op = not_neg[r - 2];
		return 1;
	default: /* fe, ff */
		if (r > 1)
			return 0;
		in->op = inc_dec[r];
		return 1;
	}
}

static int decode_op(struct decoder *d, struct store_insn *in, uint8_t op)
{
	int64_t moffs;

	switch (op) {
	case 0x80: case 0x81: case 0x83: case 0xc6: case 0xc7: case 0xf6: case 0xf7: case 0xfe: case 0xff:
		return decode_group(d, in, op);
	case 0x86: case 0x87: case 0x88: case 0x89:
		in->op = op < 0x88 ? STORE_XCHG : STORE_MOV;
		break;
	case 0xa2: case 0xa3:
		if (!number(d, 8, &moffs))
			return 0;
		in->op = STORE_MOV;
		in->reg = 0;
		in->ea = (uint64_t)moffs + (d->seg ? platform_get_segment_base(d->seg == 0x65) : 0);
		return 1;
	case 0xa4: case 0xa5: case 0xaa: case 0xab:
		in->op = op < 0xaa ? STORE_MOVS : STORE_STOS;
		in->ea = vcpu.regs.rdi;
		in->reg = 0;
		return op >= 0xaa || !d->seg;
	default:
		if (op >= 0x38 || (op & 7) > 1)
			return 0;
		in->op = STORE_ADD + (op >> 3);
	}
	if (!memory_operand(d, 0, &in->ea))
		return 0;
	in->reg = d->reg;
	return 1;
}

int store_decode(struct store_insn *in)
{
	struct decoder d = { .n = 0 };
	uint8_t op;
	int ok;

	while (d.n < sizeof(d.b) && !copy_from_guest(&d.b[d.n], vcpu.regs.rip + d.n, 1))
		d.n++;
	if (!prefixes(&d, &op))
		return 0;
	*in = (struct store_insn){ .rex = d.rex, .rep = d.rep };
	in->bytes = d.rex & 8 ? 8 : d.op16 ? 2 : 4;
	if (op != 0x0f && op != 0x83 && !(op & 1))
		in->bytes = 1;
	ok = op == 0x0f ? decode_0f(&d, in) : decode_op(&d, in, op);
	in->length = d.i;
	return ok;
}
