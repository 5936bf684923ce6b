/* SPDX-License-Identifier: MIT */
/*
 * What the toolstack wants of vCPUs: cpu/N/availability in the domain's directory of the store
 * says "online" or "offline", and xl vcpu-set changes it.
 */
#include <pv/init.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/smp.h>
#include <pv/string.h>
#include <pv/xenbus.h>

bool cpu_wanted(unsigned int id)
{
	char dir[16], *value;
	bool wanted;

	pv_snprintf(dir, sizeof(dir), "cpu/%u", id);
	if (!xenstore_present() || xenbus_read(XS_NO_TX, dir, "availability", &value, NULL) != 0)
		return true;
	wanted = strcmp(value, "offline") != 0;
	kfree(value);
	return wanted;
}

/* Any of the nodes may have changed: all are looked at. */
static void availability_event(struct xenbus_watch *w, const char *path)
{
	for (unsigned int i = 1; i < MAX_CPUS; i++) {
		bool is, want;
		int rc;

		if (!(cpus_possible >> i & 1))
			continue;
		is = cpus_online_mask() >> i & 1;
		want = cpu_wanted(i);
		if (is == want)
			continue;
		rc = want ? cpu_up(i) : cpu_down(i);
		if (rc == 0)
			printk("vCPU %u is %s\n", i, want ? "online" : "offline");
		else
			printk("vCPU %u cannot go %s: %d\n", i, want ? "online" : "offline", rc);
	}
}

static struct xenbus_watch availability_watch = { .path = "cpu", .callback = availability_event };

static int hotplug_init(void)
{
	return xenstore_present() ? xenbus_watch(&availability_watch) : 0;
}
INITCALL(INIT_LATE, hotplug_init);
