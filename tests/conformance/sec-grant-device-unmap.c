/* SPDX-License-Identifier: MIT */
/*
 * grants: an unmap of what was not mapped that way: of a device mapping that does not exist, of a host mapping by the
 * device's address alone.
 *
 * What an attacker would gain: an unmap that took away a count nobody had added ended in an assertion, and the host with it
 * (advisory 394); or frees a frame that is still mapped.
 *
 * covers: grant_table_op.map_grant_ref good
 * covers: grant_table_op.unmap_grant_ref good
 * covers: grant_table_op.unmap_grant_ref bad
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

const char test_title[] = "grants: unmap of a mapping of another kind";

static char page[PAGE_SIZE] PAGE_ALIGNED, window[PAGE_SIZE] PAGE_ALIGNED;

static grant_handle_t map(const char *key, uint32_t flags)
{
	struct gnttab_map_grant_ref op = { .flags = flags, .ref = 9, .dom = self_id(), .host_addr = (uint64_t)window };

	answer_gnttab(key, map_grant_ref, op);
	return op.handle;
}

static void unmap(const char *key, grant_handle_t h, uint64_t host, uint64_t dev)
{
	struct gnttab_unmap_grant_ref op = { .handle = h, .host_addr = host, .dev_bus_addr = dev };

	answer_gnttab(key, unmap_grant_ref, op);
}

void test_main(void)
{
	grant_handle_t h;
	uint64_t frame = va_mfn(page) << 12;

	grant_v1(9, self_id(), va_mfn(page), GTF_permit_access);
	map_va(window, 0);
	h = map("map.host", GNTMAP_host_map);
	unmap("device-of-host-map", h, 0, frame);
	unmap("device-wrong-frame", h, 0, frame + PAGE_SIZE);
	unmap("nothing", h, 0, 0);
	unmap("host", h, (uint64_t)window, 0);
	unmap("host.again", h, (uint64_t)window, 0);
	h = map("map.device", GNTMAP_device_map);
	unmap("host-of-device-map", h, (uint64_t)window, 0);
	unmap("device", h, 0, frame);
	unmap("device.again", h, 0, frame);
	unmap("handle.huge", 0x7fffffff, (uint64_t)window, 0);
	unmap("handle.minus-one", ~0U, 0, frame);
	test_success("");
}
