/* SPDX-License-Identifier: MIT */
/*
 * One instruction of the guest, taken apart: as much of it as the emulator needs.
 *
 * The bytes are the guest's and were copied once; nothing outside of `bytes` is read, and no length
 * is believed beyond the 15 bytes a processor takes.
 */
#ifndef HV_EMULATE_DECODE_H
#define HV_EMULATE_DECODE_H

#include <hv/hv.h>

#define INSN_MAX	15

enum insn_seg { SEG_none, SEG_es, SEG_cs, SEG_ss, SEG_ds, SEG_fs, SEG_gs };

/* Opcodes: one byte as it is, 0f xx as 0x0fxx. */
struct insn {
	uint8_t bytes[INSN_MAX];
	uint8_t available;		/* bytes that could be read */
	uint8_t length;			/* of the instruction */
	uint8_t rex;			/* 0 = none */
	uint8_t rep;			/* f2 or f3, 0 = none */
	uint8_t seg;			/* enum insn_seg, of a prefix */
	uint8_t lock, opsize16, addr32;
	uint16_t opcode;
	uint8_t modrm, has_modrm;
	uint8_t sib;
	int32_t disp;
	uint64_t imm;			/* as far as the opcode has one */
};

#define REX_W(i)	((i)->rex & 8)
#define MODRM_MOD(i)	((i)->modrm >> 6)
#define MODRM_REG(i)	(((i)->modrm >> 3 & 7) | ((i)->rex & 4 ? 8 : 0))
#define MODRM_RM(i)	(((i)->modrm & 7) | ((i)->rex & 1 ? 8 : 0))

/* Takes i->bytes[0 .. available) apart; 0 = not an instruction we know the length of. */
int insn_decode(struct insn *i);
/* Bytes at rip, as many as the guest could execute there; then insn_decode. */
int insn_fetch(struct insn *i, uint64_t rip);

uint64_t *insn_reg(unsigned int n);	/* in vcpu.regs */
uint64_t insn_segment_base(const struct insn *i);	/* of its prefix: only FS and GS have one */
/* The linear address of the memory operand, segment base included. */
uint64_t insn_address(const struct insn *i);

#endif
