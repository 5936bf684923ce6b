/* SPDX-License-Identifier: MIT */
/* Network interfaces that come and go while their domain runs, as disks do in hotplug.c. */
#include "config.h"
#include <errno.h>
#include <string.h>

#include "toolstack/lib/layout.h"

int nic_attach(struct toolstack *t, uint32_t domid, struct domain_config *c)
{
	struct domain_config one = {.name = c->name, .nr_nics = 1};
	int ret;

	one.nics = &c->nics[c->nr_nics - 1];
	ret = layout_nic(t, domid, c, one.nics);
	if (ret)
		return ret;
	ret = devices_wait(t, domid, &one);
	if (!ret)
		ret = hotplug_save(t, domid, c);
	if (ret)
		layout_device_remove(t, domid, "vif", one.nics->devid);
	return ret;
}

static void forget(struct domain_config *c, uint32_t devid)
{
	unsigned int i = 0;

	while (i < c->nr_nics && c->nics[i].devid != devid)
		i++;
	if (i == c->nr_nics)
		return;
	nic_free(&c->nics[i]);
	c->nr_nics--;
	memmove(&c->nics[i], &c->nics[i + 1], (c->nr_nics - i) * sizeof(*c->nics));
}

int nic_detach(struct toolstack *t, uint32_t domid, uint32_t devid)
{
	struct domain_config c;
	uuid_t uuid;
	int ret = domain_uuid(t, domid, uuid);

	/* A guest that does not let go within the time loses it, as with Xen. */
	if (!ret)
		ret = device_release(t, domid, "vif", devid);
	if (ret < 0)
		return ret;
	ret = layout_device_remove(t, domid, "vif", devid);
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
