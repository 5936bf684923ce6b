/* SPDX-License-Identifier: MIT */
/* Grants and event channels that are tables.  See backends_fake.h; the store is backends_fake_store.c. */
#include "config.h"
#include "tests/unit/backends_fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define PVN_EXT_DEFINES
#include "libs/paravane-ext.h"

char *fake_mem;
int fake_mapped, fake_bound;
unsigned int fake_notified;
uint64_t fake_generation;
void (*fake_before_map)(void);

static struct {
	bool valid, readonly;
	unsigned int page;
} grants[FAKE_GREFS];

#define PORTS	64
static struct {
	bool bound, pending;
	uint32_t remote;
} ports[PORTS];
static int event_fd = -1;

void fake_store_init(void);

void fake_init(void)
{
	int fd = memfd_create("domain", MFD_CLOEXEC);

	if (ftruncate(fd, FAKE_PAGES * 4096L))
		abort();
	fake_mem = mmap(NULL, FAKE_PAGES * 4096ul, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	memset(fake_mem, 0, FAKE_PAGES * 4096ul);
	event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	fake_store_init();
}

void fake_grant(uint32_t gref, unsigned int page, bool readonly)
{
	grants[gref].valid = true;
	grants[gref].readonly = readonly;
	grants[gref].page = page;
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned open_flags)
{
	return (xengnttab_handle *)fake_mem;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
	void (*hook)(void) = fake_before_map;

	fake_before_map = NULL;
	if (hook)
		hook();
	if (domid != FAKE_DOMID || ref >= FAKE_GREFS || !grants[ref].valid ||
	    (grants[ref].readonly && (prot & PROT_WRITE))) {
		errno = EINVAL;
		return NULL;
	}
	fake_mapped++;
	return FAKE_PAGE(grants[ref].page);
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid,
				      uint32_t *refs, int prot)
{
	char *first = xengnttab_map_grant_ref(xgt, domid, refs[0], prot), *page;
	uint32_t i;

	/* The test grants ring pages that are neighbours; one that is not granted undoes it. */
	for (i = 1; first && i < count; i++) {
		page = xengnttab_map_grant_ref(xgt, domid, refs[i], prot);
		if (page && page != first + 4096ul * i)
			abort();
		if (!page) {
			fake_mapped -= (int)i;
			return NULL;
		}
	}
	return first;
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start, uint32_t count)
{
	fake_mapped -= (int)count;
	return 0;
}

int xengnttab_window(xengnttab_handle *xgt, uint32_t domid, void **base, size_t *bytes)
{
	if (!base)
		return 0;
	*base = fake_mem;
	*bytes = FAKE_PAGES * 4096ul;
	return 0;
}

int xengnttab_window_generation(xengnttab_handle *xgt, uint32_t domid, uint64_t *generation)
{
	*generation = fake_generation;
	return 0;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	return (xenevtchn_handle *)ports;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	return event_fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
						      evtchn_port_t remote)
{
	int i;

	for (i = 1; i < PORTS && domid == FAKE_DOMID && remote && remote < 4096; i++) {
		if (ports[i].bound)
			continue;
		ports[i].bound = true;
		ports[i].pending = false;
		ports[i].remote = remote;
		fake_bound++;
		return i;
	}
	errno = EINVAL;
	return -1;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	ports[port].bound = false;
	fake_bound--;
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	fake_notified++;
	return 0;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	uint64_t count;
	int i;

	for (i = 1; i < PORTS; i++) {
		if (ports[i].bound && ports[i].pending) {
			ports[i].pending = false;
			return i;
		}
	}
	if (read(event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		abort();
	errno = EAGAIN;
	return -1;
}

void fake_kick(uint32_t remote)
{
	uint64_t one = 1;
	int i;

	for (i = 1; i < PORTS; i++)
		if (ports[i].bound && ports[i].remote == remote)
			ports[i].pending = true;
	if (write(event_fd, &one, sizeof(one)) < 0)
		abort();
}
