/* SPDX-License-Identifier: MIT */
/*
 * Process platform: the address spaces of guest user code, host processes used as a
 * cache of the guest's user page tables: one per user L4 in use, the least recently used
 * one given up when there is no slot left.
 *
 * The mapper of a space changes its mappings on our command.  Commands are put off until
 * the space runs again: a runner that sleeps in the host's futex can see nothing.  That it sleeps
 * there is not believed but made certain, by moving it to a futex that only we wake (park);
 * one that cannot be moved has its mappings changed at once, while it may run.
 *
 * Each vCPU has spaces of its own, so nothing here is shared and no lock is needed.
 */
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/time_types.h>
#include <asm/signal.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>
#include <hv/process/process.h>
#include <hv/process/sys.h>
#include <hv/process/user.h>

#define YIELDS_MAX	100000
#define AROUND		16UL	/* pages: a run this long is filled at once (half of that read-only), a longer one as it is used */

static struct user_space spaces[USER_SLOTS];
static uint64_t use_count;

uint64_t user_slot(const struct user_space *s)
{
	return USER_VA + (uint64_t)(s - spaces) * USER_SLOT_BYTES;
}

static void queue_op(struct user_space *s, uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
		     uint64_t e, uint64_t f)
{
	struct user_op *op = slot_word(s, CMD_OPS, struct user_op) + s->nr_ops++;

	*op = (struct user_op){ nr, { a, b, c, d, e, f }, 0 };
}

/* 0, or -1: an operation failed.  Only the mapper and the nursery have the eventfd. */
static int wait_answer(int pidfd)
{
	uint64_t answer = 0;

	while (sys_read(USER_EVENT_FD, &answer, sizeof(answer)) != sizeof(answer))
		if (pidfd >= 0 && sys6(__NR_pidfd_send_signal, pidfd, 0, 0, 0, 0, 0))
			domain_crash("a process of its user mode was ended from outside");
	return answer >> 32 ? -1 : 0;
}

static void post(uint32_t *seq)
{
	__atomic_fetch_add(seq, 1, __ATOMIC_SEQ_CST);
	sys_futex(seq, FUTEX_WAKE, 1, 0);
}

static int run_ops(struct user_space *s)
{
	*slot_word(s, CMD_NR, uint32_t) = s->nr_ops;
	s->nr_ops = 0;
	post(slot_word(s, CMD_SEQ, uint32_t));
	return wait_answer(s->pidfd_mapper);
}

static void queue_stale(struct user_space *s)
{
	uint32_t i;

	if (s->flush_all) {
		s->nr_ops = 0; /* mappings queued before: they come again by a fault */
		queue_op(s, __NR_munmap, 0, USER_GUEST_END, 0, 0, 0, 0);
	} else {
		for (i = 0; i < s->nr_stale; i++)
			queue_op(s, __NR_munmap, s->stale[i].va, s->stale[i].pages << PAGE_SHIFT, 0, 0, 0, 0);
	}
	s->flush_all = s->nr_stale = 0;
}

int user_space_sync(struct user_space *s)
{
	if (s->flush_all || s->nr_stale)
		queue_stale(s);
	return s->nr_ops ? run_ops(s) : 0;
}

static void make_mapper(struct user_space *s)
{
	static uint32_t announced;

	if (!announced) {
		machine_call1(PVN_REQ_USER_MODE, 0, 0);
		announced = 1;
	}
	*(uint64_t *)(USER_NURSERY_VA + CMD_SLOT) = user_slot(s);
	*(uint32_t *)(USER_NURSERY_VA + CMD_PIDFD) = 0;
	*slot_word(s, CMD_SEQ, uint32_t) = 0;
	post((uint32_t *)(USER_NURSERY_VA + CMD_SEQ));
	if (wait_answer(-1))
		domain_crash("the host lets it make no more processes for user mode");
	s->pidfd_mapper = *(int *)(USER_NURSERY_VA + CMD_PIDFD);
	s->has_mapper = 1;
}

static void make_runner(struct user_space *s)
{
	uint32_t *word = slot_word(s, ST_WORD, uint32_t);

	WRITE_ONCE(*word, TURN_STARTING);
	s->nr_ops = 0;
	queue_op(s, CMD_OP_RUNNER, 0, 0, 0, 0, 0, 0);
	if (run_ops(s))
		domain_crash("the host lets it make no more processes for user mode");
	while (READ_ONCE(*word) == TURN_STARTING)
		sys_futex(word, FUTEX_WAIT, TURN_STARTING, 0);
	if (READ_ONCE(*word) != TURN_KERNEL)
		domain_crash("a process for user mode cannot be started");
	s->pidfd_runner = *slot_word(s, ST_PIDFD, int);
	s->fs = s->gs = 0;
	s->parked = 0;
	s->has_runner = 1;
}

void user_space_end_runner(struct user_space *s)
{
	uint32_t *word = slot_word(s, ST_WORD, uint32_t), w;
	struct __kernel_timespec again = { 0, 1000000 };

	sys6(__NR_pidfd_send_signal, s->pidfd_runner, SIGKILL, 0, 0, 0, 0);
	/* It may have written anything there; the host's clearing wakes us. */
	while ((w = READ_ONCE(*word)) != TURN_DEAD &&
	       !sys6(__NR_pidfd_send_signal, s->pidfd_runner, 0, 0, 0, 0, 0))
		sys_futex(word, FUTEX_WAIT, w, &again);
	sys3(__NR_close, s->pidfd_runner, 0, 0);
	s->has_runner = s->parked = 0;
	s->flush_all = 1;
}

