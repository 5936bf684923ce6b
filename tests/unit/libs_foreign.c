/* SPDX-License-Identifier: MIT */
/*
 * libxenforeignmemory and libxencall: frames by number with errors per page, resources, hypercalls
 * with their buffers.
 */
#include "config.h"
#include "tests/unit/libs_machine.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xencall.h>
#include <xenforeignmemory.h>

#define RW	(PROT_READ | PROT_WRITE)

TestSuite(libs_foreign, .init = machine_up, .fini = machine_down);
TestSuite(libs_call, .init = machine_up, .fini = machine_down);

Test(libs_foreign, frames_in_any_order)
{
	struct actor a = actor_make(4);
	xenforeignmemory_handle *h = xenforeignmemory_open(NULL, 0);
	xen_pfn_t mfns[5];
	uint64_t pfns[5] = { 9, 10, 11, 3, 9 };
	int err[5] = { 1, 1, 1, 1, 1 }, i;
	uint8_t *p;

	for (i = 0; i < 5; i++) {
		mfns[i] = actor_mfn(&a, pfns[i]);
		actor_ram(&a, pfns[i])[0] = (uint8_t)pfns[i];
	}
	p = xenforeignmemory_map(h, a.domid, RW, 5, mfns, err);
	cr_assert(p);
	for (i = 0; i < 5; i++) {
		cr_assert_eq(err[i], 0);
		cr_assert_eq(p[i * 4096], pfns[i]);
	}
	p[4096] = 77;
	cr_assert_eq(actor_ram(&a, 10)[0], 77);
	cr_assert_eq(xenforeignmemory_unmap(h, p, 5), 0);
	xenforeignmemory_close(h);
	actor_free(&a);
}

Test(libs_foreign, a_bad_frame_is_an_error_of_its_page)
{
	struct actor a = actor_make(4);
	xenforeignmemory_handle *h = xenforeignmemory_open(NULL, 0);
	xen_pfn_t mfns[5] = { actor_mfn(&a, 0), a.d->m.mfn_base - 1, actor_mfn(&a, 1023), actor_mfn(&a, 1024),
			      UINT64_MAX };
	int err[5];
	uint8_t *p;

	p = xenforeignmemory_map(h, a.domid, PROT_READ, 5, mfns, err);
	cr_assert(p);
	cr_assert(err[0] == 0 && err[2] == 0);
	cr_assert(err[1] == -EINVAL && err[3] == -EINVAL && err[4] == -EINVAL);
	cr_assert_eq(p[2 * 4096], 0);
	xenforeignmemory_unmap(h, p, 5);
	cr_assert_null(xenforeignmemory_map(h, a.domid, PROT_READ, 5, mfns, NULL), "all or nothing without err[]");
	cr_assert_eq(errno, EINVAL);
	cr_assert_null(xenforeignmemory_map(h, a.domid, PROT_READ, 0, mfns, err));
	cr_assert_eq(errno, EINVAL);
	cr_assert_null(xenforeignmemory_map(h, 4711, PROT_READ, 1, mfns, err));
	cr_assert_eq(errno, ESRCH);
	xenforeignmemory_close(h);
	actor_free(&a);
}

Test(libs_foreign, heap_frames_and_placement)
{
	struct actor a = actor_make(4);
	xenforeignmemory_handle *h = xenforeignmemory_open(NULL, 0);
	xen_pfn_t mfn = a.d->m.mfn_base + PVN_HEAP_SHARED_INFO;
	uint8_t *room = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;

	p = xenforeignmemory_map2(h, a.domid, room + 4096, RW, MAP_FIXED, 1, &mfn, NULL);
	cr_assert_eq(p, room + 4096);
	p[0] = 42;
	cr_assert_eq(a.d->shared[PVN_HEAP_OFFSET], 42);
	xenforeignmemory_unmap(h, p, 1);
	cr_assert_eq(xenforeignmemory_restrict(h, (domid_t)a.domid), -1);
	cr_assert_eq(errno, EOPNOTSUPP);
	xenforeignmemory_close(h);
	actor_free(&a);
}

