/* SPDX-License-Identifier: MIT */
/*
 * Process platform: guest user mode, one run of it at a time.
 *
 * The runner and we hand one futex word to and fro: its state goes out in the slot, its signal
 * frame comes back there.  We sleep meanwhile, and are woken by it, by its death (the host
 * clears the word), or by our own signals: user_interrupt() changes the word, so that a sleep
 * about to begin does not.
 *
 * Trust: the frame is what user code wants it to be.  It is copied once, its pointers are
 * checked, the vector state is cleaned of what XRSTOR would refuse, and what a fault was is looked
 * up in the guest's tables.  A runner that makes no sense is ended; the guest is told by #GP.
 */
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <asm/errno.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/time_types.h>
#include <hv/descriptor.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>
#include <hv/process/process.h>
#include <hv/process/sys.h>
#include <hv/process/user.h>

#define HOST_CS64	0x33
#define HOST_CS32	0x23
#define HOST_SS		0x2b
#define USER_FLAGS	0x00250dd5UL	/* what user code may change */
#define INSN_BYTES	2		/* of SYSCALL and INT n */
#define KICK_AGAIN_NS	100000000L
#define KICKS_MAX	100
#define MXCSR_MASK	0xffffU
#define BASE_UNKNOWN	(1UL << 63)	/* no base: not canonical */

static struct user_space *running;	/* user code has the turn */

struct vector_state {
	uint8_t legacy[512];
	uint64_t xstate_bv, xcomp_bv, reserved[6];
	uint8_t rest[ST_XSAVE_MAX - 576];
} __attribute__((aligned(64)));

static struct vector_state vector;

int user_interrupt(void)
{
	struct user_space *s = running;

	if (s)
		__atomic_fetch_or(slot_word(s, ST_WORD, uint32_t), TURN_WANTED, __ATOMIC_SEQ_CST);
	return !!s;
}

static void kick(struct user_space *s, int sig)
{
	sys6(__NR_pidfd_send_signal, s->pidfd_runner, sig, 0, 0, 0, 0);
}

/* The guest's selectors name descriptors of its own; the host has one for each mode. */
static int is_cs32(uint64_t cs)
{
	uint64_t desc = 0;

	return cs != FLAT_USER_CS64 && descriptor_read((uint16_t)cs, &desc) && !(desc & DESC_L);
}

/* What the guest's kernel has in the vector registers is the user's while its user mode runs. */
static void load_state(struct user_space *s)
{
	uint64_t *iret = slot_word(s, ST_IRET, uint64_t);
	uint32_t set = 0;

	memset(slot_word(s, ST_XSAVE + 512, void), 0, 64); /* XRSTOR is particular about the header */
	memcpy(slot_word(s, ST_REGS, void), &vcpu.regs, sizeof(vcpu.regs));
	iret[0] = vcpu.regs.rip;
	iret[1] = is_cs32(vcpu.user_cs) ? HOST_CS32 : HOST_CS64;
	iret[2] = (vcpu.regs.rflags & USER_FLAGS) | X86_EFLAGS_IF | 2;
	iret[3] = vcpu.regs.rsp;
	iret[4] = HOST_SS;
	__asm__ volatile("xsave64 (%0)" : : "r"(slot_word(s, ST_XSAVE, void)), "a"(user_xmask), "d"(0) : "memory");
	vcpu.fs_base = platform_get_segment_base(0);
	if (platform_have_fsgsbase || s->fs != vcpu.fs_base)
		set |= 1;
	if (platform_have_fsgsbase || s->gs != vcpu.gs_base_user)
		set |= 2;
	*slot_word(s, ST_FS, uint64_t) = s->fs = vcpu.fs_base;
	*slot_word(s, ST_GS, uint64_t) = s->gs = vcpu.gs_base_user;
	*slot_word(s, ST_SET, uint32_t) = set;
}

