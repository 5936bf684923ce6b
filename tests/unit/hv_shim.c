/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "hv_shim.h"
#include <hv/platform.h>

#define RW (_PAGE_PRESENT | _PAGE_RW)
#define FRAME_TABLE (PVN_PRIVATE_VA + PVN_PRIVATE_FIXED)

struct vcpu vcpu;
struct vcpu_info *vcpu_info_ptr;
volatile uint32_t hv_exit_work;
int platform_have_fsgsbase;
struct shim_counts shim;
int64_t shim_machine_ret;
uint32_t shim_machine_op;
int64_t (*shim_machine_answer)(const struct pvn_request *q);
int64_t (*shim_machine)(const struct pvn_request *q, struct pvn_reply *r);
void (*shim_ended)(const char *why);

/* Zeroes from va.  What is mapped already is wiped: the fuzzers come here for every input, and fresh
 * pages cost more than a look at all. */
static void map(uint64_t va, uint64_t bytes)
{
	static const char zeroes[PAGE_SIZE];
	uint64_t at;

	if (mmap((void *)va, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0) == (void *)va)
		return;
	if (errno != EEXIST)
		abort();
	for (at = va; at < va + bytes; at += PAGE_SIZE)
		if (memcmp((void *)at, zeroes, PAGE_SIZE) != 0)
			memset((void *)at, 0, PAGE_SIZE);
}

uint64_t *shim_table(uint64_t mfn)
{
	return mfn_ptr(mfn);
}

void shim_reset(void)
{
	unsigned int i;

	map(PVN_SHARED_VA, PVN_M2P_OFFSET + 0x10000);
	map(PVN_DIRECTMAP_VA, SHIM_PAGES * PAGE_SIZE * 2);
	map(PVN_PRIVATE_VA, 2 * PVN_PRIVATE_FIXED);
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&shim, 0, sizeof(shim));
	header.mfn_base = SHIM_MFN_BASE;
	header.range_frames = PVN_HEAP_FRAMES + SHIM_PAGES * 2;
	header.nr_pages = SHIM_PAGES;
	header.max_pages = SHIM_PAGES;
	header.nr_vcpus = 1;
	header.domid = 7;
	header.valid_ports = 1024;
	header.max_grant_frames = 4;
	header.max_grant_version = 2;
	header.grant_version = 1;
	frame_table_init(FRAME_TABLE);
	for (i = 0; i < PVN_MAX_VCPUS; i++) {
		this_domain.vcpu[i].info = &shared_info_page.vcpu_info[i];
		pvcpu(i).down = i != 0;
	}
	this_domain.vcpu[0].initialised = this_domain.vcpu[0].started = 1;
	vcpu_info_ptr = &shared_info_page.vcpu_info[0];
	vcpu.cr3_mfn = SHIM_L4;
	shim_table(SHIM_L4)[0] = PTE(SHIM_L3, RW | _PAGE_USER);
	shim_table(SHIM_L3)[0] = PTE(SHIM_L2, RW | _PAGE_USER);
	shim_table(SHIM_L2)[0] = PTE(SHIM_L1, RW | _PAGE_USER);
	for (i = 0; i < SHIM_PAGES; i++)
		shim_table(SHIM_L1)[i] = PTE(RAM(i), i < 4 ? _PAGE_PRESENT : RW);
}

uint64_t platform_va_end(void) { return PVN_GUEST_END; }
void platform_flush_page(uint64_t va) { platform_flush_range(va, 1); }
void platform_flush_user(uint64_t va, uint64_t pages, uint64_t l4_mfn) { shim.flush_user++; shim.flushed_l4 = l4_mfn; }
void platform_flush_range(uint64_t va, uint64_t pages)
{
	shim.flush_range++;
	shim.flushed_va = va;
	shim.flushed_pages = pages;
}
void platform_new_tables(void) { shim.flush_all++; }
void platform_table_gone(uint64_t mfn) { (void)mfn; }
void platform_set_segment_base(int which, uint64_t base) { *(which ? &vcpu.gs_base_kernel : &vcpu.fs_base) = base; }
uint64_t platform_get_segment_base(int which) { return which ? vcpu.gs_base_kernel : vcpu.fs_base; }
void platform_set_data_selector(int which) { shim.data_selectors++; }
int platform_data_selector_kept(int which) { return !shim.selectors_lost; }
void hypercall_page_fill(void *page) { shim.pages_filled++; }
void platform_set_timer(uint64_t ns) { shim.timers++; }
uint64_t platform_wait(uint64_t now, uint64_t until)
{
	if (++shim.waits > 1000) {
		if (shim_ended)
			shim_ended("it sleeps for good");
		abort();
	}
	return until;
}
int platform_map(uint64_t va, const char **why) { return -XEN_EFAULT; }
void platform_yield(void) { shim.yields++; }
void platform_kick(unsigned int v) { shim.kicks++; }
void platform_interrupt(unsigned int v) { shim.interrupts++; }
void platform_rest(void)
{
	if (shim_ended)
		shim_ended("it is down");
	abort();
}
void platform_restart(unsigned int v) { shim.restarts++; }
void platform_doorbell(unsigned int link) { shim.doorbells++; }
int64_t machine_call(struct pvn_request *q, struct pvn_reply *r)
{
	shim_machine_op = q->op;
	if (shim_machine)
		return shim_machine(q, r);
	return shim_machine_answer ? shim_machine_answer(q) : shim_machine_ret;
}
int domain_exists(domid_t domid)
{
	return domid == header.domid || shim_machine_ret == 0;
}
int64_t machine_call1(uint32_t op, uint64_t a0, uint64_t a1)
{
	struct pvn_request q = { .op = op, .a = { a0, a1 } };

	shim_machine_op = op;
	return shim_machine ? shim_machine(&q, NULL) : shim_machine_ret;
}
void machine_console(const char *bytes, size_t n) {}
void machine_log(const char *fmt, ...) {}
void domain_shutdown(uint32_t reason)
{
	if (shim_ended)
		shim_ended("shutdown");
	exit(40 + (int)reason);
}
void domain_crash(const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (shim_ended)
		shim_ended(why);
	fprintf(stderr, "%s\n", why);
	exit(33);
}
