/* SPDX-License-Identifier: MIT */
/*
 * The memory files of a domain: its RAM, the page set it shares with us, and what its vCPU
 * processes share with each other alone (never mapped here).
 *
 * All are sealed against resizing as soon as their size is final, so that neither the domain
 * nor a client can make our accesses fault.  Called by domain.c and domctl.c.
 */
#include "config.h"
#include "paravaned/domain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/vcpu.h>

#include "libs/util/loop.h"
#include "paravaned/machine.h"
#include "paravaned/spawn.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U
#endif

static int memfd_new(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	/* Kernels before 6.3 do not know the last flag. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

static int memfd_resize(int fd, size_t bytes, bool final)
{
	if (ftruncate(fd, (off_t)bytes) != 0)
		return -errno;
	if (final && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return -errno;
	return 0;
}

static void header_init(struct domain *d)
{
	struct pvn_header *h = domain_header(d);

	h->magic = PVN_SHARED_MAGIC;
	h->version = PVN_SHARED_VERSION;
	h->domid = d->domid;
	h->nr_vcpus = (uint16_t)d->max_vcpus;
	h->valid_ports = d->nr_ports;
	h->max_grant_frames = d->max_grant_frames;
	h->max_grant_version = d->max_grant_version;
	h->grant_version = 1;
	memcpy(h->handle, d->handle, sizeof(h->handle));
	h->trace = machine.trace;
}

int pageset_create(struct domain *d)
{
	int rc;

	rc = d->mem_fd = memfd_new("paravane-mem");
	if (rc < 0)
		return rc;
	rc = d->shared_fd = memfd_new("paravane-shared");
	if (rc < 0)
		return rc;
	rc = d->private_fd = memfd_new("paravane-private");
	if (rc < 0)
		return rc;
	rc = memfd_resize(d->shared_fd, PVN_FIXED_SIZE, false);
	if (rc)
		return rc;
	d->shared = mmap(NULL, PVN_FIXED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, d->shared_fd, 0);
	if (d->shared == MAP_FAILED) {
		d->shared = NULL;
		return -errno;
	}
	d->shared_bytes = PVN_FIXED_SIZE;
	header_init(d);
	return 0;
}

/*
 * Fix the range of frames, and with it the size of the files, for a domain of at most
 * ram_frames.  Nobody has seen the files before.  0, -ENOMEM, or -errno.
 */
int pageset_reserve(struct domain *d, uint64_t ram_frames)
{
	struct pvn_header *h;
	size_t m2p_bytes, bytes;
	void *p;
	int rc;

	if (ram_frames > PVN_MAX_MFN)
		return -ENOMEM;
	m2p_bytes = ((ram_frames + PVN_HEAP_FRAMES) * 8 + PVN_PAGE_SIZE - 1) & ~(PVN_PAGE_SIZE - 1);
	bytes = PVN_M2P_OFFSET + m2p_bytes;
	d->populated = calloc((ram_frames + 63) / 64, 8);
	if (!d->populated)
		return -ENOMEM;
	rc = frame_range_reserve(&d->range, ram_frames + PVN_HEAP_FRAMES);
	if (rc)
		goto err_bitmap;
	rc = memfd_resize(d->mem_fd, ram_frames << PVN_PAGE_SHIFT, true);
	if (!rc)
		rc = memfd_resize(d->private_fd, PVN_PRIVATE_FIXED + ram_frames * PVN_PRIVATE_FRAME_BYTES, true);
	if (!rc)
		rc = memfd_resize(d->shared_fd, bytes, true);
	if (rc)
		goto err_range;
	p = mremap(d->shared, d->shared_bytes, bytes, MREMAP_MAYMOVE);
	if (p == MAP_FAILED) {
		rc = -errno;
		goto err_range;
	}
	d->shared = p;
	d->shared_bytes = bytes;
	d->mem_bytes = ram_frames << PVN_PAGE_SHIFT;
	/* A frame that is not there has no pfn: Xen's INVALID_M2P_ENTRY. */
	memset(d->shared + PVN_M2P_OFFSET, 0xff, m2p_bytes);
	h = domain_header(d);
	h->mfn_base = d->range.base;
	h->range_frames = d->range.frames;
	return 0;

err_range:
	frame_range_release(&d->range);
err_bitmap:
	free(d->populated);
	d->populated = NULL;
	return rc;
}

/* The last words to an image before its first instruction. */
void pageset_prepare_start(struct domain *d)
{
	struct pvn_header *h = domain_header(d);
	uint32_t i;

	h->nr_vcpus = (uint16_t)d->max_vcpus;
	for (i = 0; i < d->max_vcpus; i++)
		domain_vcpu_area(d, i)->down = i && !d->vcpu[i].online;
	h->nr_pages = d->tot_pages;
	h->max_pages = d->max_pages;
	h->hypercall_mfn = d->hypercall_mfn;
	h->sibling_signals = sandbox_siblings();
	h->poll_max_ns = machine.nr_running < machine.nr_cpus ? POLL_MAX_NS : 0;
	memcpy(h->handle, d->handle, sizeof(h->handle));
	clock_fill(&d->clock, d->time_offset_s);
	h->clock = d->clock;
	/* Where vCPU 0 was until now; the others still are. */
	domain_vcpu_area(d, 0)->runstate_time[RUNSTATE_offline] = pvn_now_ns() - d->created_ns;
}

void pageset_destroy(struct domain *d)
{
	if (d->shared) {
		/* Who still maps it sees that it is nobody's, without asking (libs/client/domain.c). */
		__atomic_store_n(&domain_header(d)->magic, 0, __ATOMIC_RELEASE);
		munmap(d->shared, d->shared_bytes);
	}
	d->shared = NULL;
	if (d->shared_fd >= 0)
		close(d->shared_fd);
	if (d->mem_fd >= 0)
		close(d->mem_fd);
	if (d->private_fd >= 0)
		close(d->private_fd);
	d->shared_fd = d->mem_fd = d->private_fd = -1;
	frame_range_release(&d->range);
	free(d->populated);
	d->populated = NULL;
}
