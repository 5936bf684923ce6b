/* SPDX-License-Identifier: MIT */
/* Writable page tables: stores of the guest's kernel to its own L1 tables, carried out for it. */
#ifndef HV_PTWR_H
#define HV_PTWR_H

#include <hv/mm.h>

/* What a store does with the old value of its place. */
enum store_op {
	STORE_ADD, STORE_OR, STORE_ADC, STORE_SBB, STORE_AND, STORE_SUB, STORE_XOR,	/* as encoded */
	STORE_MOV, STORE_XCHG, STORE_XADD, STORE_CMPXCHG, STORE_CMPXCHG8B,
	STORE_BTS, STORE_BTR, STORE_BTC, STORE_INC, STORE_DEC, STORE_NOT, STORE_NEG,
	STORE_STOS, STORE_MOVS,
};

struct store_insn {
	enum store_op op;
	unsigned int bytes;		/* operand size: 1, 2, 4, 8 */
	unsigned int length;		/* of the instruction */
	unsigned int rep, rex;
	unsigned int reg;		/* register operand, where there is one */
	int has_imm;
	uint64_t imm;			/* sign-extended immediate, or the register's value */
	uint64_t ea;			/* linear address of the place */
};

/* ptwr_decode.c: the instruction at vcpu.regs.rip, if it is a store of the kinds above; 0 if not. */
int store_decode(struct store_insn *in);
uint64_t *guest_reg(unsigned int n);
uint64_t guest_reg_get(const struct store_insn *in, unsigned int n);
void guest_reg_set(const struct store_insn *in, unsigned int n, uint64_t val);

/* ptwr.c: the write fault at cr2, whose translation is w.  1: done, the guest goes on after the
 * instruction; 0: the fault is the guest's. */
int ptwr_page_fault(uint64_t cr2, const struct walk *w);

#endif
