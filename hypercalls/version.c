/* SPDX-License-Identifier: MIT */
/* xen_version (<xen/version.h>) and console_io. */
#include <hypercalls/dispatch.h>
#include <hv/mm.h>
#include <xen/version.h>
#include <xen/features.h>

#define XEN_MAJOR	4
#define XEN_MINOR	17

/* What a PV guest of Xen 4.17 is told. */
#define FEATURES	(1U << XENFEAT_mmu_pt_update_preserve_ad | 1U << XENFEAT_highmem_assist | \
			 1U << XENFEAT_gnttab_map_avail_bits | 1U << XENFEAT_memory_op_vnode_supported | \
			 1U << XENFEAT_direct_mapped)

static long put_string(uint64_t arg, const char *s, size_t field)
{
	char buf[1024];
	size_t n = strlen(s);

	memset(buf, 0, field);
	memcpy(buf, s, n);
	return copy_to_guest(arg, buf, field);
}

static long get_features(uint64_t arg)
{
	struct xen_feature_info fi;

	if (copy_from_guest(&fi, arg, sizeof(fi)))
		return -XEN_EFAULT;
	if (fi.submap_idx != 0)
		return -XEN_EINVAL;
	fi.submap = FEATURES;
	if (this_domain.vm_assist & 1UL << VMASST_TYPE_pae_extended_cr3)
		fi.submap |= 1U << XENFEAT_pae_pgdir_above_4gb;
	return copy_to_guest(arg, &fi, sizeof(fi));
}

static long compile_info(uint64_t arg)
{
	struct xen_compile_info ci;

	memset(&ci, 0, sizeof(ci));
	memcpy(ci.compiler, __VERSION__, sizeof(__VERSION__) < sizeof(ci.compiler) ?
						 sizeof(__VERSION__) : sizeof(ci.compiler) - 1);
	memcpy(ci.compile_by, "paravane", 9);
	return copy_to_guest(arg, &ci, sizeof(ci));
}

long do_xen_version(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	xen_platform_parameters_t pp = { .virt_start = 0xffff800000000000UL };

	switch ((uint32_t)cmd) {
	case XENVER_version:
		return XEN_MAJOR << 16 | XEN_MINOR;
	case XENVER_extraversion:
		return put_string(arg, ".0-paravane", sizeof(xen_extraversion_t));
	case XENVER_compile_info:
		return compile_info(arg);
	case XENVER_capabilities:
		return put_string(arg, "xen-3.0-x86_64 ", sizeof(xen_capabilities_info_t));
	case XENVER_changeset:
		return put_string(arg, "paravane", sizeof(xen_changeset_info_t));
	case XENVER_platform_parameters:
		return copy_to_guest(arg, &pp, sizeof(pp));
	case XENVER_get_features:
		return get_features(arg);
	case XENVER_pagesize:
		return arg ? -XEN_EINVAL : (long)PAGE_SIZE;
	case XENVER_guest_handle:
		return copy_to_guest(arg, header.handle, sizeof(xen_domain_handle_t));
	case XENVER_commandline:
		return put_string(arg, "<denied>", sizeof(xen_commandline_t));
	case XENVER_build_id:
		return -XEN_EPERM;
	}
	return -XEN_ENOSYS;
}

long do_console_io(uint64_t cmd, uint64_t count, uint64_t buffer, uint64_t a4, uint64_t a5)
{
	char part[512];
	uint64_t done = 0;

	cmd = (uint32_t)cmd;
	count = (uint32_t)count;
	if (cmd != CONSOLEIO_write)
		return -XEN_EPERM; /* the rest, known or not, is the control domain's */
	while (done < count) {
		uint64_t n = count - done < sizeof(part) ? count - done : sizeof(part);

		if (copy_from_guest(part, buffer + done, n))
			return -XEN_EFAULT;
		machine_console(part, n);
		done += n;
	}
	return 0;
}
