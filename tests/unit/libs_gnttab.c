/* SPDX-License-Identifier: MIT */
/*
 * libxengnttab: what a domain permits is mapped and shows as pinned; everything else is EINVAL and
 * leaves nothing behind; a domain that changes its entries meanwhile cannot reach outside its memory.
 */
#include "config.h"
#include "libs/paravane-ext.h"
#include "tests/unit/libs_machine.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define RW	(PROT_READ | PROT_WRITE)

TestSuite(libs_gnttab, .init = machine_up, .fini = machine_down);

static bool pinned(struct actor *a, unsigned gref, unsigned readers, unsigned writers)
{
	uint16_t flags = actor_grant(a, gref)->flags;

	return actor_pin(a, gref)->readers == readers && actor_pin(a, gref)->writers == writers &&
	       !!(flags & GTF_reading) == !!readers && !!(flags & GTF_writing) == !!writers;
}

Test(libs_gnttab, a_granted_page_is_mapped_and_pinned)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint8_t *p;

	actor_permit(&a, 8, 17, GTF_permit_access);
	p = xengnttab_map_grant_ref(h, a.domid, 8, RW);
	cr_assert(p);
	strcpy((char *)p, "from the backend");
	cr_assert_str_eq((char *)actor_ram(&a, 17), "from the backend");
	cr_assert(pinned(&a, 8, 1, 1));
	cr_assert_eq(xengnttab_unmap(h, p, 1), 0);
	cr_assert(pinned(&a, 8, 0, 0));
	cr_assert_eq(actor_grant(&a, 8)->flags, GTF_permit_access);
	cr_assert_eq(xengnttab_unmap(h, p, 1), -1);
	cr_assert_eq(errno, EINVAL);
	xengnttab_close(h);
	actor_free(&a);
}

static bool refused(xengnttab_handle *h, struct actor *a, unsigned gref, int prot)
{
	errno = 0;
	return !xengnttab_map_grant_ref(h, a->domid, gref, prot) && errno == EINVAL;
}

Test(libs_gnttab, what_is_not_permitted_is_refused)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	void *p;

	cr_assert(refused(h, &a, 8, PROT_READ), "an empty entry");
	actor_permit(&a, 8, 1, GTF_permit_access | GTF_readonly);
	cr_assert(refused(h, &a, 8, RW), "writing a read-only grant");
	p = xengnttab_map_grant_ref(h, a.domid, 8, PROT_READ);
	cr_assert(p, "reading it");
	cr_assert(pinned(&a, 8, 1, 0));
	xengnttab_unmap(h, p, 1);
	actor_permit(&a, 9, 1, GTF_accept_transfer);
	cr_assert(refused(h, &a, 9, PROT_READ), "a transfer");
	actor_permit(&a, 9, 1, GTF_transitive);
	cr_assert(refused(h, &a, 9, PROT_READ), "a transitive grant");
	actor_permit(&a, 9, 1, GTF_permit_access | GTF_sub_page);
	cr_assert(refused(h, &a, 9, PROT_READ), "part of a page");
	actor_permit(&a, 9, 1, GTF_permit_access);
	actor_grant(&a, 9)->domid = 3;
	cr_assert(refused(h, &a, 9, PROT_READ), "granted to somebody else");
	cr_assert(refused(h, &a, PVN_MAX_GREFS, PROT_READ), "beyond the table");
	cr_assert(refused(h, &a, UINT32_MAX, PROT_READ), "far beyond the table");
	actor_permit(&a, 10, 1024, GTF_permit_access);
	cr_assert(refused(h, &a, 10, PROT_READ), "the frame after the last");
	actor_grant(&a, 10)->frame = (uint32_t)a.d->m.mfn_base;
	cr_assert(refused(h, &a, 10, PROT_READ), "shared_info is no RAM");
	actor_grant(&a, 10)->frame = (uint32_t)a.d->m.mfn_base - 1;
	cr_assert(refused(h, &a, 10, PROT_READ), "somebody else's frame");
	actor_grant(&a, 10)->frame = 0;
	cr_assert(refused(h, &a, 10, PROT_READ), "frame 0");
	cr_assert(pinned(&a, 8, 0, 0) && pinned(&a, 10, 0, 0));
	cr_assert_null(xengnttab_map_grant_ref(h, 4711, 8, PROT_READ));
	cr_assert_eq(errno, EINVAL);
	xengnttab_close(h);
	actor_free(&a);
}

