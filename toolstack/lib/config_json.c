/* SPDX-License-Identifier: MIT */
/*
 * Configurations as libxl's JSON (libxl_domain_config in libxl's IDL): names and nesting are
 * libxl's, values that are libxl's defaults are left out, booleans that may be unset are the
 * strings "True" and "False".  Called by `xl list -l' and the dry run.
 */
#include "config.h"
#include <string.h>
#include <unistd.h>

#include "toolstack/lib/config_json.h"

static void add_string(struct json_object *o, const char *key, const char *value)
{
	if (value && value[0])
		json_object_object_add(o, key, json_object_new_string(value));
}

static void add_number(struct json_object *o, const char *key, int64_t value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

static struct json_object *c_info(const struct domain_config *c)
{
	struct json_object *o = json_object_new_object();
	char uuid[UUID_STR_LEN];

	uuid_unparse_lower(c->uuid, uuid);
	add_string(o, "type", "pv");
	add_string(o, "name", c->name);
	add_string(o, "uuid", uuid);
	add_string(o, "run_hotplug_scripts", "False");
	add_string(o, "passthrough", "disabled");
	return o;
}

/* A libxl_bitmap is the array of the bits that are set. */
static void add_affinity(struct json_object *o, const char *key, const struct cpumap *maps, unsigned int n)
{
	struct json_object *list, *set;
	unsigned int v, i, cpus = (unsigned int)sysconf(_SC_NPROCESSORS_CONF);

	if (!n)
		return;
	list = json_object_new_array();
	for (v = 0; v < n; v++) {
		set = json_object_new_array();
		for (i = 0; i < CPUMAP_CPUS && i < cpus; i++)
			if (cpumap_has(&maps[v], i))
				json_object_array_add(set, json_object_new_int((int)i));
		json_object_array_add(list, set);
	}
	json_object_object_add(o, key, list);
}

static struct json_object *b_info(const struct domain_config *c)
{
	struct json_object *o = json_object_new_object(), *vcpus = json_object_new_array();
	unsigned int v;

	for (v = 0; v < c->vcpus; v++)
		json_object_array_add(vcpus, json_object_new_int(v));
	add_number(o, "max_vcpus", c->max_vcpus);
	json_object_object_add(o, "avail_vcpus", vcpus);
	add_affinity(o, "vcpu_hard_affinity", c->cpus, c->nr_cpus);
	add_affinity(o, "vcpu_soft_affinity", c->cpus_soft, c->nr_cpus_soft);
	add_number(o, "max_memkb", c->maxmem_kib);
	add_number(o, "target_memkb", c->memory_kib);
	add_number(o, "shadow_memkb", 0);
	if (c->nomigrate)
		add_string(o, "disable_migrate", "True");
	json_object_object_add(o, "sched_params", json_object_new_object());
	if (c->max_event_channels != 1023)
		add_number(o, "event_channels", c->max_event_channels);
	add_string(o, "kernel", c->kernel);
	add_string(o, "cmdline", c->cmdline);
	add_string(o, "ramdisk", c->ramdisk);
	add_number(o, "max_grant_frames", c->max_grant_frames);
	add_number(o, "max_maptrack_frames", c->max_maptrack_frames);
	add_number(o, "max_grant_version", c->max_grant_version);
	json_object_object_add(o, "type.pv", json_object_new_object());
	json_object_object_add(o, "arch_arm", json_object_new_object());
	return o;
}

struct json_object *config_json_disk(const struct disk_config *d)
{
	struct json_object *o = json_object_new_object();

	add_string(o, "pdev_path", d->target);
	add_string(o, "vdev", d->vdev);
	add_string(o, "backend", strcmp(d->format, "raw") ? "qdisk" : "phy");
	add_string(o, "format", d->format);
	if (d->cdrom)
		add_number(o, "removable", 1);
	if (d->readwrite)
		add_number(o, "readwrite", 1);
	if (d->cdrom)
		add_number(o, "is_cdrom", 1);
	if (d->direct_io_safe)
		json_object_object_add(o, "direct_io_safe", json_object_new_boolean(1));
	add_string(o, "discard_enable", d->discard ? "True" : "False");
	add_string(o, "specification", "xen");
	add_string(o, "trusted", d->trusted ? "True" : "False");
	return o;
}

struct json_object *config_json_nic(const struct domain_config *c, const struct nic_config *n)
{
	struct json_object *o = json_object_new_object();
	char mac[MAC_BYTES];

	add_number(o, "devid", n->devid);
	if (n->mtu)
		add_number(o, "mtu", n->mtu);
	add_string(o, "model", n->model);
	add_string(o, "mac", nic_mac(c, n, mac));
	add_string(o, "ip", n->ip);
	add_string(o, "bridge", n->bridge);
	add_string(o, "ifname", n->vifname);
	add_string(o, "script", n->script);
	add_string(o, "nictype", "vif");
	if (n->rate_bytes) {
		add_number(o, "rate_bytes_per_interval", (int64_t)n->rate_bytes);
		add_number(o, "rate_interval_usecs", n->rate_usecs);
	}
	add_string(o, "gatewaydev", n->gatewaydev);
	add_string(o, "trusted", n->trusted ? "True" : "False");
	return o;
}

static struct json_object *p9s(const struct domain_config *c)
{
	struct json_object *list = json_object_new_array(), *o;
	unsigned int i;

	for (i = 0; i < c->nr_p9s; i++) {
		o = json_object_new_object();
		add_string(o, "tag", c->p9s[i].tag);
		add_string(o, "path", c->p9s[i].path);
		add_string(o, "security_model", "none");
		add_number(o, "devid", i);
		json_object_array_add(list, o);
	}
	return list;
}

static void add_action(struct json_object *o, const char *key, enum domain_action action)
{
	char text[32], *s;

	if (action == ACTION_DESTROY)
		return;
	/* libxl's enumerations have underscores where xl.cfg has dashes. */
	strncpy(text, domain_action_name(action), sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	for (s = text; *s; s++)
		*s = *s == '-' ? '_' : *s;
	add_string(o, key, text);
}

struct json_object *config_json(const struct domain_config *c)
{
	struct json_object *o = json_object_new_object(), *disks, *nics;
	unsigned int i;

	if (!o)
		return NULL;
	json_object_object_add(o, "c_info", c_info(c));
	json_object_object_add(o, "b_info", b_info(c));
	if (c->nr_disks) {
		disks = json_object_new_array();
		for (i = 0; i < c->nr_disks; i++)
			json_object_array_add(disks, config_json_disk(&c->disks[i]));
		json_object_object_add(o, "disks", disks);
	}
	if (c->nr_nics) {
		nics = json_object_new_array();
		for (i = 0; i < c->nr_nics; i++)
			json_object_array_add(nics, config_json_nic(c, &c->nics[i]));
		json_object_object_add(o, "nics", nics);
	}
	if (c->nr_p9s)
		json_object_object_add(o, "p9s", p9s(c));
	add_action(o, "on_poweroff", c->on_poweroff);
	add_action(o, "on_reboot", c->on_reboot);
	add_action(o, "on_watchdog", c->on_watchdog);
	add_action(o, "on_crash", c->on_crash);
	add_action(o, "on_soft_reset", c->on_soft_reset);
	return o;
}

struct json_object *config_json_domain(long domid, struct json_object *config)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "domid", domid < 0 ? NULL : json_object_new_int64(domid));
	json_object_object_add(o, "config", config);
	return o;
}

struct json_object *config_json_control(uint64_t kib, unsigned int vcpus)
{
	struct json_object *o = json_object_new_object(), *c = json_object_new_object(),
			   *b = json_object_new_object();

	add_string(c, "type", "pv");
	add_string(c, "name", "Domain-0");
	add_number(b, "max_vcpus", vcpus);
	add_number(b, "max_memkb", kib);
	add_number(b, "target_memkb", kib);
	json_object_object_add(b, "sched_params", json_object_new_object());
	json_object_object_add(b, "type.pv", json_object_new_object());
	json_object_object_add(b, "arch_arm", json_object_new_object());
	json_object_object_add(o, "c_info", c);
	json_object_object_add(o, "b_info", b);
	return o;
}
