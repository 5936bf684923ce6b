/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of the control domain: which number goes where.  A guest's own hypercalls are
 * served by its hv image; what comes here was sent by libxencall.
 */
#include "config.h"
#include "paravaned/hypercall.h"

#include <errno.h>
#include <xen/sched.h>

#include "libs/util/log.h"
#include "paravaned/buffers.h"
#include "paravaned/console_ring.h"
#include "paravaned/domain.h"
#include "paravaned/memory.h"

static int64_t do_sched_op(struct client *c, uint64_t cmd, uint64_t arg)
{
	struct sched_remote_shutdown op;
	struct domain *d;

	if (cmd != SCHEDOP_remote_shutdown)
		return -ENOSYS;
	if (copy_from_client(c, &op, arg, sizeof(op)))
		return -EFAULT;
	if (op.reason > SHUTDOWN_MAX)
		return -EINVAL;
	d = domain_by_id(op.domain_id);
	if (!d)
		return -ESRCH;
	if (d == dom0)
		return -EPERM;
	domain_shutdown(d, (uint8_t)op.reason);
	return 0;
}

static int64_t do_console_io(struct client *c, uint64_t cmd, uint64_t count, uint64_t arg)
{
	char buf[256];
	uint64_t done, n;

	if (cmd != CONSOLEIO_write)
		return cmd == CONSOLEIO_read ? 0 : -ENOSYS;
	if (count > CONSOLE_RING_BYTES)
		return -EINVAL;
	for (done = 0; done < count; done += n) {
		n = count - done < sizeof(buf) ? count - done : sizeof(buf);
		if (copy_from_client(c, buf, arg + done, n))
			return -EFAULT;
		console_ring_write(dom0, buf, n);
	}
	return 0;
}

int64_t hypercall(struct client *c, uint64_t nr, const uint64_t a[5])
{
	int64_t ret;

	switch (nr) {
	case __HYPERVISOR_memory_op:
		ret = memory_op(c, a[0], a[1]);
		break;
	case __HYPERVISOR_xen_version:
		ret = do_xen_version(c, a[0], a[1]);
		break;
	case __HYPERVISOR_console_io:
		ret = do_console_io(c, a[0], a[1], a[2]);
		break;
	case __HYPERVISOR_sched_op:
		ret = do_sched_op(c, a[0], a[1]);
		break;
	case __HYPERVISOR_event_channel_op:
		ret = do_event_channel_op(c, a[0], a[1]);
		break;
	case __HYPERVISOR_sysctl:
		ret = do_sysctl(c, a[0]);
		break;
	case __HYPERVISOR_domctl:
		ret = do_domctl(c, a[0]);
		break;
	default:
		ret = -ENOSYS;
	}
	if (ret == -ENOSYS)
		pvn_log(LOG_INFO, "hypercall %lu (0x%lx, 0x%lx) of the control domain: not served",
			(unsigned long)nr, (unsigned long)a[0], (unsigned long)a[1]);
	return ret;
}