Test(libs_gnttab, many_pages_are_contiguous_and_all_or_nothing)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint32_t refs[4] = { 20, 21, 22, 23 };
	uint8_t *p;
	int i;

	for (i = 0; i < 4; i++) {
		actor_permit(&a, refs[i], 100 - 3 * (uint64_t)i, GTF_permit_access);
		memset(actor_ram(&a, 100 - 3 * (uint64_t)i), 'a' + i, PVN_PAGE_SIZE);
	}
	p = xengnttab_map_domain_grant_refs(h, 4, a.domid, refs, RW);
	cr_assert(p);
	for (i = 0; i < 4; i++) {
		cr_assert_eq(p[i * 4096], 'a' + i);
		cr_assert_eq(p[i * 4096 + 4095], 'a' + i);
		cr_assert(pinned(&a, refs[i], 1, 1));
	}
	cr_assert_eq(xengnttab_unmap(h, p, 3), -1, "a part of a mapping cannot go");
	cr_assert_eq(errno, EINVAL);
	cr_assert_eq(xengnttab_unmap(h, p, 4), 0);
	actor_grant(&a, 22)->flags = 0;
	cr_assert_null(xengnttab_map_domain_grant_refs(h, 4, a.domid, refs, RW));
	cr_assert_eq(errno, EINVAL);
	for (i = 0; i < 4; i++)
		cr_assert(pinned(&a, refs[i], 0, 0), "ref %u is left pinned", refs[i]);
	cr_assert_null(xengnttab_map_domain_grant_refs(h, 0, a.domid, refs, RW));
	xengnttab_close(h);
	actor_free(&a);
}

Test(libs_gnttab, each_mapping_has_an_address_of_its_own)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint8_t *p, *q;

	actor_permit(&a, 8, 5, GTF_permit_access);
	actor_permit(&a, 9, 5, GTF_permit_access);
	p = xengnttab_map_grant_ref(h, a.domid, 8, RW);
	q = xengnttab_map_grant_ref(h, a.domid, 9, PROT_READ);
	cr_assert(p && q && p != q);
	p[7] = 'x';
	cr_assert_eq(q[7], 'x');
	cr_assert_eq(xengnttab_unmap(h, p, 1), 0);
	cr_assert(pinned(&a, 8, 0, 0) && pinned(&a, 9, 1, 0));
	xengnttab_close(h);
	cr_assert(pinned(&a, 9, 0, 0), "close unmaps what is left");
	actor_free(&a);
}

Test(libs_gnttab, limits_of_a_handle)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint32_t refs[3] = { 8, 9, 10 };
	void *p;
	int i;

	for (i = 0; i < 3; i++)
		actor_permit(&a, refs[i], (uint64_t)i, GTF_permit_access);
	cr_assert_eq(xengnttab_set_max_grants(h, 2), 0);
	cr_assert_null(xengnttab_map_domain_grant_refs(h, 3, a.domid, refs, RW));
	cr_assert_eq(errno, ENOMEM);
	p = xengnttab_map_domain_grant_refs(h, 2, a.domid, refs, RW);
	cr_assert(p);
	cr_assert_null(xengnttab_map_grant_ref(h, a.domid, 10, RW));
	xengnttab_unmap(h, p, 2);
	cr_assert(xengnttab_map_grant_ref(h, a.domid, 10, RW));
	xengnttab_close(h);
	actor_free(&a);
}

Test(libs_gnttab, notification_clears_the_byte)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint8_t *p;

	actor_permit(&a, 8, 5, GTF_permit_access);
	cr_assert_null(xengnttab_map_grant_ref_notify(h, a.domid, 8, RW, 4096, -1));
	cr_assert_null(xengnttab_map_grant_ref_notify(h, a.domid, 8, PROT_READ, 4, -1));
	p = xengnttab_map_grant_ref_notify(h, a.domid, 8, RW, 4095, -1);
	cr_assert(p);
	actor_ram(&a, 5)[4095] = 1;
	cr_assert_eq(xengnttab_unmap(h, p, 1), 0);
	cr_assert_eq(actor_ram(&a, 5)[4095], 0);
	xengnttab_close(h);
	actor_free(&a);
}

Test(libs_gnttab, notification_sends_the_event)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	xenevtchn_handle *ev = xenevtchn_open(NULL, 0);
	int remote = pvn_ctl_alloc_unbound(machine.ctl, a.domid, 0);
	int local = xenevtchn_bind_interdomain(ev, a.domid, (evtchn_port_t)remote);
	struct pvn_vcpu *v = actor_vcpu(&a, 0);
	void *p;

	cr_assert(remote > 0 && local > 0);
	actor_permit(&a, 8, 5, GTF_permit_access);
	v->run_state = PVN_VCPU_BLOCKED;
	p = xengnttab_map_grant_ref_notify(h, a.domid, 8, RW, (uint32_t)-1, (evtchn_port_t)local);
	cr_assert(p);
	cr_assert_eq(v->wake, 0);
	cr_assert_eq(xengnttab_unmap(h, p, 1), 0);
	cr_assert(v->pending[remote / 64] & 1ULL << remote % 64);
	cr_assert(v->inbound_sel & 1ULL << remote / 64);
	cr_assert_eq(v->wake, 1);
	xenevtchn_close(ev);
	xengnttab_close(h);
	actor_free(&a);
}

