/* SPDX-License-Identifier: MIT */
/*
 * Disks that come and go while their domain runs.  The store tells the backend and the guest; the
 * saved configuration follows, so that a restarted domain has what this one had.
 * Called by block-attach and block-detach under the lock.
 */
#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/layout.h"

int hotplug_save(struct toolstack *t, uint32_t domid, struct domain_config *c)
{
	int ret = domain_config_write_devices(c);

	if (ret)
		return ts_fail(t, ret, "%s: the device is not in the saved configuration: %s", c->name,
			       strerror(-ret));
	return userdata_save(t, domid, c->uuid, c);
}

int disk_attach(struct toolstack *t, uint32_t domid, struct domain_config *c)
{
	struct domain_config one = {.name = c->name, .nr_disks = 1};
	int ret;

	one.disks = &c->disks[c->nr_disks - 1];
	ret = layout_disk(t, domid, one.disks);
	if (ret)
		return ret;
	ret = devices_wait(t, domid, &one);
	if (!ret)
		ret = hotplug_save(t, domid, c);
	if (ret)
		layout_device_remove(t, domid, "vbd", one.disks->devid);
	return ret;
}

static void forget(struct domain_config *c, uint32_t devid)
{
	unsigned int i = 0;

	while (i < c->nr_disks && c->disks[i].devid != devid)
		i++;
	if (i == c->nr_disks)
		return;
	free(c->disks[i].target);
	free(c->disks[i].vdev);
	free(c->disks[i].format);
	c->nr_disks--;
	memmove(&c->disks[i], &c->disks[i + 1], (c->nr_disks - i) * sizeof(*c->disks));
}

int disk_detach(struct toolstack *t, uint32_t domid, uint32_t devid, bool force)
{
	struct domain_config c;
	uuid_t uuid;
	int ret = domain_uuid(t, domid, uuid);

	if (!ret)
		ret = device_release(t, domid, "vbd", devid);
	if (ret < 0)
		return ret;
	if (!ret && !force)
		return -EBUSY;
	ret = layout_device_remove(t, domid, "vbd", devid);
	if (ret)
		return ret;
	ret = userdata_load(t, domid, uuid, &c);
	if (ret)
		return ret;
	forget(&c, devid);
	ret = hotplug_save(t, domid, &c);
	domain_config_free(&c);
	return ret;
}
