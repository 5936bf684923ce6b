/* SPDX-License-Identifier: MIT */
/*
 * Puts kernel, ramdisk, p2m list, start_info and the first registers into a domain's frames.
 * Called by build.c and the unit tests with a layout that layout_compute has accepted, so every
 * pfn below is inside the domain.  File contents are read straight into the frames.
 */
#include "toolstack/builder/load.h"

#include <errno.h>
#include <string.h>

#include "paravane/shared.h"

static void *map_area(struct guest_mem *m, const struct area *a, const char *what,
		      struct report *r, int *err)
{
	void *p = m->map(m, a->pfn, a->nr);

	*err = p ? 0 : -errno;
	if (!p)
		report_fail(r, *err, "cannot map the domain's %s: %s", what, strerror(-*err));
	return p;
}

int load_kernel(struct guest_mem *m, const struct kernel *k, const struct layout *l,
		struct report *r)
{
	int err;
	char *base = map_area(m, &l->kernel, "kernel", r, &err);

	if (err)
		return err;
	for (unsigned i = 0; !err && i < k->nr_segments; i++) {
		const struct kernel_segment *s = &k->segment[i];

		/* The rest up to memsz is zero already: the frames are fresh. */
		err = file_read(k->fd, base + (s->phys - (l->kernel.pfn << PVN_PAGE_SHIFT)),
				s->filesz, s->offset, r);
	}
	m->unmap(m, base, l->kernel.nr);
	return err;
}

int load_ramdisk(struct guest_mem *m, int fd, const struct layout *l, struct report *r)
{
	int err;
	void *p = map_area(m, &l->ramdisk, "ramdisk", r, &err);

	if (err)
		return err;
	err = file_read(fd, p, l->ramdisk_bytes, 0, r);
	m->unmap(m, p, l->ramdisk.nr);
	return err;
}

int load_p2m(struct guest_mem *m, const struct layout *l, struct report *r)
{
	int err;
	void *p = map_area(m, &l->p2m, "p2m list", r, &err);

	if (err)
		return err;
	_Static_assert(sizeof(xen_pfn_t) == sizeof(uint64_t), "p2m entries");
	memcpy(p, m->p2m, l->nr_pages * sizeof(xen_pfn_t));
	m->unmap(m, p, l->p2m.nr);
	return 0;
}

static void start_info_module(start_info_t *si, const struct layout *l)
{
	if (l->ramdisk_bytes == 0)
		return;
	si->mod_len = l->ramdisk_bytes;
	if (l->ramdisk_mapped) {
		si->mod_start = layout_va(l, l->ramdisk.pfn);
		return;
	}
	si->flags |= SIF_MOD_START_PFN;
	si->mod_start = l->ramdisk.pfn;
	si->mod_len = l->ramdisk.nr << PVN_PAGE_SHIFT;
}

int load_start_info(struct guest_mem *m, const struct layout *l, const struct start_of_day *s,
		    struct report *r)
{
	struct area a = { .pfn = l->start_info, .nr = 1 };
	int err;
	start_info_t *si = map_area(m, &a, "start_info", r, &err);

	if (err)
		return err;
	memcpy(si->magic, "xen-3.0-x86_64", sizeof("xen-3.0-x86_64"));
	si->nr_pages = l->nr_pages;
	si->shared_info = s->shared_info_maddr;
	si->store_mfn = m->p2m[l->xenstore];
	si->store_evtchn = s->store_port;
	si->console.domU.mfn = m->p2m[l->console];
	si->console.domU.evtchn = s->console_port;
	si->pt_base = layout_va(l, l->l4);
	si->nr_pt_frames = l->map[0].tables.nr;
	si->mfn_list = l->p2m_va;
	start_info_module(si, l);
	if (s->cmdline)
		strncpy((char *)si->cmd_line, s->cmdline, MAX_GUEST_CMDLINE - 1);
	if (l->p2m_apart) {
		si->first_p2m_pfn = l->p2m.pfn;
		si->nr_p2m_frames = l->p2m.nr + l->map[1].tables.nr;
	}
	m->unmap(m, si, 1);
	return 0;
}

void load_context(vcpu_guest_context_t *c, const struct guest_mem *m, const struct kernel *k,
		  const struct layout *l)
{
	memset(c, 0, sizeof(*c));
	c->flags = VGCF_in_kernel | VGCF_online;
	c->user_regs.rip = k->entry;
	c->user_regs.rsp = layout_va(l, l->stack) + PVN_PAGE_SIZE;
	c->user_regs.rsi = layout_va(l, l->start_info);
	c->user_regs.rflags = 1UL << 9;		/* IF: shown, events are masked by the vcpu_info */
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->kernel_ss = c->user_regs.ss;
	c->kernel_sp = c->user_regs.rsp;
	c->ctrlreg[3] = m->p2m[l->l4] << PVN_PAGE_SHIFT;
}
