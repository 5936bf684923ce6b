/* SPDX-License-Identifier: MIT */
/* Instruction decoder: prefixes, REX, ModRM, SIB, displacement; for 64-bit code. */
#include <hv/emulate/decode.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>

static int more(const struct insn *i, unsigned int n)
{
	return i->length + n <= i->available;
}

/* Legacy prefixes in any order and number, then at most one REX that counts: the last byte. */
static int decode_prefixes(struct insn *i)
{
	for (; more(i, 1); i->length++) {
		switch (i->bytes[i->length]) {
		case 0x26: i->seg = SEG_es; break;
		case 0x2e: i->seg = SEG_cs; break;
		case 0x36: i->seg = SEG_ss; break;
		case 0x3e: i->seg = SEG_ds; break;
		case 0x64: i->seg = SEG_fs; break;
		case 0x65: i->seg = SEG_gs; break;
		case 0x66: i->opsize16 = 1; break;
		case 0x67: i->addr32 = 1; break;
		case 0xf0: i->lock = 1; break;
		case 0xf2:
		case 0xf3: i->rep = i->bytes[i->length]; break;
		case 0x40 ... 0x4f:
			i->rex = i->bytes[i->length];
			continue; /* and is void if another prefix follows */
		default:
			return 1;
		}
		i->rex = 0;
	}
	return 0;
}

static int take(struct insn *i, unsigned int n, uint64_t *val)
{
	if (!more(i, n))
		return 0;
	*val = 0;
	memcpy(val, &i->bytes[i->length], n);
	i->length += (uint8_t)n;
	return 1;
}

static int decode_modrm(struct insn *i)
{
	unsigned int mod, bytes;
	uint64_t v;

	if (!take(i, 1, &v))
		return 0;
	i->modrm = (uint8_t)v;
	i->has_modrm = 1;
	mod = MODRM_MOD(i);
	if (mod == 3)
		return 1;
	bytes = mod == 1 ? 1 : mod == 2 ? 4 : (i->modrm & 7) == 5 ? 4 : 0;
	if ((i->modrm & 7) == 4) {
		if (!take(i, 1, &v))
			return 0;
		i->sib = (uint8_t)v;
		if (mod == 0 && (v & 7) == 5)
			bytes = 4;
	}
	if (bytes && !take(i, bytes, &v))
		return 0;
	if (bytes)
		i->disp = bytes == 1 ? (int8_t)v : (int32_t)v;
	return 1;
}

/* The opcodes the emulator is asked about; all others have no length here. */
static int decode_operands(struct insn *i)
{
	switch (i->opcode) {
	case 0xe4: case 0xe5: case 0xe6: case 0xe7:	/* in, out: port */
	case 0xcd:					/* int n */
		return take(i, 1, &i->imm);
	case 0xca:					/* lret n */
		return take(i, 2, &i->imm);
	case 0x6c: case 0x6d: case 0x6e: case 0x6f:	/* ins, outs */
	case 0xec: case 0xed: case 0xee: case 0xef:	/* in, out: dx */
	case 0xcb: case 0xcf:				/* lret, iret */
	case 0xfa: case 0xfb: case 0xf4:		/* cli, sti, hlt */
	case 0x0f06: case 0x0f08: case 0x0f09:		/* clts, invd, wbinvd */
	case 0x0f30: case 0x0f31: case 0x0f32:		/* wrmsr, rdtsc, rdmsr */
	case 0x0fa1: case 0x0fa9: case 0x0fa2:		/* pop fs, pop gs, cpuid */
		return 1;
	case 0x8e: case 0xff:				/* mov sreg; far call and jump */
	case 0x0f01: case 0x0f00:
	case 0x0fb2: case 0x0fb4: case 0x0fb5:		/* lss, lfs, lgs */
		return decode_modrm(i);
	case 0x0f20: case 0x0f21: case 0x0f22: case 0x0f23:
		/* mov cr, dr: registers, whatever the mode bits say */
		if (!take(i, 1, &i->imm))
			return 0;
		i->modrm = (uint8_t)i->imm | 0xc0;
		i->has_modrm = 1;
		return 1;
	}
	return 0;
}

int insn_decode(struct insn *i)
{
	uint64_t v;

	if (i->available > INSN_MAX)
		i->available = INSN_MAX;
	if (!decode_prefixes(i) || !take(i, 1, &v))
		return 0;
	i->opcode = (uint16_t)v;
	if (v == 0x0f) {
		if (!take(i, 1, &v))
			return 0;
		i->opcode = (uint16_t)(0x0f00 | v);
	}
	return decode_operands(i);
}

int insn_fetch(struct insn *i, uint64_t rip)
{
	memset(i, 0, sizeof(*i));
	while (i->available < INSN_MAX && !copy_from_guest(&i->bytes[i->available], rip + i->available, 1))
		i->available++;
	return insn_decode(i);
}

uint64_t *insn_reg(unsigned int n)
{
	struct cpu_regs *r = &vcpu.regs;
	uint64_t *const map[16] = {
		&r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi, &r->rdi,
		&r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15,
	};

	return map[n & 15];
}

static uint64_t sib_address(const struct insn *i)
{
	unsigned int base = i->sib & 7, index = (i->sib >> 3 & 7) | (i->rex & 2 ? 8 : 0);
	uint64_t a = 0;

	if (base != 5 || MODRM_MOD(i) != 0)
		a = *insn_reg(base | (i->rex & 1 ? 8 : 0));
	if (index != 4)
		a += *insn_reg(index) << (i->sib >> 6);
	return a;
}

uint64_t insn_segment_base(const struct insn *i)
{
	return i->seg == SEG_fs || i->seg == SEG_gs ? platform_get_segment_base(i->seg == SEG_gs) : 0;
}

uint64_t insn_address(const struct insn *i)
{
	unsigned int rm = i->modrm & 7;
	uint64_t a;

	if (rm == 4)
		a = sib_address(i);
	else if (rm == 5 && MODRM_MOD(i) == 0)
		a = vcpu.regs.rip + i->length;
	else
		a = *insn_reg(MODRM_RM(i));
	a += (uint64_t)(int64_t)i->disp;
	if (i->addr32)
		a = (uint32_t)a;
	return a + insn_segment_base(i);
}