static void hand_over(struct user_space *s)
{
	uint32_t *word = slot_word(s, ST_WORD, uint32_t);

	running = s;
	barrier(); /* a signal from here on is answered by await_return() */
	tlb_enter_guest();
	user_space_sync(s);
	if (READ_ONCE(*word) == TURN_DEAD)
		return;
	__atomic_store_n(word, TURN_USER, __ATOMIC_SEQ_CST);
	sys_futex(s->parked ? slot_word(s, ST_PARK, uint32_t) : word, FUTEX_WAKE, 1, 0);
	s->parked = 0;
}

/* Events that came meanwhile; 1 if the guest's kernel has to see them now. */
static int must_return(void)
{
	if (READ_ONCE(pvcpu(vcpu.id).down))
		return 1;
	guest_take_in(); /* with it what other vCPUs want forgotten: changed under the program's feet */
	return guest_nmi_due() || (evtchn_pending_any() && vcpu.event_callback);
}

/* 1 if the turn was given back, 0 if the runner has died. */
static int await_return(struct user_space *s)
{
	uint32_t *word = slot_word(s, ST_WORD, uint32_t), w;
	struct __kernel_timespec again = { 0, KICK_AGAIN_NS };
	unsigned int kicks = 0;

	while ((w = __atomic_load_n(word, __ATOMIC_SEQ_CST)) & TURN_USER) {
		if (!kicks) {
			/* Whoever comes after this sets the bit again, and the sleep does not begin. */
			if (w & TURN_WANTED)
				w = __atomic_and_fetch(word, ~TURN_WANTED, __ATOMIC_SEQ_CST);
			if (hv_exit_work) {
				if (!must_return())
					continue;
				w = __atomic_or_fetch(word, TURN_WANTED, __ATOMIC_SEQ_CST);
				kick(s, PVN_KICK_SIGNAL);
				kicks = 1;
			}
			if (!(w & TURN_USER))
				break;
		}
		if (sys_futex(word, FUTEX_WAIT, w, kicks ? &again : NULL) == -ETIMEDOUT)
			kick(s, ++kicks < KICKS_MAX ? PVN_KICK_SIGNAL : SIGKILL);
	}
	running = NULL;
	barrier(); /* no signal changes the word from here on */
	w = __atomic_and_fetch(word, ~TURN_WANTED, __ATOMIC_SEQ_CST);
	/* What other vCPUs flush from here on is answered without looking at it. */
	if (w == TURN_KERNEL && header.nr_vcpus > 1 && !user_space_stopped(s))
		return 0;
	return w == TURN_KERNEL;
}

/* An object of n bytes that the runner says lies on its signal stack. */
static const void *stack_object(const struct user_space *s, uint64_t va, uint64_t n)
{
	uint64_t off = va - user_slot(s);

	return off >= ST_ALTSTACK && off <= USER_SLOT_BYTES - n && !(va & 7) ? (const void *)va : NULL;
}

static void take_vectors(const struct user_space *s, uint64_t va)
{
	const void *p = stack_object(s, va, user_xsave_bytes);

	if (p) {
		memcpy(&vector, p, user_xsave_bytes);
		vector.xstate_bv &= user_xmask;
		vector.xcomp_bv = 0;
		memset(vector.reserved, 0, sizeof(vector.reserved));
		*(uint32_t *)&vector.legacy[24] &= MXCSR_MASK;
	} else {
		memset(&vector, 0, 576);
		*(uint32_t *)&vector.legacy[24] = 0x1f80;
	}
	__asm__ volatile("xrstor64 (%0)" : : "r"(&vector), "a"(user_xmask), "d"(0) : "memory");
}

static void take_bases(const struct user_space *s)
{
	if (!platform_have_fsgsbase)
		return;
	platform_set_segment_base(0, *slot_word(s, ST_FS, uint64_t));
	vcpu.gs_base_user = *slot_word(s, ST_GS, uint64_t);
}

