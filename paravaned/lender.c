/* SPDX-License-Identifier: MIT */
/*
 * Memory of a domain that other domains have mapped.  Called by grant*.c when they map, unmap and
 * copy, and by memory.c and domain.c when a domain gives frames back or dies.
 */
#include "config.h"
#include "paravaned/lender.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libs/util/log.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"
#include "paravaned/memory.h"

static uint64_t orphaned;

struct lender *lender_of(struct domain *d)
{
	struct lender *l = d->lender;

	if (l || !d->range.frames)
		return l;
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->frames = d->range.frames - PVN_HEAP_FRAMES;
	l->ram_mfn = d->range.base + PVN_HEAP_FRAMES;
	l->mem_bytes = d->mem_bytes;
	l->mem_fd = d->mem_fd;
	l->d = d;
	l->pins = calloc(l->frames, sizeof(*l->pins));
	l->given_back = calloc((l->frames + 63) / 64, 8);
	if (!l->pins || !l->given_back) {
		free(l->pins);
		free(l->given_back);
		free(l);
		return NULL;
	}
	d->lender = l;
	return l;
}

int lender_pin(struct lender *l, uint64_t mfn)
{
	uint64_t i = mfn - l->ram_mfn;

	if (!l->d || !memory_owned(l->d, mfn) || l->pins[i] == UINT32_MAX)
		return -1;
	if (!l->pins[i]++)
		l->nr_pinned++;
	return 0;
}

static void lender_free(struct lender *l)
{
	if (l->mem)
		munmap(l->mem, l->mem_bytes);
	if (!l->d) {
		close(l->mem_fd);
		frame_range_release(&l->range);
	}
	free(l->pins);
	free(l->given_back);
	free(l);
}

void lender_unpin(struct lender *l, uint64_t mfn)
{
	uint64_t i = mfn - l->ram_mfn;

	if (--l->pins[i])
		return;
	l->nr_pinned--;
	if (!l->d) {
		memory_punch(l->mem_fd, i, 1);
		if (!l->swept)
			return;
		orphaned--;
		machine.used_pages--;
		if (!l->nr_pinned)
			lender_free(l);
		return;
	}
	if (!lender_gave_back(l, i))
		return;
	l->given_back[i / 64] &= ~(1ULL << (i % 64));
	memory_release(l->d, mfn, 1);
}

bool lender_gave_back(const struct lender *l, uint64_t i)
{
	return l && (l->given_back[i / 64] >> (i % 64) & 1);
}

bool lender_give_back(struct lender *l, uint64_t i)
{
	bool again = lender_gave_back(l, i);

	l->given_back[i / 64] |= 1ULL << (i % 64);
	return again;
}

void lender_orphan(struct lender *l, int fd)
{
	frame_range_move(&l->range, &l->d->range);
	l->mem_fd = fd;
	l->d = NULL;
	if (l->mem)
		munmap(l->mem, l->mem_bytes);
	l->mem = NULL;
}

void lender_swept(struct lender *l)
{
	l->swept = true;
	orphaned += l->nr_pinned;
	machine.used_pages += l->nr_pinned;
	if (!l->nr_pinned)
		lender_free(l);
}

uint64_t lender_orphaned_frames(void)
{
	return orphaned;
}

uint8_t *lender_bytes(struct lender *l, uint64_t mfn)
{
	void *p;

	if (mfn - l->ram_mfn >= l->frames)
		return NULL;
	if (!l->mem) {
		p = mmap(NULL, l->mem_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, l->mem_fd, 0);
		if (p == MAP_FAILED)
			return NULL;
		madvise(p, l->mem_bytes, MADV_DONTFORK);
		l->mem = p;
	}
	return l->mem + ((mfn - l->ram_mfn) << PVN_PAGE_SHIFT);
}

/* A page of a memory object that the host cannot make (no memory, a control group's limit) is a SIGBUS. */
static sigjmp_buf no_page;
static volatile sig_atomic_t copying;

static void on_sigbus(int sig)
{
	if (copying)
		siglongjmp(no_page, 1);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void guard_install(void)
{
	static bool installed;
	struct sigaction sa = { .sa_handler = on_sigbus, .sa_flags = SA_NODEFER };

	if (!installed)
		sigaction(SIGBUS, &sa, NULL);
	installed = true;
}

void lender_copy(struct lender_piece *p, unsigned int n)
{
	volatile unsigned int i = 0;

	guard_install();
	if (sigsetjmp(no_page, 0))
		p[i++].rc = -ENOMEM;
	copying = 1;
	for (; i < n; i++) {
		p[i].rc = 0;
		if (p[i].len)
			memmove(p[i].dst, p[i].src, p[i].len);
	}
	copying = 0;
}
