/* SPDX-License-Identifier: MIT */
/*
 * A control-domain program as somebody writes it for Xen, against libxen-dev alone.  libs-compat.sh
 * links it with the distribution's libraries and runs it with Paravane's.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <xen/xen.h>
#include <xen/version.h>
#include <xencall.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

int main(void)
{
	xencall_handle *call = xencall_open(NULL, 0);
	xenevtchn_handle *ev = xenevtchn_open(NULL, 0);
	xengnttab_handle *gt = xengnttab_open(NULL, 0);
	xenforeignmemory_handle *fm = xenforeignmemory_open(NULL, 0);
	xen_extraversion_t *extra;
	xen_pfn_t pfn = 1;
	int version, port;

	if (!call || !ev || !gt || !fm)
		return fail("open");
	version = xencall2(call, __HYPERVISOR_xen_version, XENVER_version, 0);
	extra = xencall_alloc_buffer(call, sizeof(*extra));
	if (version < 0 || !extra ||
	    xencall2(call, __HYPERVISOR_xen_version, XENVER_extraversion, (uintptr_t)extra) < 0)
		return fail("xen_version");
	port = xenevtchn_bind_virq(ev, VIRQ_DOM_EXC);
	if (port < 0 || xenevtchn_unmask(ev, port) < 0 || xenevtchn_unbind(ev, port) < 0)
		return fail("virq");
	if (xengnttab_map_grant_ref(gt, 4711, 8, PROT_READ) || errno != EINVAL)
		return fail("a grant of nobody");
	if (xenforeignmemory_map(fm, 4711, PROT_READ, 1, &pfn, NULL) || errno != ESRCH)
		return fail("a frame of nobody");
	printf("version %d.%d%s\n", version >> 16, version & 0xffff, *extra);
	xencall_free_buffer(call, extra);
	xenforeignmemory_close(fm);
	xengnttab_close(gt);
	xenevtchn_close(ev);
	xencall_close(call);
	return 0;
}