Test(libs_gnttab, copy_both_ways)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	char buf[32] = "";
	xengnttab_grant_copy_segment_t s[3] = {
		{ .source.foreign = { 8, 100, 0 }, .dest.virt = buf, .len = 6, .flags = GNTCOPY_source_gref },
		{ .source.foreign = { 8, 100, 0 }, .dest.foreign = { 9, 4090, 0 }, .len = 6,
		  .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref },
		{ .source.virt = buf, .dest.foreign = { 10, 0, 0 }, .len = 6, .flags = GNTCOPY_dest_gref },
	};

	s[0].source.foreign.domid = s[1].source.foreign.domid = s[1].dest.foreign.domid =
		s[2].dest.foreign.domid = (uint16_t)a.domid;
	actor_permit(&a, 8, 5, GTF_permit_access | GTF_readonly);
	actor_permit(&a, 9, 6, GTF_permit_access);
	actor_permit(&a, 10, 7, GTF_permit_access | GTF_readonly);
	strcpy((char *)actor_ram(&a, 5) + 100, "hello");
	cr_assert_eq(xengnttab_grant_copy(h, 3, s), 0);
	cr_assert_eq(s[0].status, GNTST_okay);
	cr_assert_str_eq(buf, "hello");
	cr_assert_eq(s[1].status, GNTST_okay);
	cr_assert_str_eq((char *)actor_ram(&a, 6) + 4090, "hello");
	cr_assert_eq(s[2].status, GNTST_general_error, "a read-only destination");
	cr_assert(pinned(&a, 8, 0, 0) && pinned(&a, 9, 0, 0) && pinned(&a, 10, 0, 0));
	s[0].source.foreign.offset = 4091;
	cr_assert_eq(xengnttab_grant_copy(h, 1, s), -1, "beyond the page");
	cr_assert_eq(errno, EINVAL);
	s[0].source.foreign.offset = 0;
	s[0].flags = 0;
	cr_assert_eq(xengnttab_grant_copy(h, 1, s), -1, "no grant at all");
	s[0].flags = GNTCOPY_source_gref;
	s[0].source.foreign.ref = UINT32_MAX;
	cr_assert_eq(xengnttab_grant_copy(h, 1, s), 0);
	cr_assert_eq(s[0].status, GNTST_bad_gntref);
	s[0].source.foreign.domid = 4711;
	cr_assert_eq(xengnttab_grant_copy(h, 1, s), 0);
	cr_assert_eq(s[0].status, GNTST_bad_domain);
	xengnttab_close(h);
	actor_free(&a);
}

Test(libs_gnttab, window_holds_single_mappings)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	size_t bytes;
	void *base;

	actor_permit(&a, 8, 5, GTF_permit_access);
	cr_assert_eq(xengnttab_window(h, a.domid, &base, &bytes), 0);
	cr_assert_eq(bytes, 4UL << 20);
	cr_assert_eq(xengnttab_map_grant_ref(h, a.domid, 8, RW), (char *)base + 5 * 4096);
	cr_assert_eq(xengnttab_window(h, 4711, &base, &bytes), -1);
	cr_assert_eq(errno, ESRCH);
	cr_assert_eq(xengnttab_window(h, a.domid, NULL, NULL), 0);
	xengnttab_close(h);
	actor_free(&a);
}

Test(libs_gnttab, a_dead_domain_maps_no_more)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint8_t *p;

	actor_permit(&a, 8, 5, GTF_permit_access);
	actor_permit(&a, 9, 6, GTF_permit_access);
	p = xengnttab_map_grant_ref(h, a.domid, 8, RW);
	cr_assert(p);
	cr_assert_eq(pvn_ctl_destroy(machine.ctl, a.domid), 0);
	cr_assert_null(xengnttab_map_grant_ref(h, a.domid, 9, RW));
	cr_assert_eq(errno, EINVAL);
	p[0] = 1;	/* what is mapped stays harmless to touch */
	cr_assert_eq(xengnttab_unmap(h, p, 1), 0);
	xengnttab_close(h);
	actor_free(&a);
}

