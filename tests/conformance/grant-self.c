/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op by a domain on its own table: set-up, sizes, versions, a grant to itself mapped, unmapped, copied, and the status
 * of each mistake.  Status codes travel in the structure; drivers tell by them what to retry.
 *
 * covers: grant_table_op.setup_table good
 * covers: grant_table_op.setup_table bad
 * covers: grant_table_op.query_size good
 * covers: grant_table_op.query_size bad
 * covers: grant_table_op.get_version good
 * covers: grant_table_op.get_version bad
 * covers: grant_table_op.set_version good
 * covers: grant_table_op.set_version bad
 * covers: grant_table_op.map_grant_ref good
 * covers: grant_table_op.map_grant_ref bad
 * covers: grant_table_op.unmap_grant_ref good
 * covers: grant_table_op.unmap_grant_ref bad
 * covers: grant_table_op.unmap_and_replace good
 * covers: grant_table_op.unmap_and_replace bad
 * covers: grant_table_op.copy good
 * covers: grant_table_op.copy bad
 * covers: grant_table_op.transfer bad
 * covers: grant_table_op.swap_grant_ref good
 * covers: grant_table_op.swap_grant_ref bad
 * covers: grant_table_op.get_status_frames bad
 * covers: grant_table_op.dump_table bad
 * covers: grant_table_op.cache_flush bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "grant_table_op: a domain's own table and grants to itself";

static grant_entry_v1_t *table;
static char window[PAGE_SIZE] PAGE_ALIGNED, at[PAGE_SIZE] PAGE_ALIGNED, data[PAGE_SIZE] PAGE_ALIGNED,
	other[PAGE_SIZE] PAGE_ALIGNED;

#define OP(cmd, s) ((uint64_t)HC(grant_table_op, (long)GNTTABOP_##cmd, (long)(s), 1L))

static void setup(void)
{
	xen_pfn_t frames[4] = { 0 };
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
	struct gnttab_query_size q = { .dom = DOMID_SELF };

	set_xen_guest_handle(s.frame_list, frames);
	answer("setup", OP(setup_table, &s));
	answer_status("setup.status", 0, s.status);
	if (s.status || map_va(window, frames[0] << 12 | PTE_KERNEL))
		test_error("no grant table");
	table = (void *)window;
	s.nr_frames = 100000;
	answer("setup.many", OP(setup_table, &s));
	answer_status("setup.many.status", 0, s.status);
	s.nr_frames = 1;
	s.dom = 0;
	answer("setup.foreign", OP(setup_table, &s));
	answer_status("setup.foreign.status", 0, s.status);
	s.dom = 30000;
	answer("setup.nobody", OP(setup_table, &s));
	answer_status("setup.nobody.status", 0, s.status);
	answer("setup.two", (uint64_t)HC(grant_table_op, (long)GNTTABOP_setup_table, (long)&s, 2L));
	answer("setup.efault", OP(setup_table, 0x1000));
	answer("size", OP(query_size, &q));
	answer_status("size.status", 0, q.status);
	answer("size.some", q.nr_frames >= 1 && q.max_nr_frames >= q.nr_frames);
	answer("size.max", q.max_nr_frames);
	q.dom = 0;
	answer("size.foreign", OP(query_size, &q));
	answer_status("size.foreign.status", 0, q.status);
	answer("size.efault", OP(query_size, 0x1000));
}

static void versions(void)
{
	struct gnttab_get_version g = { .dom = DOMID_SELF };
	struct gnttab_set_version v = { .version = 1 };
	struct gnttab_get_status_frames f = { .dom = DOMID_SELF, .nr_frames = 1 };
	uint64_t frames[1];

	answer("version", OP(get_version, &g));
	answer("version.is", g.version);
	g.dom = 0;
	answer("version.foreign", OP(get_version, &g));
	g.dom = 30000;
	answer("version.nobody", OP(get_version, &g));
	answer("version.efault", OP(get_version, 0x1000));
	answer("set-version.1", OP(set_version, &v));
	v.version = 0;
	answer("set-version.0", OP(set_version, &v));
	v.version = 3;
	answer("set-version.3", OP(set_version, &v));
	answer("set-version.efault", OP(set_version, 0x1000));
	answer("set-version.two", (uint64_t)HC(grant_table_op, (long)GNTTABOP_set_version, (long)&v, 2L));
	set_xen_guest_handle(f.frame_list, frames);
	answer("status-frames.v1", OP(get_status_frames, &f));
	answer_status("status-frames.v1.status", 0, f.status);
}

static int map(const char *key, uint32_t ref, domid_t dom, uint32_t flags, uint64_t addr, grant_handle_t *h)
{
	struct gnttab_map_grant_ref m = { .host_addr = addr, .flags = flags, .ref = ref, .dom = dom };
	uint64_t ret = OP(map_grant_ref, &m);

	answer_status(key, ret, m.status);
	*h = m.handle;
	return m.status;
}

static void unmap(const char *key, grant_handle_t h, uint64_t addr)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = addr, .handle = h };
	uint64_t ret = OP(unmap_grant_ref, &u);

	answer_status(key, ret, u.status);
}