Test(libs_foreign, grant_table_as_a_resource)
{
	struct actor a = actor_make(4);
	xenforeignmemory_handle *h = xenforeignmemory_open(NULL, 0);
	unsigned frames = a.d->m.max_grant_frames;
	xenforeignmemory_resource_handle *r;
	grant_entry_v1_t *t = NULL;
	size_t size = 0;

	cr_assert_eq(xenforeignmemory_resource_size(h, (domid_t)a.domid, XENMEM_resource_grant_table,
						    XENMEM_resource_grant_table_id_shared, &size), 0);
	cr_assert_eq(size, frames * 4096UL);
	r = xenforeignmemory_map_resource(h, (domid_t)a.domid, XENMEM_resource_grant_table,
					  XENMEM_resource_grant_table_id_shared, 0, 1, (void **)&t, RW, 0);
	cr_assert(r && t);
	t[1].frame = 4711;
	cr_assert_eq(actor_grant(&a, 1)->frame, 4711);
	cr_assert_geq(actor_header(&a)->nr_grant_frames, 1);
	cr_assert_eq(xenforeignmemory_unmap_resource(h, r), 0);
	t = NULL;
	cr_assert_null(xenforeignmemory_map_resource(h, (domid_t)a.domid, XENMEM_resource_grant_table, 0,
						     frames, 1, (void **)&t, RW, 0));
	cr_assert_eq(errno, EINVAL);
	cr_assert_null(xenforeignmemory_map_resource(h, (domid_t)a.domid, XENMEM_resource_grant_table, 0, 0,
						     ~0UL, (void **)&t, RW, 0));
	cr_assert_null(xenforeignmemory_map_resource(h, (domid_t)a.domid, XENMEM_resource_vmtrace_buf, 0, 0, 1,
						     (void **)&t, RW, 0));
	cr_assert_eq(errno, EOPNOTSUPP);
	xenforeignmemory_close(h);
	actor_free(&a);
}

Test(libs_foreign, nothing_leaks)
{
	struct actor a = actor_make(4);
	xen_pfn_t mfn = actor_mfn(&a, 0);
	int before, i;

	before = count_fds();
	for (i = 0; i < 20; i++) {
		xenforeignmemory_handle *h = xenforeignmemory_open(NULL, 0);
		void *p = xenforeignmemory_map(h, a.domid, RW, 1, &mfn, NULL);

		xenforeignmemory_unmap(h, p, 1);
		xenforeignmemory_close(h);
	}
	cr_assert_eq(count_fds(), before);
	actor_free(&a);
}

Test(libs_call, errors_are_minus_one_and_errno)
{
	xencall_handle *h = xencall_open(NULL, 0);

	cr_assert_gt(xencall2(h, __HYPERVISOR_xen_version, XENVER_version, 0), 0);
	cr_assert_eq(xencall0(h, 63), -1);
	cr_assert_eq(errno, ENOSYS);
	/* A pointer that is no hypercall buffer. */
	cr_assert_eq(xencall2(h, __HYPERVISOR_xen_version, XENVER_extraversion, (uintptr_t)&errno), -1);
	cr_assert_eq(errno, EFAULT);
	cr_assert_null(xencall_open(NULL, 0x80));
	cr_assert_eq(errno, EINVAL);
	xencall_close(h);
}

