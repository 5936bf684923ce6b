/* SPDX-License-Identifier: MIT */
/*
 * memory_op: the maps a guest may read or set, and what is refused to a PV domain.
 *
 * The memory map is 20-byte E820 entries that the toolstack, or the domain for itself, has
 * put into the page set; nobody but the guest reads it.
 */
#include <hypercalls/dispatch.h>
#include <hypercalls/memory.h>
#include <hv/mm.h>
#include <xen/memory.h>

#define M2P_EXTENT	(1UL << 21)	/* bytes: the M2P is told in superpages */
#define M2P_BYTES	(PVN_MAX_MFN * sizeof(uint64_t))

static long machphys_mapping(uint64_t arg)
{
	struct xen_machphys_mapping m = {
		.v_start = PVN_M2P_VA,
		.v_end = PVN_M2P_VA + M2P_BYTES,
		.max_mfn = PVN_MAX_MFN - 1,
	};

	return copy_to_guest(arg, &m, sizeof(m));
}

/* The M2P lies in no frame that a domain could map: each superpage is told as a hole, which on Xen
 * repeats the frame before it. */
static long machphys_mfn_list(uint64_t arg)
{
	struct xen_machphys_mfn_list l;
	uint64_t none = 0, i;

	if (copy_from_guest(&l, arg, sizeof(l)))
		return -XEN_EFAULT;
	for (i = 0; i < l.max_extents && i < M2P_BYTES / M2P_EXTENT; i++)
		if (copy_to_guest((uint64_t)l.extent_start.p + i * sizeof(none), &none, sizeof(none)))
			return -XEN_EFAULT;
	l.nr_extents = (unsigned int)i;
	return copy_to_guest(arg, &l, sizeof(l));
}

static long memory_map(uint64_t arg)
{
	struct xen_memory_map map;
	uint32_t n = READ_ONCE(e820_map.nr);

	if (copy_from_guest(&map, arg, sizeof(map)))
		return -XEN_EFAULT;
	if (!n || n > PVN_E820_MAX)
		return -XEN_ENOSYS;
	if (map.nr_entries > n)
		map.nr_entries = n;
	if (copy_to_guest((uint64_t)map.buffer.p, e820_map.entry, map.nr_entries * sizeof(e820_map.entry[0])))
		return -XEN_EFAULT;
	return copy_to_guest(arg, &map, sizeof(map));
}

static long set_memory_map(uint64_t arg)
{
	static struct pvn_e820 new;
	struct xen_foreign_memory_map m;
	int rc;

	if (copy_from_guest(&m, arg, sizeof(m)))
		return -XEN_EFAULT;
	if (m.map.nr_entries > PVN_E820_MAX)
		return -XEN_EINVAL;
	rc = memory_own_domain(m.domid);
	if (rc)
		return rc;
	if (copy_from_guest(new.entry, (uint64_t)m.map.buffer.p, m.map.nr_entries * sizeof(new.entry[0])))
		return -XEN_EFAULT;
	mm_enter();
	memcpy(e820_map.entry, new.entry, m.map.nr_entries * sizeof(new.entry[0]));
	e820_map.nr = m.map.nr_entries;
	mm_leave();
	return 0;
}

static long add_to_physmap(uint64_t arg)
{
	struct xen_add_to_physmap x;
	int rc;

	if (copy_from_guest(&x, arg, sizeof(x)))
		return -XEN_EFAULT;
	if (x.space == XENMAPSPACE_gmfn_foreign)
		return -XEN_ENOSYS;
	rc = memory_own_domain(x.domid);
	return rc == -XEN_ESRCH ? rc : -XEN_EACCES; /* translated guests only */
}

static long add_to_physmap_batch(uint64_t arg)
{
	struct xen_add_to_physmap_batch x;
	int rc;

	if (copy_from_guest(&x, arg, sizeof(x)))
		return -XEN_EFAULT;
	if (x.space == XENMAPSPACE_gmfn_range)
		return -XEN_EOPNOTSUPP;
	rc = memory_own_domain(x.domid);
	return rc == -XEN_ESRCH ? rc : -XEN_EACCES;
}

