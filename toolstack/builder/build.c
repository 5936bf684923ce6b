/* SPDX-License-Identifier: MIT */
/*
 * Builds one domain: the order of things, and the hypercalls around what load.c and
 * pagetables.c write.  Called by xl; see builder.h for who must have done what before.
 */
#include "toolstack/builder/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/grant_table.h>
#include <xenforeignmemory.h>

#include "libs/ctl/ctl.h"
#include "paravane/shared.h"
#include "toolstack/builder/load.h"

#define POPULATE_BATCH	65536	/* pfns per hypercall: 512 KiB of arguments each way */

/* A build in progress. */
struct build {
	struct guest_mem mem;	/* first: map and unmap get a pointer to it */
	struct pvn_ctl *ctl;
	struct pvn_build *b;
	struct report *r;
	xenforeignmemory_handle *fmem;
	xen_pfn_t *own_p2m;	/* freed at the end; NULL if the caller brought one */
	int ramdisk_fd;
	struct kernel kernel;
	struct layout layout;
};

static void *foreign_map(struct guest_mem *m, uint64_t pfn, uint64_t nr)
{
	struct build *bd = (struct build *)m;

	return xenforeignmemory_map(bd->fmem, bd->b->domid, PROT_READ | PROT_WRITE, nr,
				    m->p2m + pfn, NULL);
}

static void foreign_unmap(struct guest_mem *m, void *p, uint64_t nr)
{
	struct build *bd = (struct build *)m;

	xenforeignmemory_unmap(bd->fmem, p, nr);
}

static int check_cmdline(const struct build *bd)
{
	size_t len = bd->b->cmdline ? strlen(bd->b->cmdline) : 0;

	if (len < MAX_GUEST_CMDLINE)
		return 0;
	return report_fail(bd->r, -EINVAL, "the kernel command line has %zu bytes, a PV kernel "
			   "can be given at most %d", len, MAX_GUEST_CMDLINE - 1);
}

static int open_ramdisk(struct build *bd, uint64_t *bytes)
{
	struct stat st;
	int err;

	*bytes = 0;
	if (!bd->b->ramdisk)
		return 0;
	bd->r->path = bd->b->ramdisk;
	bd->ramdisk_fd = open(bd->b->ramdisk, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (bd->ramdisk_fd < 0 || fstat(bd->ramdisk_fd, &st)) {
		err = -errno;
		return report_fail(bd->r, err, "cannot open the ramdisk: %s", strerror(-err));
	}
	if (!S_ISREG(st.st_mode))
		return report_fail(bd->r, -EINVAL, "the ramdisk is not a regular file");
	if (st.st_size == 0)
		return report_fail(bd->r, -EINVAL, "the ramdisk is empty");
	*bytes = (uint64_t)st.st_size;
	bd->r->path = bd->b->kernel;
	return 0;
}

/* Frames for pfn 0..nr_pages-1, unless the caller has done that. */
static int populate(struct build *bd)
{
	uint64_t nr = bd->b->nr_pages, done = 0;

	bd->mem.nr_pages = nr;
	bd->mem.p2m = bd->b->p2m;
	if (bd->mem.p2m)
		return 0;
	bd->own_p2m = malloc(nr * sizeof(xen_pfn_t));
	if (!bd->own_p2m)
		return report_fail(bd->r, -ENOMEM, "out of memory");
	for (uint64_t pfn = 0; pfn < nr; pfn++)
		bd->own_p2m[pfn] = pfn;
	bd->mem.p2m = bd->own_p2m;
	while (done < nr) {
		uint32_t batch = nr - done < POPULATE_BATCH ? (uint32_t)(nr - done) : POPULATE_BATCH;
		long got = pvn_ctl_populate(bd->ctl, bd->b->domid, batch, bd->own_p2m + done,
					    bd->own_p2m + done);

		if (got < 0)
			return report_fail(bd->r, (int)got, "cannot give the domain memory: %s",
					   strerror((int)-got));
		if ((uint64_t)got < batch)
			return report_fail(bd->r, -ENOMEM, "the host has not the %" PRIu64
					   " MiB of memory this domain asks for", nr >> 8);
		done += batch;
	}
	return 0;
}

/* shared_info as a domain finds it: zero, but events masked on every vCPU it could have. */
static int write_shared_info(struct build *bd, xen_pfn_t mfn)
{
	shared_info_t *shared = xenforeignmemory_map(bd->fmem, bd->b->domid, PROT_READ | PROT_WRITE,
						     1, &mfn, NULL);
	int err;

	if (!shared) {
		err = -errno;
		return report_fail(bd->r, err, "cannot map the domain's shared_info: %s",
				   strerror(-err));
	}
	for (unsigned v = 0; v < XEN_LEGACY_MAX_VCPUS; v++)
		shared->vcpu_info[v].evtchn_upcall_mask = 1;
	xenforeignmemory_unmap(bd->fmem, shared, 1);
	return 0;
}

static int write_memory(struct build *bd)
{
	struct start_of_day s = { .store_port = bd->b->store_port, .cmdline = bd->b->cmdline,
				  .console_port = bd->b->console_port };
	struct xen_domctl_getdomaininfo info;
	int err = pvn_ctl_domain_info(bd->ctl, bd->b->domid, &info);

	if (err < 0)
		return report_fail(bd->r, err, "cannot look at the new domain: %s", strerror(-err));
	s.shared_info_maddr = info.shared_info_frame << PVN_PAGE_SHIFT;
	err = write_shared_info(bd, info.shared_info_frame);
	err = err ?: load_kernel(&bd->mem, &bd->kernel, &bd->layout, bd->r);
	if (!err && bd->layout.ramdisk.nr) {
		bd->r->path = bd->b->ramdisk;
		err = load_ramdisk(&bd->mem, bd->ramdisk_fd, &bd->layout, bd->r);
		bd->r->path = bd->b->kernel;
	}
	err = err ?: load_p2m(&bd->mem, &bd->layout, bd->r);
	err = err ?: load_start_info(&bd->mem, &bd->layout, &s, bd->r);
	return err ?: load_page_tables(&bd->mem, &bd->layout, bd->r);
}

/* The console and xenstore pages as grants 0 and 1 for domain 0, as backends expect them. */
static int write_grants(struct build *bd)
{
	void *addr = NULL;
	xenforeignmemory_resource_handle *h;
	grant_entry_v1_t *g;
	int err;

	h = xenforeignmemory_map_resource(bd->fmem, bd->b->domid, XENMEM_resource_grant_table,
					  XENMEM_resource_grant_table_id_shared, 0, 1, &addr,
					  PROT_READ | PROT_WRITE, 0);
	if (!h) {
		err = -errno;
		return report_fail(bd->r, err, "cannot map the domain's grant table: %s",
				   strerror(-err));
	}
	g = addr;
	g[GNTTAB_RESERVED_CONSOLE] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = 0,
		.frame = (uint32_t)bd->b->console_mfn };
	g[GNTTAB_RESERVED_XENSTORE] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = 0,
		.frame = (uint32_t)bd->b->store_mfn };
	xenforeignmemory_unmap_resource(bd->fmem, h);
	return 0;
}

