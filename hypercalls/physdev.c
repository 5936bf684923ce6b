/* SPDX-License-Identifier: MIT */
/* physdev_op (<xen/physdev.h>): I/O privilege.  No domain has a device or an interrupt line. */
#include <hypercalls/dispatch.h>
#include <hv/mm.h>
#include <xen/physdev.h>

#define IO_PORTS	65536U
#define NR_IRQ_NUMBERS	48U	/* Xen: those of the I/O APIC and 32 of the domain's own */

static long set_iopl(uint64_t arg)
{
	struct physdev_set_iopl s;

	if (copy_from_guest(&s, arg, sizeof(s)))
		return -XEN_EFAULT;
	if (s.iopl > 3)
		return -XEN_EINVAL;
	vcpu.iopl = s.iopl;
	return 0;
}

static long set_iobitmap(uint64_t arg)
{
	struct physdev_set_iobitmap s;
	uint64_t va;

	if (copy_from_guest(&s, arg, sizeof(s)))
		return -XEN_EFAULT;
	va = (uint64_t)s.bitmap.p;
	if (!guest_handle_ok(va) || !guest_handle_ok(va + IO_PORTS / 8) || s.nr_ports > IO_PORTS)
		return -XEN_EINVAL;
	vcpu.iobmp_va = va;
	vcpu.iobmp_ports = s.nr_ports;
	return 0;
}

/* Interrupt lines of the caller: it has none, so there is nothing to acknowledge by any number. */
static long no_such_irq(uint64_t arg, size_t size)
{
	char copy[sizeof(struct physdev_pirq_eoi_gmfn)];

	return copy_from_guest(copy, arg, size) ? -XEN_EFAULT : -XEN_EINVAL;
}

/* Numbers a line could have; none needs an acknowledgement. */
static long irq_status(uint64_t arg)
{
	struct physdev_irq_status_query q;

	if (copy_from_guest(&q, arg, sizeof(q)))
		return -XEN_EFAULT;
	if (q.irq >= NR_IRQ_NUMBERS)
		return -XEN_EINVAL;
	q.flags = 0;
	return copy_to_guest(arg, &q, sizeof(q)) ? -XEN_EFAULT : 0;
}

static long refused(uint64_t arg, size_t size)
{
	char copy[64];

	BUG_ON(size > sizeof(copy));
	return copy_from_guest(copy, arg, size) ? -XEN_EFAULT : -XEN_EPERM;
}

long do_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	switch ((uint32_t)cmd) {
	case PHYSDEVOP_set_iopl:
		return set_iopl(arg);
	case PHYSDEVOP_set_iobitmap:
		return set_iobitmap(arg);
	case PHYSDEVOP_eoi:
		return no_such_irq(arg, sizeof(struct physdev_eoi));
	case PHYSDEVOP_irq_status_query:
		return irq_status(arg);
	case PHYSDEVOP_IRQ_UNMASK_NOTIFY: /* of old, does nothing */
		return 0;
	case PHYSDEVOP_pirq_eoi_gmfn_v1:
	case PHYSDEVOP_pirq_eoi_gmfn_v2:
		return no_such_irq(arg, sizeof(struct physdev_pirq_eoi_gmfn));
	case PHYSDEVOP_map_pirq:
		return refused(arg, sizeof(struct physdev_map_pirq));
	case PHYSDEVOP_unmap_pirq:
		return refused(arg, sizeof(struct physdev_unmap_pirq));
	case PHYSDEVOP_apic_read:
	case PHYSDEVOP_apic_write:
		return refused(arg, sizeof(struct physdev_apic));
	case PHYSDEVOP_alloc_irq_vector:
		return refused(arg, sizeof(struct physdev_irq));
	case PHYSDEVOP_manage_pci_add:
	case PHYSDEVOP_manage_pci_remove:
		return refused(arg, sizeof(struct physdev_manage_pci));
	case PHYSDEVOP_manage_pci_add_ext:
		return refused(arg, sizeof(struct physdev_manage_pci_ext));
	case PHYSDEVOP_pci_device_add:
		return refused(arg, offsetof(struct physdev_pci_device_add, optarr));
	case PHYSDEVOP_pci_device_remove:
	case PHYSDEVOP_restore_msi_ext:
	case PHYSDEVOP_prepare_msix:
	case PHYSDEVOP_release_msix:
		return refused(arg, sizeof(struct physdev_pci_device));
	case PHYSDEVOP_restore_msi:
		return refused(arg, sizeof(struct physdev_restore_msi));
	case PHYSDEVOP_pci_mmcfg_reserved:
		return refused(arg, sizeof(struct physdev_pci_mmcfg_reserved));
	case PHYSDEVOP_setup_gsi:
		return refused(arg, sizeof(struct physdev_setup_gsi));
	case PHYSDEVOP_dbgp_op:
		return -XEN_EPERM;
	}
	return -XEN_ENOSYS;
}
