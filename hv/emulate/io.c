/* SPDX-License-Identifier: MIT */
/*
 * Port input and output.  The virtual IOPL or the guest's own bitmap say who may; behind the ports
 * is nothing: reads give all ones, writes vanish.  Two latches are there as on Xen, the index of
 * the real-time clock and the address of PCI configuration space.
 */
#include <hv/emulate/emulate.h>
#include <hv/guest.h>
#include <hv/mm.h>

#define STRING_MAX	1024	/* elements of a rep in one go */
#define PORT_RTC_INDEX	0x70
#define PORT_PCI_ADDRESS 0xcf8

int iopl_ok(void)
{
	unsigned int cpl = vcpu.in_user ? 3 : this_domain.vm_assist & 1UL << VMASST_TYPE_architectural_iopl ? 0 : 1;

	return cpl <= vcpu.iopl;
}

static int io_ok(unsigned int port, unsigned int bytes)
{
	uint8_t map[2] = { 0xff, 0xff };
	uint64_t va = vcpu.iobmp_va + port / 8;

	if (iopl_ok())
		return 1;
	if (port + bytes > vcpu.iobmp_ports || copy_from_guest(&map[0], va, 1))
		return 0;
	copy_from_guest(&map[1], va + 1, 1); /* beyond the end: denied */
	return !((map[0] | map[1] << 8) & ((1U << bytes) - 1) << (port & 7));
}

static uint32_t port_read(unsigned int port, unsigned int bytes)
{
	uint32_t val = ~0U;

	if (port == PORT_PCI_ADDRESS && bytes == 4)
		return READ_ONCE(this_domain.pci_cf8);
	if (port <= PORT_RTC_INDEX && port + bytes > PORT_RTC_INDEX) {
		unsigned int shift = 8 * (PORT_RTC_INDEX - port);

		val = (val & ~(0xffU << shift)) | (uint32_t)READ_ONCE(this_domain.cmos_index) << shift;
	}
	return val;
}

static void port_write(unsigned int port, unsigned int bytes, uint32_t val)
{
	if (port == PORT_PCI_ADDRESS && bytes == 4)
		WRITE_ONCE(this_domain.pci_cf8, val);
	else if (port <= PORT_RTC_INDEX && port + bytes > PORT_RTC_INDEX)
		WRITE_ONCE(this_domain.cmos_index, (uint8_t)(val >> (8 * (PORT_RTC_INDEX - port))));
}

static unsigned int operand_bytes(const struct insn *i)
{
	return !(i->opcode & 1) ? 1 : i->opsize16 ? 2 : 4;
}

static enum emul in_out(const struct insn *i)
{
	unsigned int bytes = operand_bytes(i);
	unsigned int port = i->opcode & 8 ? (uint16_t)vcpu.regs.rdx : (unsigned int)i->imm;
	uint64_t mask = (1UL << (8 * bytes)) - 1;

	if (!io_ok(port, bytes))
		return EMUL_unhandled;
	if (i->opcode & 2) {
		port_write(port, bytes, (uint32_t)(vcpu.regs.rax & mask));
		return EMUL_done;
	}
	if (bytes == 4) /* as every 32-bit destination */
		vcpu.regs.rax = 0;
	vcpu.regs.rax = (vcpu.regs.rax & ~mask) | (port_read(port, bytes) & mask);
	return EMUL_done;
}

/* rsi, rdi, rcx under the 67 prefix are 32 bits wide. */
static void add_index(uint64_t *reg, int64_t n, int addr32)
{
	*reg += (uint64_t)n;
	if (addr32)
		*reg = (uint32_t)*reg;
}

/* One element.  1 = done, 0 = #GP, -1 = a page fault was delivered. */
static int string_element(const struct insn *i, unsigned int port, unsigned int bytes, uint64_t va)
{
	int out = i->opcode & 2;
	uint32_t val = out ? 0 : port_read(port, bytes);
	struct walk w;

	if (!guest_handle_ok(va) || !guest_handle_ok(va + bytes))
		return 0;
	if (out ? copy_from_guest(&val, va, bytes) : copy_to_guest(va, &val, bytes)) {
		if ((va & ~PAGE_MASK) + bytes > PAGE_SIZE && !guest_walk(va, &w) && (out || w.flags & _PAGE_RW))
			va = (va + bytes) & PAGE_MASK;	/* it is the second page that faults */
		guest_page_fault(va, (out ? 0 : PFEC_write) | (guest_walk(va, &w) ? 0 : PFEC_present));
		return -1;
	}
	if (out)
		port_write(port, bytes, val);
	return 1;
}

static enum emul string_io(const struct insn *i)
{
	unsigned int port = (uint16_t)vcpu.regs.rdx, bytes = operand_bytes(i), n;
	uint64_t *index = i->opcode & 2 ? &vcpu.regs.rsi : &vcpu.regs.rdi;
	int64_t step = vcpu.regs.rflags & X86_EFLAGS_DF ? -(int64_t)bytes : (int64_t)bytes;
	uint64_t count = !i->rep ? 1 : i->addr32 ? (uint32_t)vcpu.regs.rcx : vcpu.regs.rcx;
	int ok = 1;

	if (!io_ok(port, bytes))
		return EMUL_unhandled;
	for (n = 0; n < count && n < STRING_MAX; n++) {
		uint64_t va = i->addr32 ? (uint32_t)*index : *index;

		ok = string_element(i, port, bytes, va + (i->opcode & 2 ? insn_segment_base(i) : 0));
		if (ok <= 0)
			break;
		add_index(index, step, i->addr32);
		if (i->rep)
			add_index(&vcpu.regs.rcx, -1, i->addr32);
	}
	if (ok < 0)
		return EMUL_moved;
	if (!ok)
		return EMUL_unhandled;
	return n < count ? EMUL_again : EMUL_done;
}

enum emul emulate_io(const struct insn *i)
{
	return i->opcode < 0x70 ? string_io(i) : in_out(i);
}