Test(libs_gnttab, a_number_that_is_used_again_means_the_new_domain)
{
	struct actor old = actor_make(4), new;
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint8_t *p;

	actor_permit(&old, 8, 5, GTF_permit_access);
	cr_assert(xengnttab_map_grant_ref(h, old.domid, 8, RW));
	cr_assert_eq(pvn_ctl_destroy(machine.ctl, old.domid), 0);
	cr_assert_eq(domain_make_as(old.domid, 4), old.domid);
	new = actor_of(old.domid);
	cr_assert_neq(new.d, old.d);
	actor_permit(&new, 8, 6, GTF_permit_access);
	p = xengnttab_map_grant_ref(h, new.domid, 8, RW);
	cr_assert(p);
	p[0] = 99;
	cr_assert_eq(actor_ram(&new, 6)[0], 99);
	cr_assert(pinned(&new, 8, 1, 1));
	xengnttab_close(h);
	actor_free(&old);
	actor_free(&new);
}

Test(libs_gnttab, pins_of_a_killed_client_are_released)
{
	struct actor a = actor_make(4);
	int i, status, p[2];
	pid_t child;
	char c;

	actor_permit(&a, 8, 5, GTF_permit_access);
	cr_assert_eq(pipe(p), 0);
	child = fork();
	if (child == 0) {
		xengnttab_handle *h = xengnttab_open(NULL, 0);

		c = h && xengnttab_map_grant_ref(h, a.domid, 8, RW) ? 'y' : 'n';
		if (write(p[1], &c, 1) == 1)
			pause();
		_exit(0);
	}
	cr_assert_eq(read(p[0], &c, 1), 1);
	cr_assert_eq(c, 'y');
	cr_assert(pinned(&a, 8, 1, 1));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	for (i = 0; i < 2000 && !pinned(&a, 8, 0, 0); i++)
		usleep(5000);
	cr_assert(pinned(&a, 8, 0, 0));
	actor_free(&a);
}

Test(libs_gnttab, closing_in_a_forked_child_changes_nothing)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	int status;
	pid_t child;

	actor_permit(&a, 8, 5, GTF_permit_access);
	cr_assert(xengnttab_map_grant_ref(h, a.domid, 8, RW));
	child = fork();
	if (child == 0) {
		xengnttab_close(h);
		h = xengnttab_open(NULL, 0);
		_exit(h ? xengnttab_close(h) : 1);
	}
	waitpid(child, &status, 0);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	cr_assert(pinned(&a, 8, 1, 1));
	xengnttab_close(h);
	cr_assert(pinned(&a, 8, 0, 0));
	actor_free(&a);
}

static struct {
	struct actor *a;
	bool stop;
} hostile;

/* Rewrites entry, pins and header as fast as it can. */
static void *hostile_thread(void *unused)
{
	volatile uint64_t *e = (volatile uint64_t *)actor_grant(hostile.a, 8);
	uint64_t good = *e, n = 0;

	while (!__atomic_load_n(&hostile.stop, __ATOMIC_RELAXED)) {
		*e = n % 3 ? good : n * 0x9e3779b97f4a7c15ULL;
		*(volatile uint32_t *)actor_pin(hostile.a, 8) = (uint32_t)(n * 2654435761U);
		if (n % 1024 == 0)
			actor_header(hostile.a)->magic ^= 1;
		n++;
	}
	return NULL;
}

Test(libs_gnttab, hostile_domain_race)
{
	struct actor a = actor_make(4);
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	pthread_t t;
	size_t bytes;
	void *base;
	char *p;
	int i;

	actor_permit(&a, 8, 5, GTF_permit_access);
	cr_assert_eq(xengnttab_window(h, a.domid, &base, &bytes), 0);
	hostile.a = &a;
	pthread_create(&t, NULL, hostile_thread, NULL);
	for (i = 0; i < 20000; i++) {
		p = xengnttab_map_grant_ref(h, a.domid, 8, RW);
		if (!p)
			continue;
		cr_assert(p >= (char *)base && p + 4096 <= (char *)base + bytes);
		cr_assert_eq(xengnttab_unmap(h, p, 1), 0);
	}
	__atomic_store_n(&hostile.stop, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	xengnttab_close(h);
	actor_header(&a)->magic = PVN_SHARED_MAGIC;
	actor_free(&a);
}

Test(libs_gnttab, what_is_absent_says_so)
{
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint32_t x = 0;

	cr_assert_null(xengntshr_open(NULL, 0));
	cr_assert_eq(errno, ENOSYS);
	cr_assert_eq(xengnttab_dmabuf_exp_from_refs(h, 1, 0, 1, &x, &x), -1);
	cr_assert_eq(errno, EOPNOTSUPP);
	cr_assert_null(xengnttab_open(NULL, 1));
	cr_assert_eq(errno, EINVAL);
	xengnttab_close(h);
}
