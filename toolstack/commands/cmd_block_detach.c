/* SPDX-License-Identifier: MIT */
/* xl block-detach: a disk leaves a domain that runs. */
#include "config.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "toolstack/commands/xl.h"

static int detach(struct toolstack *t, uint32_t domid, const char *who, const char *dev, bool force)
{
	uint32_t devid;
	char *known;
	int ret;

	if (vdev_to_devid(dev, &devid))
		return xl_say("%s: not a device name (xvda, sdb1) or number of one", dev);
	known = store_read(t, "/libxl/%u/device/vbd/%u/backend", domid, devid);
	free(known);
	if (!known)
		return xl_say("Error: Device %s not connected: domain %s has no such disk; `xl block-list %s' shows them",
			      dev, who, who);
	ret = disk_detach(t, domid, devid, force);
	if (ret == -EBUSY)
		return xl_say("%s: the domain does not let go of disk %s; when it is not used there any more it will, and "
			      "`xl block-detach' again removes it; --force takes it away now", who, dev);
	return ret ? xl_error(t) : XL_OK;
}

int cmd_block_detach(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	bool force = false;
	int ret = XL_FAILED, opt, lock;

	while ((opt = xl_getopt("block-detach", argc, argv, "hf", 2)) >= 0)
		force |= opt == 'f';
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	lock = toolstack_lock(&t);
	if (lock < 0)
		xl_error(&t);
	else if (!xl_find(&t, argv[optind], &domid))
		ret = detach(&t, domid, argv[optind], argv[optind + 1], force);
	if (lock >= 0)
		toolstack_unlock(lock);
	toolstack_close(&t);
	return ret;
}
