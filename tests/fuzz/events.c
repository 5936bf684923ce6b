/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: event channels, 2-level and FIFO, of a domain with two vCPUs, whose memory another of its
 * threads changes between any two steps: the event array, the control blocks, shared_info.  Checked
 * after each step: fuzz_check(), the frames in use are held once more than without, and after a reset not.
 * What a queue's words say is the guest's affair; that nothing else is written is checked by a fence:
 * two pages beside the ones in use, which stay as they are.
 */
#include "tests/fuzz/hv.h"
#include <hv/guest.h>
#include <hypercalls/dispatch.h>

#define STEPS		128
#define NR_PORTS	2048U
#define ARRAY_PFN	20U	/* and 21; 22, 23 the control blocks */
#define FENCE_PFN	24U
#define FENCE		0xa5

static void op(unsigned int cmd, const void *arg, size_t n)
{
	const uint64_t a[5] = { cmd, ARG };

	memcpy(mfn_ptr(RAM(ARG_PFN)), arg, n);
	fuzz_call(__HYPERVISOR_event_channel_op, a, 0);
}
#define OP(name, ...) op(EVTCHNOP_##name, &(struct evtchn_##name){ __VA_ARGS__ }, sizeof(struct evtchn_##name))

/* Few ports, on both array pages. */
static uint32_t port(struct tape *t)
{
	uint8_t b = tape_u8(t);

	return b >= 252 ? NR_PORTS - 254 + b : (b & 16 ? 1024U : 0U) + b % 16;
}

static uint64_t page(struct tape *t)
{
	return RAM(ARRAY_PFN + tape_u8(t) % 4);
}

static void mutate(struct tape *t)
{
	uint8_t how = tape_u8(t);
	uint32_t *p = how & 1 ? (uint32_t *)&shared_info_page : mfn_ptr(page(t));
	unsigned int at = how & 2 ? tape_u16(t) % 1024 : tape_u8(t) % 32;

	if (how & 4)
		p[at] ^= 1U << (tape_u8(t) & 31);
	else
		p[at] = how & 8 ? (uint32_t)tape_u8(t) << 24 | port(t) : tape_u32(t);
}

static void bind(struct tape *t)
{
	uint8_t how = tape_u8(t);

	switch (how % 5) {
	case 0:
		OP(alloc_unbound, .dom = DOMID_SELF, .remote_dom = how & 16 ? DOMID_SELF : 9);
		break;
	case 1:
		OP(bind_interdomain, .remote_dom = how & 16 ? DOMID_SELF : 9, .remote_port = port(t));
		break;
	case 2:
		OP(bind_virq, .virq = tape_u8(t) % (NR_VIRQS + 1), .vcpu = how >> 4 & 3);
		break;
	case 3:
		OP(bind_ipi, .vcpu = how >> 4 & 3);
		break;
	default:
		OP(bind_vcpu, .port = port(t), .vcpu = how >> 4 & 3);
	}
}

static void set_up(struct tape *t)
{
	uint8_t how = tape_u8(t);

	if (how & 1)
		OP(expand_array, .array_gfn = page(t));
	else
		OP(init_control, .control_gfn = page(t), .offset = how >> 2 & 1 ? 64 * (how >> 3) : 8U * how,
		   .vcpu = how >> 1 & 1);
}

static void step(struct tape *t)
{
	uint8_t what = tape_u8(t);

	vcpu.id = what >> 7;
	vcpu_info_ptr = &shared_info_page.vcpu_info[vcpu.id];
	switch (what % 16) {
	case 0: case 1:
		mutate(t);
		break;
	case 2:
		set_up(t);
		break;
	case 3:
		bind(t);
		break;
	case 4:
		OP(unmask, .port = port(t));
		break;
	case 5:
		OP(set_priority, .port = port(t), .priority = tape_u8(t) % 18);
		break;
	case 6:
		OP(close, .port = port(t));
		break;
	case 7:
		OP(send, .port = port(t));
		break;
	case 8:
		OP(status, .dom = DOMID_SELF, .port = port(t));
		break;
	case 9:
		if (what & 0x40)
			OP(reset, .dom = DOMID_SELF);
		break;
	case 10:
		evtchn_raise_virq(tape_u8(t) % NR_VIRQS);
		break;
	case 11:
		evtchn_drain();
		break;
	default:
		evtchn_set_pending(port(t));
	}
}

static void check(const uint32_t *refs)
{
	uint32_t uses[5] = { 0 };
	const uint8_t *fence = mfn_ptr(RAM(FENCE_PFN));
	unsigned int i;

	for (i = 0; i < this_domain.fifo.nr_pages; i++)
		uses[this_domain.fifo.array_mfn[i] - RAM(ARRAY_PFN)]++;
	for (i = 0; i < 2; i++)
		if (this_domain.fifo.vcpu[i].control_mfn)
			uses[this_domain.fifo.vcpu[i].control_mfn - RAM(ARRAY_PFN)]++;
	for (i = 0; i < 4; i++)
		FUZZ_CHECK(mfn_page(RAM(ARRAY_PFN + i))->count == refs[i] + uses[i], "page %u: %u references, %u uses", i,
			   mfn_page(RAM(ARRAY_PFN + i))->count, uses[i]);
	for (i = 0; i < PAGE_SIZE; i++)
		FUZZ_CHECK(fence[i] == FENCE, "byte %u behind the pages has changed", i);
	fuzz_check(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tape t;
	static unsigned int i;
	static uint32_t refs[4];

	t = (struct tape){ data, size };
	fuzz_reset();
	header.nr_vcpus = 2;
	header.valid_ports = NR_PORTS;
	memset(mfn_ptr(RAM(FENCE_PFN)), FENCE, PAGE_SIZE);
	for (i = 0; i < 4; i++)
		refs[i] = mfn_page(RAM(ARRAY_PFN + i))->count;
	for (i = 1; i < 16; i++)
		port_table[i] = port_table[i + 1024] =
			(struct pvn_port){ .state = i % 2 ? PVN_PORT_UNBOUND : PVN_PORT_IPI, .vcpu = i & 1 };
	for (i = 0; i < STEPS && t.left; i++) {
		if (!fuzz_alive())
			break;
		step(&t);
		check(refs);
	}
	return 0;
}