static void maps(void)
{
	struct gnttab_unmap_and_replace r = { .host_addr = (uint64_t)at, .new_addr = (uint64_t)other, .handle = 9999 };
	domid_t self = self_id();
	grant_handle_t h, none;
	uint64_t va = (uint64_t)at;

	data[0] = 42;
	table[8].domid = self;
	table[8].frame = (uint32_t)va_mfn(data);
	mb();
	table[8].flags = GTF_permit_access;
	/* The window must be a page of its own: a grant is not put over a mapping that counts. */
	if (map("map", 8, self, GNTMAP_host_map, va, &h) == 0) {
		answer("map.reads", (uint64_t)*(volatile char *)at);
		answer("map.flags", table[8].flags);
		*(volatile char *)at = 43;
		answer("map.writes", (uint64_t)*(volatile char *)data);
		unmap("unmap.wrong-address", h, (uint64_t)other);
		unmap("unmap", h, va);
		answer("unmap.flags", table[8].flags);
		unmap("unmap.twice", h, va);
	}
	/* Unmapped, and the page that was at new_addr takes its place. */
	other[0] = 55;
	if (map("map.to-replace", 8, self, GNTMAP_host_map, va, &h) == 0) {
		r.handle = h;
		answer_gnttab("replace", unmap_and_replace, r);
		answer("replace.reads", (uint64_t)*(volatile char *)at);
		answer("replace.flags", table[8].flags);
		r.handle = 9999;
		/* Both addresses are put right: at is where the maps below are refused. */
		map_va(other, va_mfn(other) << 12 | PTE_KERNEL);
		map_va(at, va_mfn(at) << 12 | PTE_KERNEL);
	}
	unmap("unmap.no-handle", 9999, va);
	answer_gnttab("replace.no-handle", unmap_and_replace, r);
	map("map.no-flag", 8, self, 0, va, &none);
	map("map.nobody", 8, 30000, GNTMAP_host_map, va, &none);
	map("map.self-constant", 8, DOMID_SELF, GNTMAP_host_map, va, &none);
	map("map.no-ref", 1000000, self, GNTMAP_host_map, va, &none);
	map("map.unused-ref", 9, self, GNTMAP_host_map, va, &none);
	table[8].flags = GTF_permit_access | GTF_readonly;
	map("map.readonly-as-writable", 8, self, GNTMAP_host_map, va, &none);
	table[8].domid = 0;
	table[8].flags = GTF_permit_access;
	map("map.not-for-us", 8, self, GNTMAP_host_map, va, &none);
	map("map.foreign-ref", 8, 0, GNTMAP_host_map, va, &none);
	answer("map.efault", OP(map_grant_ref, 0x1000));
	answer("unmap.efault", OP(unmap_grant_ref, 0x1000));
	table[8].flags = 0;
}

static void copy(const char *key, uint32_t ref, uint16_t off, uint16_t len, uint16_t flags, domid_t dom)
{
	struct gnttab_copy c = { .source.u.ref = ref, .source.domid = dom, .source.offset = off,
				 .dest.u.gmfn = va_mfn(other), .dest.domid = DOMID_SELF, .dest.offset = 0,
				 .len = len, .flags = flags };
	uint64_t ret = OP(copy, &c);

	answer_status(key, ret, c.status);
}

static void copies(void)
{
	struct gnttab_swap_grant_ref s = { .ref_a = 8, .ref_b = 9 };
	domid_t self = self_id();

	table[8].domid = self;
	table[8].frame = (uint32_t)va_mfn(data);
	mb();
	table[8].flags = GTF_permit_access;
	data[100] = 77;
	copy("copy", 8, 100, 16, GNTCOPY_source_gref, self);
	answer("copy.data", (uint64_t)other[0]);
	copy("copy.across", 8, 4090, 16, GNTCOPY_source_gref, self);
	copy("copy.nothing", 8, 0, 0, GNTCOPY_source_gref, self);
	copy("copy.unused-ref", 10, 0, 16, GNTCOPY_source_gref, self);
	copy("copy.no-ref", 1000000, 0, 16, GNTCOPY_source_gref, self);
	copy("copy.nobody", 8, 0, 16, GNTCOPY_source_gref, 30000);
	copy("copy.foreign-frame", 8, 0, 16, 0, 0);
	answer("copy.efault", OP(copy, 0x1000));
	answer_gnttab("swap", swap_grant_ref, s);
	answer("swap.moved", table[9].flags == GTF_permit_access && table[8].flags == 0);
	s.ref_a = 1000000;
	answer_gnttab("swap.no-ref", swap_grant_ref, s);
	answer("swap.efault", OP(swap_grant_ref, 0x1000));
}

void test_main(void)
{
	struct gnttab_transfer t = { .mfn = 0xfffffffffffUL, .domid = 30000, .ref = 8 };
	struct gnttab_dump_table d = { .dom = DOMID_SELF };
	struct gnttab_cache_flush cf = { 0 };

	setup();
	versions();
	maps();
	copies();
	answer_gnttab("transfer.no-frame", transfer, t);
	answer("transfer.efault", OP(transfer, 0x1000));
	answer("dump", OP(dump_table, &d));
	answer("cache-flush", OP(cache_flush, &cf));
	answer("unknown", (uint64_t)HC(grant_table_op, 99L, (long)&d, 1L));
	answer("negative-count", (uint64_t)HC(grant_table_op, (long)GNTTABOP_map_grant_ref, (long)&d, -1L));
	test_success("");
}