static long remove_from_physmap(uint64_t arg)
{
	struct xen_remove_from_physmap x;
	int rc;

	if (copy_from_guest(&x, arg, sizeof(x)))
		return -XEN_EFAULT;
	rc = memory_own_domain(x.domid);
	return rc == -XEN_ESRCH ? rc : -XEN_EACCES;
}

static long vnumainfo(uint64_t arg, uint64_t start)
{
	struct xen_vnuma_topology_info t;
	int rc;

	if (start)
		return -XEN_EINVAL;
	if (copy_from_guest(&t, arg, sizeof(t)))
		return -XEN_EFAULT;
	if (t.pad)
		return -XEN_EINVAL;
	rc = memory_own_domain(t.domid);
	return rc ? rc : -XEN_EOPNOTSUPP; /* there is none */
}

static long acquire_resource(uint64_t arg)
{
	struct xen_mem_acquire_resource x;

	if (copy_from_guest(&x, arg, sizeof(x)))
		return -XEN_EFAULT;
	if (x.pad)
		return -XEN_EINVAL;
	return x.domid != DOMID_SELF && domain_exists(x.domid) ? -XEN_EPERM : -XEN_ESRCH;
}

static long claim_pages(uint64_t arg, uint64_t start)
{
	struct xen_memory_reservation m;

	if (start)
		return -XEN_EINVAL;
	if (copy_from_guest(&m, arg, sizeof(m)))
		return -XEN_EFAULT;
	if (m.extent_start.p || m.extent_order || m.mem_flags)
		return -XEN_EINVAL;
	return m.domid != DOMID_SELF && domain_exists(m.domid) ? -XEN_EPERM : -XEN_EINVAL;
}

/* Regions that devices of the domain need: it has none. */
static long reserved_device_memory_map(uint64_t arg)
{
	struct xen_reserved_device_memory_map m;

	if (copy_from_guest(&m, arg, sizeof(m)))
		return -XEN_EFAULT;
	if (m.flags & ~(uint32_t)XENMEM_RDM_ALL)
		return -XEN_EINVAL;
	m.nr_entries = 0;
	return copy_to_guest(arg, &m, sizeof(m));
}

/* Memory access and populate-on-demand are for HVM domains. */
static long hvm_only(uint64_t arg, size_t bytes)
{
	uint64_t op[8];

	_Static_assert(sizeof(struct xen_pod_target) <= sizeof(op) && sizeof(struct xen_mem_access_op) <= sizeof(op), "");

	return copy_from_guest(op, arg, bytes) ? -XEN_EFAULT : -XEN_EINVAL;
}

long memory_map_op(uint64_t cmd, uint64_t start, uint64_t arg)
{
	switch (cmd) {
	case XENMEM_machphys_mapping:
		return machphys_mapping(arg);
	case XENMEM_machphys_mfn_list:
		return machphys_mfn_list(arg);
	case XENMEM_memory_map:
		return memory_map(arg);
	case XENMEM_set_memory_map:
		return set_memory_map(arg);
	case XENMEM_add_to_physmap:
		return add_to_physmap(arg);
	case XENMEM_add_to_physmap_batch:
		return add_to_physmap_batch(arg);
	case XENMEM_remove_from_physmap:
		return remove_from_physmap(arg);
	case XENMEM_get_vnumainfo:
		return vnumainfo(arg, start);
	case XENMEM_acquire_resource:
		return acquire_resource(arg);
	case XENMEM_claim_pages:
		return claim_pages(arg, start);
	case XENMEM_machine_memory_map:
		return -XEN_EPERM;
	case XENMEM_reserved_device_memory_map:
		return reserved_device_memory_map(arg);
	case XENMEM_set_pod_target:
	case XENMEM_get_pod_target:
		return hvm_only(arg, sizeof(struct xen_pod_target));
	case XENMEM_access_op:
		return hvm_only(arg, sizeof(struct xen_mem_access_op));
	case XENMEM_get_sharing_freed_pages:
	case XENMEM_get_sharing_shared_pages:
		return 0; /* no page is shared */
	case XENMEM_machphys_compat_mfn_list:
		return -XEN_EOPNOTSUPP;
	}
	return -XEN_ENOSYS;
}