Test(libs_call, buffers_carry_arguments)
{
	xencall_handle *h = xencall_open(NULL, 0);
	char *p = xencall_alloc_buffer(h, 16), *big, *q;

	cr_assert(p && (uintptr_t)p % 4096 == 0);
	cr_assert_eq(xencall2(h, __HYPERVISOR_xen_version, XENVER_extraversion, (uintptr_t)p), 0);
	cr_assert_eq(p[0], '.');
	big = xencall_alloc_buffer_pages(h, 1000);
	cr_assert(big);
	memset(big, 'x', 1000 * 4096);
	cr_assert_eq(xencall2(h, __HYPERVISOR_xen_version, XENVER_extraversion, (uintptr_t)big + 999 * 4096), 0);
	xencall_free_buffer_pages(h, big, 1000);
	xencall_free_buffer(h, p);
	q = xencall_alloc_buffer(h, 16);
	cr_assert_eq(q[0], 0, "what the last user left");
	xencall_free_buffer(h, q);
	xencall_free_buffer(h, NULL);
	cr_assert_null(xencall_alloc_buffer(h, ~0UL));
	cr_assert_eq(errno, ENOMEM);
	cr_assert(xencall_buffers_never_fault(h));
	xencall_close(h);
}

Test(libs_call, many_buffers)
{
	xencall_handle *h = xencall_open(NULL, 0);
	char *p[300];
	int i, k;

	for (k = 0; k < 3; k++) {
		for (i = 0; i < 300; i++) {
			p[i] = xencall_alloc_buffer_pages(h, 1 + (size_t)i % 3);
			cr_assert(p[i]);
			memset(p[i], i, 4096UL * (1 + (size_t)i % 3));
		}
		for (i = 0; i < 300; i++)
			cr_assert_eq(p[i][0], (char)i);
		for (i = 0; i < 300; i++)
			xencall_free_buffer_pages(h, p[(i * 7) % 300], 1);
	}
	xencall_close(h);
}

static void *call_thread(void *arg)
{
	long i, bad = 0;

	for (i = 0; i < 500; i++) {
		char *p = xencall_alloc_buffer(arg, 16);

		bad += !p || xencall2(arg, __HYPERVISOR_xen_version, XENVER_extraversion, (uintptr_t)p) != 0 ||
		       p[0] != '.';
		xencall_free_buffer(arg, p);
	}
	return (void *)bad;
}

Test(libs_call, threads_share_a_handle)
{
	xencall_handle *h = xencall_open(NULL, 0);
	pthread_t t[4];
	void *bad;
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, call_thread, h);
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		cr_assert_null(bad);
	}
	xencall_close(h);
}

Test(libs_call, a_forked_child_may_close_and_open)
{
	xencall_handle *h = xencall_open(NULL, 0);
	void *p = xencall_alloc_buffer(h, 16);
	int status;
	pid_t child = fork();

	if (child == 0) {
		int rc = xencall0(h, 17) == -1 && errno == EBADF ? 0 : 2;

		xencall_close(h);
		h = xencall_open(NULL, 0);
		if (!h || xencall2(h, __HYPERVISOR_xen_version, XENVER_version, 0) <= 0)
			rc = 3;
		xencall_close(h);
		_exit(rc);
	}
	waitpid(child, &status, 0);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "0x%x", status);
	cr_assert_eq(xencall2(h, __HYPERVISOR_xen_version, XENVER_extraversion, (uintptr_t)p), 0);
	xencall_close(h);
}

Test(libs_call, ctl_finds_exactly_that_domain)
{
	struct xen_domctl_getdomaininfo info[8];
	uint32_t one = domain_make(4), two = domain_make(4);
	int n;

	cr_assert_eq(pvn_ctl_domain_info(machine.ctl, two, info), 0);
	cr_assert_eq(info[0].domain, two);
	n = pvn_ctl_domain_list(machine.ctl, 0, 8, info);
	cr_assert_eq(n, 3);
	cr_assert(info[0].domain == 0 && info[1].domain == one && info[2].domain == two);
	cr_assert_eq(pvn_ctl_destroy(machine.ctl, one), 0);
	cr_assert_eq(pvn_ctl_domain_info(machine.ctl, one, info), -ESRCH);
	cr_assert_eq(pvn_ctl_domain_info(machine.ctl, 4711, info), -ESRCH);
	cr_assert_eq(pvn_ctl_current_reservation(machine.ctl, two), 1024);
}
