/* SPDX-License-Identifier: MIT */
/* paravane-netback: the program. */
#include "config.h"
#include "backends/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

static void woken(void *arg)
{
	net_poll_woken(arg);
}

static bool alive(void *arg, unsigned int domid)
{
	struct netback *nb = arg;

	return domain_alive(nb->xgt, (domid_t)domid);
}

static int netback_open(struct netback *nb)
{
	const char *env = getenv("PARAVANE_NETBACK");
	int rc;

	TAILQ_INIT(&nb->active);
	TAILQ_INIT(&nb->pushed);
	TAILQ_INIT(&nb->waiting);
	nb->no_poll = env && strstr(env, "no-poll");
	nb->sw = net_switch_new();
	if (!nb->sw)
		return program_error(-ENOMEM, "start");
	rc = events_open(nb->loop, woken, nb, &nb->events);
	if (!rc)
		nb->xgt = xengnttab_open(NULL, 0);
	if (!rc && !nb->xgt)
		rc = -errno;
	if (rc)
		return program_error(rc, "cannot reach paravaned");
	rc = net_shadows_open(&nb->shadows);
	if (rc)
		return program_error(rc, "cannot keep a record of queues in the run directory");
	net_shadows_sweep(nb->shadows, alive, nb);
	rc = store_open(nb->loop, &nb->store);
	if (rc)
		return program_error(rc, "cannot reach xenstored");
	rc = xenbus_open(nb->loop, nb->store, &nb->bus);
	if (!rc)
		rc = xenbus_register(nb->bus, &net_backend, nb);
	return rc ? program_error(rc, "cannot watch the store") : 0;
}

static void netback_close(struct netback *nb)
{
	nb->ends = true;
	xenbus_close(nb->bus);
	store_close(nb->store);
	pvn_loop_del_timer(nb->wait_timer);
	if (nb->xgt)
		xengnttab_close(nb->xgt);
	events_close(nb->events);
	net_shadows_close(nb->shadows);
	net_switch_free(nb->sw);
	pvn_loop_free(nb->loop);
	free(nb);
}

static int netback_main(const struct program *prog, struct pvn_loop *loop)
{
	struct netback *nb = calloc(1, sizeof(*nb));
	int rc;

	if (!nb)
		return program_error(-ENOMEM, "start");
	nb->loop = loop;
	rc = netback_open(nb);
	if (!rc) {
		pvn_daemon_ready();
		pvn_log(LOG_INFO, "serving network interfaces");
		rc = pvn_loop_run(loop);
	}
	netback_close(nb);
	return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct program prog = {
		.name = "paravane-netback",
		.what = "Serve the paravirtual network interfaces of domains",
		.run = netback_main,
	};

	return program_main(&prog, argc, argv);
}
