/* SPDX-License-Identifier: MIT */
/*
 * memory_op: what a PV domain may not do.
 *
 * Physmap changes, resources, claims, other domains' memory: each has its own error.
 *
 * covers: memory_op.add_to_physmap bad
 * covers: memory_op.remove_from_physmap bad
 * covers: memory_op.machine_memory_map bad
 */
#define __XEN_TOOLS__ 1	/* what a domain may not call has its constants there */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "memory_op: what a PV domain may not do";

#define OP(cmd, arg)	((uint64_t)HC(memory_op, (long)(cmd), (long)(arg)))
#define BAD_PTR		0x3fffffff0000L		/* canonical, and nothing there */

void test_main(void)
{
	struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info };
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .size = 1 };
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF };
	struct xen_memory_reservation c = { .domid = DOMID_SELF };
	struct xen_vnuma_topology_info v = { .domid = DOMID_SELF };
	struct xen_mem_acquire_resource q = { .domid = DOMID_SELF };
	uint64_t zeros[16] = { 0 };
	void *page = page_alloc();

	answer("add.fault", OP(XENMEM_add_to_physmap, BAD_PTR));
	answer("add.self", OP(XENMEM_add_to_physmap, &a));
	a.domid = 0x7000;
	answer("add.none", OP(XENMEM_add_to_physmap, &a));
	a.domid = 0;
	answer("add.dom0", OP(XENMEM_add_to_physmap, &a));
	a.space = XENMAPSPACE_gmfn_foreign;
	answer("add.foreign", OP(XENMEM_add_to_physmap, &a));
	a.domid = DOMID_SELF;
	a.space = 77;
	answer("add.space", OP(XENMEM_add_to_physmap, &a));

	answer("batch.fault", OP(XENMEM_add_to_physmap_batch, BAD_PTR));
	answer("batch.self", OP(XENMEM_add_to_physmap_batch, &b));
	answer("batch.start", OP(XENMEM_add_to_physmap_batch | 5 << 6, &b));
	b.domid = 0x7000;
	answer("batch.none", OP(XENMEM_add_to_physmap_batch, &b));
	b.domid = 0;
	answer("batch.dom0", OP(XENMEM_add_to_physmap_batch, &b));
	b.domid = DOMID_SELF;
	b.space = XENMAPSPACE_gmfn_range;
	answer("batch.range", OP(XENMEM_add_to_physmap_batch, &b));

	r.gpfn = va_mfn(page);
	answer("remove.fault", OP(XENMEM_remove_from_physmap, BAD_PTR));
	answer("remove.self", OP(XENMEM_remove_from_physmap, &r));
	r.gpfn = 0xffffff0;
	answer("remove.nothing", OP(XENMEM_remove_from_physmap, &r));
	r.domid = 0x7000;
	answer("remove.none", OP(XENMEM_remove_from_physmap, &r));
	r.domid = 0;
	answer("remove.dom0", OP(XENMEM_remove_from_physmap, &r));

	answer("machine_map", OP(XENMEM_machine_memory_map, zeros));
	answer("machine_map.fault", OP(XENMEM_machine_memory_map, BAD_PTR));

	answer("claim.fault", OP(XENMEM_claim_pages, BAD_PTR));
	answer("claim.self", OP(XENMEM_claim_pages, &c));
	c.domid = 0;
	answer("claim.dom0", OP(XENMEM_claim_pages, &c));
	c.domid = 0x7000;
	answer("claim.none", OP(XENMEM_claim_pages, &c));
	c.extent_order = 1;
	answer("claim.order", OP(XENMEM_claim_pages, &c));
	answer("claim.start", OP(XENMEM_claim_pages | 1 << 6, &c));

	answer("vnuma.fault", OP(XENMEM_get_vnumainfo, BAD_PTR));
	answer("vnuma.self", OP(XENMEM_get_vnumainfo, &v));
	answer("vnuma.start", OP(XENMEM_get_vnumainfo | 1 << 6, &v));
	v.domid = 0;
	answer("vnuma.dom0", OP(XENMEM_get_vnumainfo, &v));
	v.domid = 0x7000;
	answer("vnuma.none", OP(XENMEM_get_vnumainfo, &v));
	v.pad = 1;
	answer("vnuma.pad", OP(XENMEM_get_vnumainfo, &v));

	answer("resource.fault", OP(XENMEM_acquire_resource, BAD_PTR));
	answer("resource.self", OP(XENMEM_acquire_resource, &q));
	q.domid = 0;
	answer("resource.dom0", OP(XENMEM_acquire_resource, &q));
	q.domid = 0x7000;
	answer("resource.none", OP(XENMEM_acquire_resource, &q));
	q.pad = 1;
	answer("resource.pad", OP(XENMEM_acquire_resource, &q));

	answer("pod.set", OP(XENMEM_set_pod_target, zeros));
	answer("pod.get", OP(XENMEM_get_pod_target, zeros));
	answer("sharing.freed", OP(XENMEM_get_sharing_freed_pages, 0));
	answer("sharing.shared", OP(XENMEM_get_sharing_shared_pages, 0));
	answer("paging", OP(XENMEM_paging_op, zeros));
	answer("access", OP(XENMEM_access_op, zeros));
	answer("access.fault", OP(XENMEM_access_op, BAD_PTR));
	answer("sharing.op", OP(XENMEM_sharing_op, zeros));
	answer("rdm", OP(XENMEM_reserved_device_memory_map, zeros));
	answer("rdm.fault", OP(XENMEM_reserved_device_memory_map, BAD_PTR));
	zeros[0] = 2;
	answer("rdm.flags", OP(XENMEM_reserved_device_memory_map, zeros));
	answer("compat", OP(XENMEM_machphys_compat_mfn_list, zeros));
	answer("translate8", OP(8, zeros));
	answer("unknown", OP(63, zeros));
	answer("unknown.fault", OP(62, BAD_PTR));
	test_success("");
}
