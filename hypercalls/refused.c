/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that exist on Xen but not for an ordinary domain: the same refusals, found in the same
 * order (unreadable argument, wrong interface version, no privilege).
 */
#include <hypercalls/dispatch.h>
#include <hv/mm.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xen/platform.h>

long do_platform_op(uint64_t op, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xen_platform_op p;

	if (copy_from_guest(&p, op, sizeof(p)))
		return -XEN_EFAULT;
	return p.interface_version == XENPF_INTERFACE_VERSION ? -XEN_EPERM : -XEN_EACCES;
}

long do_sysctl(uint64_t op, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xen_sysctl s;

	if (copy_from_guest(&s, op, sizeof(s)))
		return -XEN_EFAULT;
	return s.interface_version == XEN_SYSCTL_INTERFACE_VERSION ? -XEN_EPERM : -XEN_EACCES;
}

/* A domain knows of itself and of the control domain; of the rest it learns nothing. */
long do_domctl(uint64_t op, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xen_domctl d;

	if (copy_from_guest(&d, op, sizeof(d)))
		return -XEN_EFAULT;
	if (d.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	if (d.cmd != XEN_DOMCTL_createdomain && d.domain >= DOMID_FIRST_RESERVED)
		return -XEN_ESRCH;
	return -XEN_EPERM;
}

long do_kexec_op(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	return -XEN_EPERM;
}

long do_hypfs_op(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	return -XEN_EPERM;
}

/* No performance counters for guests: what Xen says unless started with vpmu. */
long do_xenpmu_op(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	return -XEN_EOPNOTSUPP;
}

/* do_mca of <xen/arch-x86/xen-mca.h> */
long do_arch_0(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	return -XEN_EPERM;
}
