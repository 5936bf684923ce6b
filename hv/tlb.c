/* SPDX-License-Identifier: MIT */
/*
 * What the platform may still have cached of entries that changed, on each vCPU.
 *
 * A full flush need not forget everything: only translations whose entries were present
 * and changed since the last flush can be wrong.  Their addresses are known when the
 * table has served exactly one region since it became a table (its "hint", noted by the
 * walk that filled the cache); a table no walk went through has nothing cached.  The hint
 * also says whose they are: the guest kernel's and those of user mode are cached apart, and those of
 * user mode by L4, so that a process that goes does not cost the others theirs.
 *
 * Such addresses go into a log, once for all vCPUs.  Each has forgotten what stands before its
 * tlb_seen; who fell far behind forgets everything.
 *
 * A flush of other vCPUs, with mm_lock held, says how far they must have seen (tlb_wanted), sends
 * a signal to those that may be in the guest (in_play) and waits.  A vCPU answers by leaving play, by
 * having flushed, or, when the signal hit the image, by tlb_acknowledge(): it will look before it
 * enters the guest.  No answer needs a lock, so no vCPU waits for one that waits for it.
 * Who sleeps or works in a handler is not in play and not disturbed.
 *   enter:  in_play = 1; barrier; look at tlb_wanted      flusher:  tlb_wanted = n; barrier; look at in_play
 *
 * The walk that fills a cache (platform_map) takes no lock: it notes its hint, then reads the
 * tables; who changes an entry writes it, then reads the hint.  One of the two sees the other.
 */
#include <hv/mm.h>
#include <hv/platform.h>

#define RANGES_MAX	64	/* more of them: forget everything */
#define TABLE_GONE	(~0UL)	/* instead of an address */
#define NEW_TABLES_RUNS	4	/* of slots that differ; more of them: forget everything */

_Static_assert(RANGES_MAX < TLB_LOG, "a reader can tell that it was overtaken");

static int alone(void)
{
	return header.nr_vcpus == 1;
}

#define EVERYBODY	(VA_HINT_KERNEL | VA_HINT_USER | VA_HINT_L4_MANY)
#define ALL_PAGES	(1UL << 36)

static void log_range(uint64_t va, uint64_t pages, uint64_t of)
{
	struct tlb_log *l = &this_domain.tlb;

	WRITE_ONCE(l->range[l->head % TLB_LOG].va, va);
	WRITE_ONCE(l->range[l->head % TLB_LOG].pages, pages);
	WRITE_ONCE(l->range[l->head % TLB_LOG].of, of);
	if (of & VA_HINT_KERNEL)
		WRITE_ONCE(l->kernel, l->head + 1);
	if (of & VA_HINT_USER)
		WRITE_ONCE(l->user, l->head + 1);
	__atomic_store_n(&l->head, l->head + 1, __ATOMIC_RELEASE);
}

static void log_all(uint64_t of)
{
	if (of & VA_HINT_KERNEL)
		WRITE_ONCE(this_domain.tlb.all, this_domain.tlb.head + 1);
	log_range(0, ALL_PAGES, of);
}

void tlb_stale_entry(uint64_t table_mfn, int level, unsigned int slot)
{
	unsigned int shift = PAGE_SHIFT + 9 * (level - 1);
	uint64_t hint, region;

	if (!alone())
		smp_mb(); /* the entry is written: pairs with platform_map's */
	hint = READ_ONCE(*page_va_hint(table_mfn));
	region = hint & VA_HINT_MANY;
	if (hint == VA_HINT_NONE)
		return;
	if (region == VA_HINT_MANY)
		log_all(hint);
	else if (level < 4 || (uint64_t)slot << shift < platform_va_end())
		log_range(((region - 1) << 21) + ((uint64_t)slot << shift), 1UL << (9 * (level - 1)), hint);
}

/* An L4 has no region of its own; who keeps translations by L4 (user mode) is told which it is. */
void tlb_stale_table(uint64_t mfn, int level)
{
	uint64_t hint = READ_ONCE(*page_va_hint(mfn)), region = hint & VA_HINT_MANY;

	if (level == 4 && hint & VA_HINT_USER)
		log_range(TABLE_GONE, mfn, VA_HINT_USER);
	else if (region == VA_HINT_MANY)
		log_all(hint);
	else if (level < 4 && hint != VA_HINT_NONE)
		log_range((region - 1) << 21, 1UL << (9 * level), hint);
}

static void flush_range(uint64_t va, uint64_t pages, uint64_t of)
{
	if (of & VA_HINT_KERNEL)
		platform_flush_range(va, pages);
	if (of & VA_HINT_USER)
		platform_flush_user(va, pages, of >= VA_HINT_L4_MANY ? 0 : VA_HINT_L4_MFN(of));
}

/* What has been logged for those in `who`; 0 if the log went on over what was being read. */
static int flush_ranges(uint64_t from, uint64_t to, uint64_t who)
{
	const struct tlb_log *l = &this_domain.tlb;
	uint64_t va, pages, of;

	for (; from != to; from++) {
		va = READ_ONCE(l->range[from % TLB_LOG].va);
		pages = READ_ONCE(l->range[from % TLB_LOG].pages);
		of = READ_ONCE(l->range[from % TLB_LOG].of);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (READ_ONCE(l->head) - from >= TLB_LOG)
			return 0;
		if (va == TABLE_GONE)
			platform_table_gone(pages);
		else
			flush_range(va, pages, of & (who | VA_HINT_L4_MANY));
	}
	return 1;
}