/* The guest's kernel hears of a fault that its program cannot mend. */
static void runner_lost(struct user_space *s)
{
	user_space_end_runner(s);
	guest_trap(TRAP_GP, 0);
}

static void user_syscall(uint32_t arch)
{
	if (vcpu.regs.rip >= PVN_GUEST_END) {
		guest_page_fault(vcpu.regs.rip, PFEC_insn); /* the host's vsyscall page */
	} else if (arch != AUDIT_ARCH_X86_64) {
		vcpu.regs.rip -= INSN_BYTES;
		guest_soft_int(0x80, INSN_BYTES);
	} else {
		guest_syscall();
	}
}

static void user_page_fault(struct user_space *s, uint64_t cr2, uint32_t err)
{
	struct walk w;

	if (user_space_map(s, cr2, err)) {
		if (!user_space_sync(s))
			return;
		s->flush_all = 1; /* too many mappings, perhaps: start over */
		user_space_map(s, cr2, err);
		if (!user_space_sync(s))
			return;
		guest_trap(TRAP_GP, 0); /* the host will not have it: the program's end */
		return;
	}
	err &= ~PFEC_present;
	if (cr2 < PVN_GUEST_END && guest_walk(cr2, &w) == 0)
		err |= PFEC_present;
	s->fault_va = cr2;
	guest_page_fault(cr2, err);
}

static void user_fault(struct user_space *s, int sig, const struct sigcontext *sc)
{
	uint32_t err = (uint32_t)sc->err;

	if (sig == SIGBUS && sc->trapno == TRAP_PF)
		domain_crash("the host has no memory behind %#lx of a user program", (unsigned long)sc->cr2);
	switch (sc->trapno) {
	case TRAP_PF:
		user_page_fault(s, sc->cr2, err);
		break;
	case TRAP_GP:
		if (!emulate_privileged(err))	/* INT n through a closed gate, port I/O */
			guest_trap(TRAP_GP, err);
		break;
	default:
		image_fault(sig, sc);
	}
}

static void take_frame(struct user_space *s)
{
	uint64_t at = *slot_word(s, ST_FRAME, uint64_t), info = *slot_word(s, ST_INFO, uint64_t);
	const struct ucontext *uc = stack_object(s, at, sizeof(*uc));
	const siginfo_t *si = stack_object(s, info, sizeof(*si));
	int sig = *slot_word(s, ST_SIG, int);
	struct sigcontext sc;
	uint32_t arch;

	if (!at && sig == PVN_KICK_SIGNAL) {
		s->fs = s->gs = BASE_UNKNOWN; /* it may have come before they were loaded */
		return;
	}
	if (!uc || !si) {
		runner_lost(s);
		return;
	}
	sc = uc->uc_mcontext;
	arch = (uint32_t)si->si_arch;
	regs_from_frame(&sc);
	if ((sc.cs == HOST_CS32) != is_cs32(vcpu.user_cs))
		vcpu.user_cs = sc.cs == HOST_CS32 ? FLAT_USER_CS32 : FLAT_USER_CS64;
	take_vectors(s, (uint64_t)sc.fpstate);
	take_bases(s);
	if (sig == SIGSYS)
		user_syscall(arch);
	else if (sig != PVN_KICK_SIGNAL)
		user_fault(s, sig, &sc);
}

void user_run(void)
{
	struct user_space *s = user_space_current();

	if (!user_xmask)
		domain_crash("this host's CPU has no XSAVE, which user mode needs");
	if (vcpu.regs.rip >= PVN_GUEST_END) {
		guest_page_fault(vcpu.regs.rip, PFEC_insn);
		return;
	}
	if (s->fault_va) { /* its tables are probably mended */
		user_space_map(s, s->fault_va, 0);
		s->fault_va = 0;
	}
	load_state(s);
	hand_over(s);
	if (await_return(s))
		take_frame(s);
	else
		runner_lost(s);
}
