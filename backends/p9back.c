/* SPDX-License-Identifier: MIT */
/* paravane-9pfsd: the program. */
#include "config.h"
#include "backends/p9.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

/* Each fid of a client is a descriptor or two. */
static void allow_descriptors(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl))
		return;
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
}

static int p9back_open(struct p9back *pb)
{
	int rc = events_open(pb->loop, NULL, NULL, &pb->events);

	if (!rc)
		pb->xgt = xengnttab_open(NULL, 0);
	if (!rc && !pb->xgt)
		rc = -errno;
	if (rc)
		return program_error(rc, "cannot reach paravaned");
	rc = store_open(pb->loop, &pb->store);
	if (rc)
		return program_error(rc, "cannot reach xenstored");
	rc = xenbus_open(pb->loop, pb->store, &pb->bus);
	if (!rc)
		rc = xenbus_register(pb->bus, &p9_backend, pb);
	return rc ? program_error(rc, "cannot watch the store") : 0;
}

static void p9back_close(struct p9back *pb)
{
	xenbus_close(pb->bus);
	store_close(pb->store);
	if (pb->xgt)
		xengnttab_close(pb->xgt);
	events_close(pb->events);
	pvn_loop_free(pb->loop);
	free(pb);
}

static int p9back_main(const struct program *prog, struct pvn_loop *loop)
{
	struct p9back *pb = calloc(1, sizeof(*pb));
	int rc;

	if (!pb)
		return program_error(-ENOMEM, "start");
	pb->loop = loop;
	TAILQ_INIT(&pb->active);
	allow_descriptors();
	rc = p9back_open(pb);
	if (!rc) {
		pvn_daemon_ready();
		pvn_log(LOG_INFO, "serving shared directories");
		rc = pvn_loop_run(loop);
	}
	p9back_close(pb);
	return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct program prog = {
		.name = "paravane-9pfsd",
		.what = "Share directories of the host with domains",
		.run = p9back_main,
	};

	return program_main(&prog, argc, argv);
}