/* Stopped for certain?  Then whatever is stale can wait. */
static int park(struct user_space *s)
{
	if (!s->has_runner || s->parked)
		return 1;
	s->parked = hv_syscall((long)slot_word(s, ST_WORD, uint32_t), FUTEX_CMP_REQUEUE, 0, 1,
			       (long)slot_word(s, ST_PARK, uint32_t), TURN_KERNEL, __NR_futex) == 1;
	return (int)s->parked;
}

int user_space_stopped(struct user_space *s)
{
	unsigned int i;

	for (i = 0; !park(s); i++) { /* it gave the turn, and has some instructions left to its sleep */
		if (i == YIELDS_MAX)
			return 0;
		platform_yield();
	}
	return 1;
}

/* For other tables.  A runner that does not sleep is still in the program before: it ends here. */
static void take_over(struct user_space *s, uint64_t l4_mfn)
{
	s->l4_mfn = l4_mfn;
	s->flush_all = s->has_mapper;
	s->fault_va = 0;
	if (!park(s))
		user_space_end_runner(s);
}

static struct user_space *find(uint64_t l4_mfn)
{
	struct user_space *s, *victim = NULL;

	for (s = spaces; s < spaces + USER_SLOTS; s++) {
		if (s->l4_mfn == l4_mfn)
			return s;
		/* Free ones first, and of these such as have their processes. */
		if (!victim || (!s->l4_mfn && (victim->l4_mfn || s->has_runner > victim->has_runner)) ||
		    (s->l4_mfn && victim->l4_mfn && s->last_used < victim->last_used))
			victim = s;
	}
	take_over(victim, l4_mfn);
	return victim;
}

struct user_space *user_space_current(void)
{
	static struct user_space *last;
	struct user_space *s = last;

	if (!s || s->l4_mfn != vcpu.user_cr3_mfn)
		s = last = find(vcpu.user_cr3_mfn);
	s->last_used = ++use_count;
	if (!s->has_mapper)
		make_mapper(s);
	if (!s->has_runner)
		make_runner(s);
	return s;
}

/* The guest's tables allow user mode this access. */
static int user_walk(uint64_t va, uint32_t err, struct walk *w)
{
	return va < PVN_GUEST_END && walk_and_note(va, w) == 0 && (w->flags & _PAGE_USER) &&
	       !(w->pte & _PAGE_GUEST_KERNEL) && (!(err & PFEC_write) || (w->flags & _PAGE_RW)) &&
	       (!(err & PFEC_insn) || !(w->flags & _PAGE_NX));
}

/*
 * Programs go upwards, and what lies below va in a run is probably there already: to map it again
 * would empty it.  So a run begins no sooner than the block va is in.
 */
static void run_from_block(struct map_run *m, uint64_t va)
{
	uint64_t block = va & ~(AROUND * PAGE_SIZE - 1), skip;

	if (m->va >= block)
		return;
	skip = (block - m->va) >> PAGE_SHIFT;
	m->va = block;
	m->pages -= skip;
	m->off += skip << PAGE_SHIFT;
	m->first_entry += skip;
}

int user_space_map(struct user_space *s, uint64_t va, uint32_t err)
{
	uint64_t flags = MAP_SHARED | MAP_FIXED;
	struct map_run m;
	struct walk w;

	if (!user_walk(va, err, &w) || map_run_find(va, &w, &m))
		return 0;
	run_from_block(&m, va);
	if (s->nr_ops + s->nr_stale + 1 >= CMD_MAX_OPS)
		s->nr_ops = 0; /* they come again by a fault */
	/* Order matters: what is stale goes first. */
	if (s->flush_all || s->nr_stale)
		queue_stale(s);
	if (m.pages <= (m.prot & PROT_WRITE ? AROUND : AROUND / 2))
		flags |= MAP_POPULATE;
	queue_op(s, __NR_mmap, m.va, m.pages << PAGE_SHIFT, (uint64_t)m.prot, flags, (uint64_t)m.fd, m.off);
	map_run_used(&m);
	return 1;
}

void user_table_gone(uint64_t mfn)
{
	struct user_space *s;

	for (s = spaces; s < spaces + USER_SLOTS; s++) {
		if (s->l4_mfn != mfn)
			continue;
		s->l4_mfn = 0;
		s->flush_all = 1;
	}
}

static void add_stale(struct user_space *s, uint64_t va, uint64_t pages)
{
	uint64_t end = (PVN_GUEST_END - va) >> PAGE_SHIFT;
	uint32_t n = s->nr_stale;

	if (pages > end)
		pages = end;
	if (n && s->stale[n - 1].va + (s->stale[n - 1].pages << PAGE_SHIFT) == va)
		s->stale[n - 1].pages += pages;
	else if (n == ARRAY_SIZE(s->stale) || (va == 0 && pages == end))
		s->flush_all = 1;
	else
		s->stale[s->nr_stale++] = (struct stale_range){ va, pages };
}

void user_flush_range(uint64_t va, uint64_t pages, uint64_t l4_mfn)
{
	struct user_space *s;

	for (s = spaces; s < spaces + USER_SLOTS; s++)
		if (s->has_mapper && !s->flush_all && (!l4_mfn || s->l4_mfn == l4_mfn))
			add_stale(s, va, pages);
}

void user_flush_commit(void)
{
	struct user_space *s;

	for (s = spaces; s < spaces + USER_SLOTS; s++)
		if ((s->flush_all || s->nr_stale) && !park(s))
			user_space_sync(s);
}
