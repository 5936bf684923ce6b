/* SPDX-License-Identifier: MIT */
/*
 * Process platform: from exec to the first guest instruction.
 *
 * Tour: 6.  paravaned has made the process (namespaces, limits, descriptors) and put a
 * seccomp program into the page set.  Here the image maps what it owns, gets rid of what
 * it does not need (the host's stack), and locks the door behind itself.
 * Failures exit with a code of their own: paravaned reports it as "image: start failed (N)".
 */
#include <stdint.h>
#include <elf.h>
#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <hv/hv.h>
#include <hv/mm.h>
#include <hv/guest.h>
#include <hv/platform.h>
#include <hv/process/process.h>
#include <hv/process/sys.h>
#include <hv/process/user.h>

#define FRAME_TABLE_VA	(PVN_PRIVATE_VA + PVN_PRIVATE_FIXED)
#define ALTSTACK_MAX	0x40000UL
#define HANDLER_SLACK	16384UL	/* handler depth on top of the kernel's signal frame */

void hv_start(uint64_t *sp);

static uint8_t altstack_space[ALTSTACK_MAX] __attribute__((aligned(64)));

_Static_assert(sizeof(struct domain) <= PVN_PRIVATE_FIXED, "what vCPUs share");
_Static_assert(FRAME_TABLE_BYTES <= PVN_PRIVATE_FRAME_BYTES, "frame table");

static void check(int ok, int code)
{
	if (!ok)
		sys_exit(code);
}

static void map(uint64_t va, uint64_t bytes, int prot, int flags, int fd, uint64_t off, int code)
{
	check(sys_mmap(va, bytes, prot, flags | MAP_FIXED, fd, off) == (long)va, code);
}

/* The page set, the memory object and the image's own memory, at their addresses. */
static void map_windows(void)
{
	const int rw = PROT_READ | PROT_WRITE;

	map(PVN_SHARED_VA, PVN_FIXED_SIZE, rw, MAP_SHARED, PVN_FD_SHARED, 0, 10);
	check(header.magic == PVN_SHARED_MAGIC && header.version == PVN_SHARED_VERSION, 11);

	uint64_t frames = header.range_frames;
	uint64_t m2p_bytes = (frames * 8 + PAGE_SIZE - 1) & PAGE_MASK;

	check(frames > PVN_HEAP_FRAMES && frames < PVN_MAX_MFN && !(header.mfn_base & 511), 12);
	map(PVN_SHARED_VA + PVN_M2P_OFFSET, m2p_bytes, rw, MAP_SHARED, PVN_FD_SHARED,
	    PVN_M2P_OFFSET, 13);
	map(PVN_M2P_VA + header.mfn_base * 8, m2p_bytes, PROT_READ, MAP_SHARED, PVN_FD_SHARED,
	    PVN_M2P_OFFSET, 14);
	map(PVN_DIRECTMAP_VA, (frames - PVN_HEAP_FRAMES) << PAGE_SHIFT, rw, MAP_SHARED, PVN_FD_MEM,
	    0, 15);
	/* Shared between the vCPU processes of the domain, private to the domain. */
	map(PVN_PRIVATE_VA, PVN_PRIVATE_FIXED + (frames - PVN_HEAP_FRAMES) * FRAME_TABLE_BYTES, rw, MAP_SHARED,
	    PVN_FD_PRIVATE, 0, 16);
	check(sys3(__NR_close, PVN_FD_PRIVATE, 0, 0) == 0, 16);
}

static uint64_t auxv_get(const uint64_t *sp, uint64_t type, uint64_t fallback)
{
	const uint64_t *p = sp + 1 + sp[0] + 1;	/* argc, argv, NULL */

	while (*p)				/* environment */
		p++;
	for (p++; p[0] != AT_NULL; p += 2)
		if (p[0] == type)
			return p[1];
	return fallback;
}

static void install_filter(void)
{
	struct sock_fprog prog = {
		.len = header.seccomp_len,
		.filter = pset(PVN_SECCOMP_OFFSET, struct sock_filter),
	};

	check(sys6(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0) == 0, 20);
	check(prog.len && sys3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0, 21);
}

static uint32_t parse_number(const char *s)
{
	uint32_t n = 0;

	while (s && *s >= '0' && *s <= '9')
		n = n * 10 + (uint32_t)(*s++ - '0');
	return n;
}

void hv_start(uint64_t *sp)
{
	uint64_t frame = auxv_get(sp, AT_MINSIGSTKSZ, 4096);
	uint64_t hwcap2 = auxv_get(sp, AT_HWCAP2, 0);
	uint64_t altstack = (frame + HANDLER_SLACK + PAGE_SIZE - 1) & PAGE_MASK;

	check(altstack <= ALTSTACK_MAX, 9);
	map_windows();
	vcpu.id = parse_number((const char *)sp[2]);
	check(sp[0] == 2 && vcpu.id < header.nr_vcpus && header.nr_vcpus <= PVN_MAX_VCPUS, 25);
	this_vcpu.pid = (uint32_t)sys3(__NR_getpid, 0, 0, 0);
	platform_have_fsgsbase = !!(hwcap2 & 2);	/* HWCAP2_FSGSBASE */

	/* Not for others of its user to look into or to trace, and no core of a guest for a handler. */
	sys6(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0);

	/* ps shows argv, so its page stays; the rest of the host's stack goes. */
	sys6(__NR_prctl, PR_SET_NAME, sp[1], 0, 0, 0, 0);
	uint64_t end = (uint64_t)hv_image_end, argv = sp[1] & PAGE_MASK;
	sys_munmap(end, argv - end);

	user_init(frame);
	mapper_start();
	signals_init((uint64_t)altstack_space, altstack);
	timer_init();
	frame_table_init(FRAME_TABLE_VA);
	install_filter();
	guest_start();
}