void tlb_flush_stale(void)
{
	const struct tlb_log *l = &this_domain.tlb;
	uint64_t head = __atomic_load_n(&l->head, __ATOMIC_ACQUIRE), seen = this_vcpu.tlb_seen;

	if (head == seen)
		return;
	if (READ_ONCE(l->all) > seen)
		platform_new_tables();
	if (head - seen > RANGES_MAX ||
	    !flush_ranges(seen, head, READ_ONCE(l->all) > seen ? VA_HINT_USER : VA_HINT_KERNEL | VA_HINT_USER)) {
		if (READ_ONCE(l->kernel) > seen)
			platform_new_tables();
		if (READ_ONCE(l->user) > seen)
			platform_flush_user(0, ALL_PAGES, 0);
	}
	__atomic_store_n(&this_vcpu.tlb_seen, head, __ATOMIC_RELEASE);
}

/*
 * Where both tables have the same entry of the L4, the translations stay as they are.  User mode has
 * tables of its own.
 */
void tlb_new_tables(uint64_t old_l4, uint64_t new_l4)
{
	const uint64_t *old = mfn_ptr(old_l4), *new = mfn_ptr(new_l4);
	uint64_t slots = platform_va_end() >> (PAGE_SHIFT + 27), first, i;
	unsigned int runs = 0;

	tlb_flush_stale();
	for (i = 0; i < slots; i++) {
		for (first = i; i < slots && (old[i] & _PAGE_PRESENT) &&
				((old[i] ^ new[i]) & ~(_PAGE_ACCESSED | _PAGE_DIRTY)); i++)
			;
		if (i == first)
			continue;
		if (++runs > NEW_TABLES_RUNS) {
			platform_new_tables();
			return;
		}
		platform_flush_range(first << 27 << PAGE_SHIFT, (i - first) << 27);
	}
}

static int answered(const struct vcpu_public *p, uint64_t wanted)
{
	return !__atomic_load_n(&p->in_play, __ATOMIC_SEQ_CST) ||
	       __atomic_load_n(&p->tlb_seen, __ATOMIC_SEQ_CST) >= wanted ||
	       __atomic_load_n(&p->tlb_acked, __ATOMIC_SEQ_CST) >= wanted;
}

static void wait_for_answer(unsigned int v, uint64_t wanted)
{
	const struct vcpu_public *p = &this_domain.vcpu[v];
	unsigned int i;

	for (i = 1; !answered(p, wanted); i++) {
		__builtin_ia32_pause();
		if (i % 256 == 0)
			platform_yield(); /* it may wait for this CPU */
	}
}

static void shoot_down(uint64_t vcpus)
{
	uint64_t wanted = this_domain.tlb.head, waiting = 0, m;
	unsigned int v;

	vcpus &= (2UL << (header.nr_vcpus - 1)) - 1;
	vcpus &= ~(1UL << vcpu.id);
	for (m = vcpus; m; m &= m - 1) {
		struct vcpu_public *p = &this_domain.vcpu[__builtin_ctzl(m)];

		if (__atomic_load_n(&p->tlb_seen, __ATOMIC_ACQUIRE) >= wanted)
			continue;
		__atomic_store_n(&p->tlb_wanted, wanted, __ATOMIC_SEQ_CST);
		waiting |= m & -m;
	}
	smp_mb(); /* pairs with tlb_enter_guest's */
	for (m = waiting; m; m &= m - 1) {
		v = (unsigned int)__builtin_ctzl(m);
		if (answered(&this_domain.vcpu[v], wanted))
			waiting &= ~(1UL << v);
		else
			platform_interrupt(v);
	}
	for (m = waiting; m; m &= m - 1)
		wait_for_answer((unsigned int)__builtin_ctzl(m), wanted);
}

void tlb_flush_stale_on(uint64_t vcpus)
{
	if (vcpus >> vcpu.id & 1)
		tlb_flush_stale();
	if (!alone())
		shoot_down(vcpus);
}

void tlb_flush_one(uint64_t va)
{
	platform_flush_page(va & PAGE_MASK);
}

void tlb_flush_one_on(uint64_t va, uint64_t vcpus)
{
	if (vcpus >> vcpu.id & 1)
		tlb_flush_one(va);
	if (alone() || va >= platform_va_end())
		return;
	log_range(va & PAGE_MASK, 1, EVERYBODY);
	shoot_down(vcpus);
}

void tlb_enter_guest(void)
{
	struct vcpu_public *p = &this_vcpu;

	__atomic_store_n(&p->in_play, 1, __ATOMIC_SEQ_CST);
	smp_mb(); /* pairs with shoot_down's: from here on it sends a signal */
	if (__atomic_load_n(&p->tlb_wanted, __ATOMIC_SEQ_CST) > p->tlb_seen)
		tlb_flush_stale();
}

void tlb_leave_guest(void)
{
	__atomic_store_n(&this_vcpu.in_play, 0, __ATOMIC_RELEASE);
}

void tlb_acknowledge(void)
{
	struct vcpu_public *p = &this_vcpu;

	__atomic_store_n(&p->tlb_acked, __atomic_load_n(&p->tlb_wanted, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}
