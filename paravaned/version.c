/* SPDX-License-Identifier: MIT */
/* __HYPERVISOR_xen_version as the control domain sees it.  <xen/version.h> */
#include "config.h"
#include "paravaned/hypercall.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <xen/features.h>
#include <xen/version.h>

#include "paravaned/buffers.h"
#include "paravaned/domain.h"

#define XEN_MAJOR	4
#define XEN_MINOR	17

static int64_t text_out(struct client *c, uint64_t arg, const char *text, size_t size)
{
	char buf[1024] = { 0 };

	snprintf(buf, size < sizeof(buf) ? size : sizeof(buf), "%s", text);
	return copy_to_client(c, arg, buf, size);
}

static int64_t compile_info(struct client *c, uint64_t arg)
{
	struct xen_compile_info info = { 0 };

	snprintf(info.compiler, sizeof(info.compiler), "%s", __VERSION__);
	snprintf(info.compile_by, sizeof(info.compile_by), "paravane");
	snprintf(info.compile_domain, sizeof(info.compile_domain), "localdomain");
	snprintf(info.compile_date, sizeof(info.compile_date), "paravane %s", PACKAGE_VERSION);
	return copy_to_client(c, arg, &info, sizeof(info));
}

static int64_t features(struct client *c, uint64_t arg)
{
	struct xen_feature_info fi;

	if (copy_from_client(c, &fi, arg, sizeof(fi)))
		return -EFAULT;
	if (fi.submap_idx)
		return -EINVAL;
	fi.submap = 1U << XENFEAT_mmu_pt_update_preserve_ad | 1U << XENFEAT_highmem_assist |
		    1U << XENFEAT_gnttab_map_avail_bits | 1U << XENFEAT_dom0 |
		    1U << XENFEAT_memory_op_vnode_supported;
	return copy_to_client(c, arg, &fi, sizeof(fi));
}

int64_t do_xen_version(struct client *c, uint64_t cmd, uint64_t arg)
{
	struct xen_platform_parameters pp = { .virt_start = 0xffff800000000000UL };

	switch (cmd) {
	case XENVER_version:
		return XEN_MAJOR << 16 | XEN_MINOR;
	case XENVER_extraversion:
		return text_out(c, arg, ".0-paravane", XEN_EXTRAVERSION_LEN);
	case XENVER_compile_info:
		return compile_info(c, arg);
	case XENVER_capabilities:
		return text_out(c, arg, "xen-3.0-x86_64 ", XEN_CAPABILITIES_INFO_LEN);
	case XENVER_changeset:
		return text_out(c, arg, "paravane " PACKAGE_VERSION, XEN_CHANGESET_INFO_LEN);
	case XENVER_platform_parameters:
		return copy_to_client(c, arg, &pp, sizeof(pp));
	case XENVER_get_features:
		return features(c, arg);
	case XENVER_pagesize:
		return arg ? -EINVAL : (int64_t)PVN_PAGE_SIZE;
	case XENVER_guest_handle:
		return copy_to_client(c, arg, dom0->handle, sizeof(dom0->handle));
	case XENVER_commandline:
		return text_out(c, arg, "", sizeof(xen_commandline_t));
	case XENVER_build_id:
		return -ENODATA;
	default:
		return -ENOSYS;
	}
}