static int start_state(struct build *bd)
{
	vcpu_guest_context_t *c;
	const char *step = "set up the hypercall page";
	int err = 0;

	if (bd->kernel.hypercall_page != NOTE_UNSET) {
		uint64_t pfn = (bd->kernel.hypercall_page - bd->layout.virt_base) >> PVN_PAGE_SHIFT;

		err = pvn_ctl_hypercall_init(bd->ctl, bd->b->domid, bd->mem.p2m[pfn]);
	}
	c = malloc(sizeof(*c));
	if (!c)
		return report_fail(bd->r, -ENOMEM, "out of memory");
	if (err >= 0) {
		step = "set the registers";
		load_context(c, &bd->mem, &bd->kernel, &bd->layout);
		err = pvn_ctl_set_vcpu_context(bd->ctl, bd->b->domid, 0, c);
	}
	free(c);
	if (err < 0)
		return report_fail(bd->r, err, "cannot %s: %s", step, strerror(-err));
	return 0;
}

static int build_in(struct build *bd)
{
	uint64_t ramdisk_bytes;
	int err = check_cmdline(bd);

	err = err ?: open_ramdisk(bd, &ramdisk_bytes);
	err = err ?: layout_compute(&bd->layout, &bd->kernel, bd->b->nr_pages, ramdisk_bytes, bd->r);
	err = err ?: kernel_platform_check(&bd->kernel, bd->layout.virt_end, bd->r);
	if (err)
		return err;
	bd->fmem = xenforeignmemory_open(NULL, 0);
	if (!bd->fmem) {
		err = -errno;
		return report_fail(bd->r, err, "cannot map domain memory: %s", strerror(-err));
	}
	err = populate(bd);
	err = err ?: write_memory(bd);
	if (err)
		return err;
	bd->b->store_mfn = bd->mem.p2m[bd->layout.xenstore];
	bd->b->console_mfn = bd->mem.p2m[bd->layout.console];
	err = write_grants(bd);
	return err ?: start_state(bd);
}

int pvn_build_domain(struct pvn_ctl *ctl, struct pvn_build *b)
{
	struct report r = { .text = b->error, .size = sizeof(b->error) };
	struct build bd = {
		.mem = { .map = foreign_map, .unmap = foreign_unmap },
		.ctl = ctl, .b = b, .r = &r, .ramdisk_fd = -1,
	};
	int err;

	b->error[0] = 0;
	err = kernel_open(&bd.kernel, b->kernel, &r);
	if (err)
		return err;
	err = build_in(&bd);
	if (bd.fmem)
		xenforeignmemory_close(bd.fmem);
	if (bd.ramdisk_fd >= 0)
		close(bd.ramdisk_fd);
	free(bd.own_p2m);
	kernel_close(&bd.kernel);
	return err;
}
