/* SPDX-License-Identifier: MIT */
/* What the fuzz targets of the hv image have in common; see hv.h. */
#include "tests/fuzz/hv_machine.h"
#include <hv/guest.h>
#include <hv/platform.h>
#include <hypercalls/dispatch.h>

jmp_buf fuzz_end;

static void ended(const char *why)
{
	FUZZ_CHECK(strncmp(why, "BUG", 3) != 0 && strncmp(why, "the machine gave", 16) != 0, "%s", why);
	longjmp(fuzz_end, 1);
}

void fuzz_reset(void)
{
	static struct vcpu_info *const slot = &shared_info_page.vcpu_info[0];

	hv_exit_work = 0;
	shim_reset();
	shim.waits = 990; /* few sleeps are enough */
	header.clock.tsc_to_system_mul = 1U << 31;
	vcpu_info_ptr = slot;
	vcpu.regs.rsp = 100UL << PAGE_SHIFT;
	vcpu.regs.rip = ARG;
	vcpu.regs.rflags = 0x202;
	fuzz_machine_reset();
	shim_machine = fuzz_machine;
	shim_ended = ended;
	shim_machine_ret = 0;
	mm_check_lent_mfn = LENT_MFN;
	mm_check_lent_frames = LENT_FRAMES;
	/* What an input that ended in the middle left in the image's own variables. */
	tlb_flush_stale();
	if (page_get_type(SHIM_L4, PGT_l4))
		abort();
}

uint64_t fuzz_value(struct tape *t)
{
	static const uint64_t odd[] = {
		0, 1, ~0UL, DOMID_SELF, DOMID_IO, DOMID_XEN, 0x7fffffffUL, 0x80000000UL, 0xffffffffUL,
		0x8000000000000000UL, 0x7fffffffffffffffUL, 0x7fffffffffffUL, 0x800000000000UL,
		0xffff800000000000UL, 0xffff87ffffffffffUL, PVN_GUEST_END, 9, 7, 0xfffUL, 0x1000UL,
		PVN_PFN_NONE, UVMF_INVLPG, UVMF_TLB_FLUSH,
	};
	uint8_t k = tape_u8(t);
	uint64_t v;

	if (k < 128)
		return k;
	switch (k & 7) {
	case 0:
		return ARG + tape_u8(t) * 8UL;
	case 1:
		return RAM(tape_u8(t));
	case 2:
		v = RAM(tape_u8(t));
		return PTE(v, tape_u8(t));
	case 3:
		return odd[tape_u8(t) % ARRAY_SIZE(odd)];
	case 4:
		return (uint64_t)tape_u8(t) << PAGE_SHIFT;
	case 5:
		return tape_u64(t);
	case 6:
		v = SHIM_MFN_BASE + tape_u16(t) % (PVN_HEAP_FRAMES + ALL_FRAMES + 4);
		return k & 8 ? PTE(v, tape_u8(t)) : v;
	default:
		v = LENT_MFN + tape_u8(t) % (LENT_FRAMES + 1);
		return k & 8 ? PTE(v, tape_u8(t)) : v;
	}
}

void fuzz_write_arguments(struct tape *t)
{
	uint8_t what = tape_u8(t);
	unsigned int i, n = what & 7;

	for (i = 0; i < n; i++) {
		uint64_t at = tape_u8(t) * 4UL, v = fuzz_value(t);

		copy_to_guest(ARG + at, &v, what & 8 ? 4 : 8);
	}
}

long fuzz_call(uint64_t nr, const uint64_t a[5], uint8_t how)
{
	uint64_t b[5];
	unsigned int rounds;
	long rc = 0;

	memcpy(b, a, sizeof(b));
	for (rounds = 0;; rounds++) {
		hv_exit_work = how & 1;
		rc = hypercall_dispatch(b[0], b[1], b[2], b[3], b[4], nr);
		if (!vcpu.again.active)
			break;
		vcpu.again.active = 0;
		if ((how & 2) && rounds == 3)
			return 0; /* the guest forgets about it */
		if (rounds > 200) { /* nothing new interrupts it, and the upcall it left for has been made */
			how &= 0xfe;
			vcpu_info_ptr->evtchn_upcall_mask = 1;
		}
		FUZZ_CHECK(rounds < 10000, "hypercall %lu does not get on", nr);
		nr = vcpu.again.nr;
		memcpy(b, vcpu.again.arg, sizeof(vcpu.again.arg));
	}
	FUZZ_CHECK(rc != -XEN_ERESTART, "hypercall %lu shows the guest an error of ours", nr);
	return rc;
}

static void check_events(void)
{
	unsigned int v, q, i;

	for (v = 0; v < header.nr_vcpus; v++)
		for (q = 0; q < 16; q++) {
			uint32_t tail = this_domain.fifo.vcpu[v].tail[q];

			FUZZ_CHECK(tail < PVN_MAX_PORTS, "tail %u of vCPU %u, queue %u", tail, v, q);
			FUZZ_CHECK(!tail || (this_domain.fifo.last[tail].vcpu == v &&
					     this_domain.fifo.last[tail].priority == q),
				   "port %u is the tail of two queues", tail);
		}
	FUZZ_CHECK(this_domain.fifo.nr_pages <= FIFO_MAX_PAGES, "%u pages", this_domain.fifo.nr_pages);
	for (i = 0; i < this_domain.fifo.nr_pages; i++) {
		struct page_info *pg = mfn_page(this_domain.fifo.array_mfn[i]);

		FUZZ_CHECK(pg && pg->type == PGT_writable && pg->type_count, "event array page %u", i);
	}
	for (v = 0; v < header.nr_vcpus; v++) {
		uint64_t mfn = this_domain.fifo.vcpu[v].control_mfn;

		FUZZ_CHECK(!mfn || (mfn_page(mfn) && mfn_page(mfn)->type == PGT_writable &&
				    mfn_page(mfn)->type_count), "control block of vCPU %u", v);
		for (i = 0; i < NR_VIRQS; i++)
			FUZZ_CHECK(this_domain.virq_port[v][i] < PVN_MAX_PORTS, "VIRQ %u", i);
	}
}

void fuzz_check(int strict)
{
	const struct page_info *l4 = mfn_page(vcpu.cr3_mfn);

	FUZZ_CHECK(!this_domain.mm_lock && !this_domain.grant_lock && !this_domain.fifo.lock, "a lock is held");
	FUZZ_CHECK(!vcpu.in_multicall, "still in a multicall");
	FUZZ_CHECK(l4 && l4->type == PGT_l4 && l4->type_count, "cr3 names frame %#lx", vcpu.cr3_mfn);
	FUZZ_CHECK(this_domain.nr_grant_frames <= PVN_MAX_GRANT_FRAMES, "%u grant frames",
		   this_domain.nr_grant_frames);
	FUZZ_CHECK(header.grant_version == 1 || header.grant_version == 2, "grant version %u",
		   header.grant_version);
	check_events();
	mm_check(strict);
	if (!pt_work_pending())
		fuzz_machine_check();
}
