/* SPDX-License-Identifier: MIT */
/* A paravaned of the test's own, and domains played by the test. */
#include "config.h"
#include "tests/unit/libs_machine.h"

#include "libs/util/find.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct machine machine;

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
}

void machine_up(void)
{
	char path[PATH_MAX];
	int rc = -1, i;

	strcpy(machine.rundir, "/tmp/pvn-libs.XXXXXX");
	cr_assert(mkdtemp(machine.rundir));
	setenv("PARAVANE_RUNDIR", machine.rundir, 1);
	cr_assert_eq(pvn_find_program(path, sizeof(path), "paravaned"), 0);
	machine.pid = fork();
	if (machine.pid == 0) {
		/* A test that hangs and is killed takes it along. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(126);
		execl(path, "paravaned", "-F", (char *)NULL);
		_exit(127);
	}
	for (i = 0; i < 2000 && rc; i++) {
		rc = pvn_ctl_open(&machine.ctl);
		if (rc)
			nap();
	}
	cr_assert_eq(rc, 0, "paravaned does not answer: %s", strerror(-rc));
}

void machine_down(void)
{
	char cmd[128];
	int status;

	pvn_ctl_close(machine.ctl);
	kill(machine.pid, SIGTERM);
	waitpid(machine.pid, &status, 0);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", machine.rundir);
	cr_assert_eq(system(cmd), 0);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "paravaned ended with 0x%x", status);
}

uint32_t domain_make(uint64_t mib)
{
	return domain_make_as(0, mib);
}

uint32_t domain_make_as(uint32_t domid, uint64_t mib)
{
	struct xen_domctl_createdomain config = {
		.max_vcpus = 1,
		.max_evtchn_port = 1023,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = XEN_DOMCTL_GRANT_version(1),
	};
	uint64_t n = mib * 256, i;
	xen_pfn_t *pfns = calloc(n, sizeof(*pfns));

	cr_assert_eq(pvn_ctl_create(machine.ctl, &domid, &config), 0);
	cr_assert_eq(pvn_ctl_max_vcpus(machine.ctl, domid, 1), 0);
	cr_assert_eq(pvn_ctl_max_mem(machine.ctl, domid, mib * 1024), 0);
	for (i = 0; i < n; i++)
		pfns[i] = i;
	cr_assert_eq(pvn_ctl_populate(machine.ctl, domid, (uint32_t)n, pfns, pfns), (long)n);
	free(pfns);
	return domid;
}

struct actor actor_make(uint64_t mib)
{
	return actor_of(domain_make(mib));
}

struct actor actor_of(uint32_t domid)
{
	struct actor a = { .domid = domid };

	cr_assert_eq(pvn_client_get(&a.client), 0);
	cr_assert_eq(pvn_client_domain(a.client, a.domid, &a.d), 0);
	cr_assert_eq(pvn_domain_map_mem(a.d), 0);
	return a;
}

void actor_free(struct actor *a)
{
	pvn_domain_put(a->d);
	pvn_client_put(a->client);
}

struct pvn_header *actor_header(struct actor *a)
{
	return (void *)(a->d->shared + PVN_HEADER_OFFSET);
}

struct pvn_link *actor_link(struct actor *a, unsigned link)
{
	return (struct pvn_link *)(a->d->shared + PVN_LINKS_OFFSET) + link;
}

struct pvn_vcpu *actor_vcpu(struct actor *a, unsigned vcpu)
{
	return (struct pvn_vcpu *)(a->d->shared + PVN_VCPU_OFFSET + vcpu * PVN_VCPU_STRIDE);
}

struct pvn_port *actor_port(struct actor *a, unsigned port)
{
	return (struct pvn_port *)(a->d->shared + PVN_PORTS_OFFSET) + port;
}

struct pvn_pin *actor_pin(struct actor *a, unsigned gref)
{
	return (struct pvn_pin *)(a->d->shared + PVN_PINS_OFFSET) + gref;
}

volatile grant_entry_v1_t *actor_grant(struct actor *a, unsigned gref)
{
	return (volatile grant_entry_v1_t *)(a->d->shared + PVN_HEAP_OFFSET +
					     PVN_HEAP_GRANT * PVN_PAGE_SIZE) + gref;
}

uint8_t *actor_ram(struct actor *a, uint64_t pfn)
{
	return a->d->mem + pfn * PVN_PAGE_SIZE;
}

uint64_t actor_mfn(struct actor *a, uint64_t pfn)
{
	return a->d->m.mfn_base + PVN_HEAP_FRAMES + pfn;
}

void actor_permit(struct actor *a, unsigned gref, uint64_t pfn, uint16_t flags)
{
	volatile grant_entry_v1_t *e = actor_grant(a, gref);

	e->frame = (uint32_t)actor_mfn(a, pfn);
	e->domid = 0;
	__atomic_store_n((uint16_t *)&e->flags, flags, __ATOMIC_RELEASE);
}

int actor_send(struct actor *a, unsigned link, unsigned port)
{
	struct pvn_link *l = actor_link(a, link);

	__atomic_fetch_or(&l->pending[port / 64], 1ULL << port % 64, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&l->pending_sel, 1ULL << port / 64, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&l->polling, __ATOMIC_SEQ_CST) == 0;
}

int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}
