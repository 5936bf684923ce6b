/* SPDX-License-Identifier: MIT */
/*
 * Writable page tables (VMASST_TYPE_writable_pagetables): a store of the guest's kernel to a
 * read-only page that is an L1 table is taken as the update it means.
 *
 * Called for write faults.  As on Xen the store must be aligned and lie within one entry, and the
 * new entry passes the checks of mmu_update; else the fault is the guest's, as it was.
 */
#include <hv/guest.h>
#include <hv/ptwr.h>

#define FLAGS_ARITH	0x8d5UL		/* OF SF ZF AF PF CF */
#define FLAG_CF		1UL
#define FLAG_ZF		0x40UL

/* One arithmetic instruction on a register, with the guest's flags before and after it. */
#define RUN(insn, size)									\
	__asm__ volatile("leaq -128(%%rsp), %%rsp; pushq %1; popfq; " insn "; pushfq; popq %1; leaq 128(%%rsp), %%rsp" \
			 : "+q"(val), "+r"(f) : "q"((uint##size##_t)src) : "cc", "memory")
#define ALU(name, mnemonic)								\
	static uint64_t name(unsigned int bytes, uint64_t old, uint64_t src, uint64_t *flags)	\
	{										\
		uint64_t f = (*flags & FLAGS_ARITH) | 2, val = old;			\
											\
		switch (bytes) {							\
		case 1: RUN(mnemonic "b %b2, %b0", 8); break;				\
		case 2: RUN(mnemonic "w %w2, %w0", 16); break;				\
		case 4: RUN(mnemonic "l %k2, %k0", 32); break;				\
		default: RUN(mnemonic "q %q2, %q0", 64);				\
		}									\
		*flags = (*flags & ~FLAGS_ARITH) | (f & FLAGS_ARITH);			\
		return val;								\
	}
ALU(alu_add, "add")
ALU(alu_or, "or")
ALU(alu_adc, "adc")
ALU(alu_sbb, "sbb")
ALU(alu_and, "and")
ALU(alu_sub, "sub")
ALU(alu_xor, "xor")

static uint64_t arithmetic(enum store_op op, unsigned int bytes, uint64_t old, uint64_t src, uint64_t *flags)
{
	static uint64_t (*const fn[])(unsigned int, uint64_t, uint64_t, uint64_t *) = {
		alu_add, alu_or, alu_adc, alu_sbb, alu_and, alu_sub, alu_xor,
	};

	return fn[op](bytes, old, src, flags);
}

static uint64_t one_operand(enum store_op op, unsigned int bytes, uint64_t old, uint64_t *flags)
{
	uint64_t cf = *flags & FLAG_CF, val;

	if (op == STORE_NOT)
		return ~old;
	if (op == STORE_NEG)
		return alu_sub(bytes, 0, old, flags);
	val = op == STORE_INC ? alu_add(bytes, old, 1, flags) : alu_sub(bytes, old, 1, flags);
	*flags = (*flags & ~FLAG_CF) | cf; /* inc and dec leave it */
	return val;
}

static uint64_t bit_op(enum store_op op, uint64_t bit, uint64_t old, uint64_t *flags)
{
	uint64_t mask = 1UL << bit;

	*flags = (*flags & ~FLAG_CF) | (old & mask ? FLAG_CF : 0);
	return op == STORE_BTS ? old | mask : op == STORE_BTR ? old & ~mask : old ^ mask;
}

/* What the registers become once the store has been done. */
struct effect {
	uint64_t rflags;
	int reg;		/* register that gets `val`, -1 = none */
	uint64_t val;
	int no_store;		/* a compare that failed */
};

static uint64_t cmpxchg8b(uint64_t old, struct effect *e)
{
	uint64_t want = vcpu.regs.rdx << 32 | (uint32_t)vcpu.regs.rax;

	e->no_store = old != want;
	e->rflags = (e->rflags & ~FLAG_ZF) | (e->no_store ? 0 : FLAG_ZF);
	return vcpu.regs.rcx << 32 | (uint32_t)vcpu.regs.rbx;
}

static uint64_t cmpxchg(const struct store_insn *in, uint64_t old, uint64_t mask, struct effect *e)
{
	alu_sub(in->bytes, *guest_reg(0), old, &e->rflags);
	e->no_store = (*guest_reg(0) & mask) != (old & mask);
	if (e->no_store) {
		e->reg = 0;
		e->val = old;
	}
	return guest_reg_get(in, in->reg);
}

/* The new value of the place; -1 where the source cannot be read. */
static int compute(const struct store_insn *in, uint64_t old, uint64_t mask, uint64_t *val, struct effect *e)
{
	uint64_t src = in->has_imm ? in->imm : guest_reg_get(in, in->reg);

	switch (in->op) {
	case STORE_MOV:
	case STORE_STOS:
		*val = src;
		return 0;
	case STORE_MOVS:
		return copy_from_guest(val, vcpu.regs.rsi, in->bytes) ? -1 : 0;
	case STORE_XCHG:
		*val = src;
		break;
	case STORE_XADD:
		*val = alu_add(in->bytes, old, src, &e->rflags);
		break;
	case STORE_CMPXCHG:
		*val = cmpxchg(in, old, mask, e);
		return 0;
	case STORE_CMPXCHG8B:
		*val = cmpxchg8b(old, e);
		return 0;
	case STORE_BTS: case STORE_BTR: case STORE_BTC:
		*val = bit_op(in->op, in->imm, old, &e->rflags);
		return 0;
	case STORE_INC: case STORE_DEC: case STORE_NOT: case STORE_NEG:
		*val = one_operand(in->op, in->bytes, old, &e->rflags);
		return 0;
	default:
		*val = arithmetic(in->op, in->bytes, old, src, &e->rflags);
		return 0;
	}
	e->reg = (int)in->reg; /* xchg, xadd: the register gets what was there */
	e->val = old;
	return 0;
}

static void retire(const struct store_insn *in, uint64_t old, const struct effect *e)
{
	struct cpu_regs *r = &vcpu.regs;
	uint64_t step = r->rflags & X86_EFLAGS_DF ? -(uint64_t)in->bytes : in->bytes;
	int again = 0;

	r->rflags = e->rflags & ~X86_EFLAGS_RF;
	if (in->op == STORE_CMPXCHG8B && e->no_store) {
		r->rax = (uint32_t)old;
		r->rdx = old >> 32;
	} else if (e->reg >= 0) {
		guest_reg_set(in, (unsigned int)e->reg, e->val);
	}
	if (in->op == STORE_STOS || in->op == STORE_MOVS) {
		r->rdi += step;
		if (in->op == STORE_MOVS)
			r->rsi += step;
		again = in->rep && --r->rcx; /* the next element faults by itself */
	}
	if (!again)
		r->rip += in->length;
	if (r->rflags & X86_EFLAGS_TF)
		guest_trap(TRAP_DB, NO_ERROR_CODE);
}

static int do_store(uint64_t table, uint64_t offset, const struct store_insn *in)
{
	uint64_t *entry = (uint64_t *)mfn_ptr(table) + offset / 8, was = READ_ONCE(*entry), val = 0;
	unsigned int shift = (offset & 7) * 8;
	uint64_t mask = in->bytes == 8 ? ~0UL : (1UL << (8 * in->bytes)) - 1;
	uint64_t old = was >> shift & mask;
	struct effect e = { .rflags = vcpu.regs.rflags, .reg = -1 };

	if (compute(in, old, mask, &val, &e))
		return 0;
	if (!e.no_store) {
		val = (was & ~(mask << shift)) | (val & mask) << shift;
		if (pt_write_entry(table, 1, (unsigned int)(offset / 8), val, 0))
			return 0;
	}
	retire(in, old, &e);
	return 1;
}

int ptwr_page_fault(uint64_t cr2, const struct walk *w)
{
	uint64_t table = PTE_MFN(w->pte);
	struct store_insn in;
	struct page_info *pg;
	int done = 0;

	if (vcpu.in_user || !(this_domain.vm_assist & 1UL << VMASST_TYPE_writable_pagetables) || (w->pte & _PAGE_RW))
		return 0;
	if (!store_decode(&in) || in.ea != cr2 || (cr2 & (in.bytes - 1)))
		return 0;
	mm_enter();
	pg = mfn_page(table);
	if (pg && pg->type_count && pg->type == PGT_l1)
		done = do_store(table, cr2 & ~PAGE_MASK, &in);
	mm_leave();
	return done;
}
