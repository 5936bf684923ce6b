/* SPDX-License-Identifier: MIT */
/*
 * From parsed text to struct domain_config: every honoured key, its range, its default, and the
 * rules between keys.  Called by cfg_read.c after libxlutil accepted the text and cfg_keys.c the
 * keys.  The text is untrusted.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <paravane/shared.h>

#include "toolstack/lib/cfg_parser.h"

#define PVGRUB64	"/usr/lib/grub-xen/grub-x86_64-xen.bin"

static const char *const action_names[NR_ACTIONS] = {
	[ACTION_DESTROY] = "destroy",
	[ACTION_RESTART] = "restart",
	[ACTION_RENAME_RESTART] = "rename-restart",
	[ACTION_PRESERVE] = "preserve",
	[ACTION_COREDUMP_DESTROY] = "coredump-destroy",
	[ACTION_COREDUMP_RESTART] = "coredump-restart",
	[ACTION_SOFT_RESET] = "soft-reset",
};

const char *domain_action_name(enum domain_action action)
{
	return action_names[action];
}

int cfg_string(struct cfg_parser *p, const char *key, const char **value)
{
	int err = xlu_cfg_get_string(p->xlu, key, value, 1);

	if (err == ESRCH) {
		*value = NULL;
		return 0;
	}
	return err ? cfg_fail(p, cfg_line(p, key), key, "must be one value, not a list") : 0;
}

int cfg_number(struct cfg_parser *p, const char *key, uint64_t min, uint64_t max, uint64_t missing,
	       uint64_t *value)
{
	const char *s;
	char *end;
	int ret = cfg_string(p, key, &s);

	*value = missing;
	if (ret || !s)
		return ret;
	errno = 0;
	*value = strtoull(s, &end, 0);
	if (s[0] < '0' || s[0] > '9' || *end)
		return cfg_fail(p, cfg_line(p, key), key, "`%.40s' is not a number", s);
	if (errno || *value < min || *value > max)
		return cfg_fail(p, cfg_line(p, key), key,
				"%.40s is out of range, must be %llu to %llu", s,
				(unsigned long long)min, (unsigned long long)max);
	return 0;
}

/* A copy of a string key, NULL if it is absent or empty. */
static int copy_string(struct cfg_parser *p, const char *key, char **out)
{
	const char *s;
	int ret = cfg_string(p, key, &s);

	if (ret || !s || !s[0])
		return ret;
	*out = strdup(s);
	return *out ? 0 : -ENOMEM;
}

const char *domain_name_problem(const char *name)
{
	const char *s;

	if (!name[0])
		return "is empty";
	if (strlen(name) > CFG_NAME_MAX)
		return "is longer than 64 bytes";
	if (name[strspn(name, "0123456789")] == 0)
		return "is a number; it would be taken for a domain id";
	if (name[0] == '.' || name[0] == '-')
		return "begins with `.' or `-'";
	for (s = name; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 127 || *s == '/')
			return "has a blank, a slash or a control character";
	return NULL;
}

static int fill_identity(struct cfg_parser *p)
{
	struct domain_config *c = p->c;
	const char *s, *problem;
	int ret = copy_string(p, "name", &c->name);

	if (ret)
		return ret;
	if (!c->name)
		return cfg_fail(p, cfg_line(p, "name"), "name", "is missing: every domain needs one");
	problem = domain_name_problem(c->name);
	if (problem)
		return cfg_fail(p, cfg_line(p, "name"), "name", "%s", problem);
	if ((ret = cfg_string(p, "type", &s)))
		return ret;
	if (s && (!s[0] || strncmp(s, "pv", strlen(s))))
		return cfg_fail(p, cfg_line(p, "type"), "type",
				"`%.40s': only PV guests run here, say type=\"pv\"", s);
	if ((ret = cfg_string(p, "builder", &s)))
		return ret;
	if (s && strcmp(s, "generic") && strcmp(s, "linux"))
		return cfg_fail(p, cfg_line(p, "builder"), "builder",
				"`%.40s': only PV guests run here, say type=\"pv\"", s);
	if ((ret = cfg_string(p, "uuid", &s)))
		return ret;
	c->uuid_given = s != NULL;
	if (!s)
		uuid_generate_random(c->uuid);
	else if (uuid_parse(s, c->uuid))
		return cfg_fail(p, cfg_line(p, "uuid"), "uuid", "`%.60s' is not a UUID", s);
	return 0;
}

/* cmdline, or else "root=ROOT EXTRA" as xl joins them. */
static int fill_cmdline(struct cfg_parser *p)
{
	const char *cmdline, *root, *extra;
	char *joined = NULL;
	int ret;

	if ((ret = cfg_string(p, "cmdline", &cmdline)) || (ret = cfg_string(p, "root", &root)) ||
	    (ret = cfg_string(p, "extra", &extra)))
		return ret;
	if (cmdline)
		joined = strdup(cmdline);
	else if (root && extra)
		ret = asprintf(&joined, "root=%s %s", root, extra) < 0 ? -ENOMEM : 0;
	else if (root)
		ret = asprintf(&joined, "root=%s", root) < 0 ? -ENOMEM : 0;
	else
		joined = strdup(extra ? extra : "");
	if (ret || !joined)
		return -ENOMEM;
	p->c->cmdline = joined;
	if (strlen(joined) > CFG_CMDLINE_MAX) {
		const char *key = cmdline ? "cmdline" : extra ? "extra" : "root";

		return cfg_fail(p, cfg_line(p, key), key,
				"the kernel command line has %zu bytes, at most %d fit",
				strlen(joined), CFG_CMDLINE_MAX);
	}
	return 0;
}

static int fill_boot(struct cfg_parser *p)
{
	struct domain_config *c = p->c;
	const char *firmware;
	int ret;

	if ((ret = copy_string(p, "kernel", &c->kernel)) ||
	    (ret = copy_string(p, "ramdisk", &c->ramdisk)) ||
	    (ret = cfg_string(p, "firmware", &firmware)))
		return ret;
	c->kernel_line = cfg_line(p, "kernel");
	c->ramdisk_line = cfg_line(p, "ramdisk");
	if (firmware && firmware[0]) {
		if (strcmp(firmware, "pvgrub64"))
			return cfg_fail(p, cfg_line(p, "firmware"), "firmware",
					"`%.40s': only pvgrub64 is known", firmware);
		if (c->kernel)
			return cfg_fail(p, cfg_line(p, "firmware"), "firmware",
					"contradicts kernel=; leave one of them out");
		c->kernel = strdup(PVGRUB64);
		c->kernel_line = cfg_line(p, "firmware");
		if (!c->kernel)
			return -ENOMEM;
	}
	if (!c->kernel)
		return cfg_fail(p, c->kernel_line, "kernel",
				"is missing: name the ELF PV kernel to boot");
	return fill_cmdline(p);
}

static int fill_memory(struct cfg_parser *p)
{
	uint64_t memory, maxmem;
	int ret;

	if ((ret = cfg_number(p, "memory", 4, 1u << 20, 0, &memory)) ||
	    (ret = cfg_number(p, "maxmem", 4, 1u << 20, 0, &maxmem)))
		return ret;
	if (!memory)
		memory = maxmem ? maxmem : 32;
	if (!maxmem)
		maxmem = memory;
	p->c->memory_line = cfg_line(p, "memory") ? cfg_line(p, "memory") : cfg_line(p, "maxmem");
	if (maxmem < memory)
		return cfg_fail(p, cfg_line(p, "maxmem"), "maxmem",
				"is less than memory (%llu < %llu)", (unsigned long long)maxmem,
				(unsigned long long)memory);
	p->c->memory_kib = memory << 10;
	p->c->maxmem_kib = maxmem << 10;
	return 0;
}

static int fill_vcpus(struct cfg_parser *p)
{
	uint64_t vcpus, max;
	int ret;

	if ((ret = cfg_number(p, "vcpus", 1, 4096, 1, &vcpus)) ||
	    (ret = cfg_number(p, "maxvcpus", 1, 4096, vcpus, &max)))
		return ret;
	if (max < vcpus)
		return cfg_fail(p, cfg_line(p, "maxvcpus"), "maxvcpus",
				"is less than vcpus (%llu < %llu)", (unsigned long long)max,
				(unsigned long long)vcpus);
	if (max > PVN_MAX_VCPUS) {
		const char *key = vcpus > PVN_MAX_VCPUS ? "vcpus" : "maxvcpus";

		return cfg_fail(p, cfg_line(p, key), key, "%llu: a domain has at most %d vCPUs",
				(unsigned long long)max, PVN_MAX_VCPUS);
	}
	p->c->vcpus = vcpus;
	p->c->max_vcpus = max;
	return 0;
}

static int fill_limits(struct cfg_parser *p)
{
	uint64_t grant_frames, maptrack, version, ports, nomigrate;
	int ret;

	if ((ret = cfg_number(p, "max_grant_frames", 4, 64, 64, &grant_frames)) ||
	    (ret = cfg_number(p, "max_maptrack_frames", 0, 1u << 20, 1024, &maptrack)) ||
	    (ret = cfg_number(p, "max_grant_version", 1, 2, 2, &version)) ||
	    (ret = cfg_number(p, "max_event_channels", 8, 4095, 1023, &ports)) ||
	    (ret = cfg_number(p, "nomigrate", 0, 1, 0, &nomigrate)))
		return ret;
	p->c->max_grant_frames = grant_frames;
	p->c->max_maptrack_frames = maptrack;
	p->c->max_grant_version = version;
	p->c->max_event_channels = ports;
	p->c->nomigrate = nomigrate;
	return 0;
}

static int fill_action(struct cfg_parser *p, const char *key, enum domain_action missing,
		       enum domain_action *out)
{
	const char *s;
	int i, ret = cfg_string(p, key, &s);

	*out = missing;
	if (ret || !s)
		return ret;
	for (i = 0; i < NR_ACTIONS; i++)
		if (!strcmp(s, action_names[i]))
			break;
	if (i == NR_ACTIONS)
		return cfg_fail(p, cfg_line(p, key), key,
				"`%.40s' is not an action (destroy, restart, rename-restart, preserve)", s);
	if (i == ACTION_COREDUMP_DESTROY || i == ACTION_COREDUMP_RESTART)
		return cfg_fail(p, cfg_line(p, key), key,
				"%s: core dumps are not there yet; say preserve to look at the domain", s);
	if (i == ACTION_SOFT_RESET)
		return cfg_fail(p, cfg_line(p, key), key,
				"soft-reset is for HVM guests; choose another action");
	*out = i;
	return 0;
}

static int fill_actions(struct cfg_parser *p)
{
	struct domain_config *c = p->c;
	int ret;

	if ((ret = fill_action(p, "on_poweroff", ACTION_DESTROY, &c->on_poweroff)) ||
	    (ret = fill_action(p, "on_reboot", ACTION_RESTART, &c->on_reboot)) ||
	    (ret = fill_action(p, "on_watchdog", ACTION_DESTROY, &c->on_watchdog)) ||
	    (ret = fill_action(p, "on_crash", ACTION_DESTROY, &c->on_crash)))
		return ret;
	return fill_action(p, "on_soft_reset", ACTION_DESTROY, &c->on_soft_reset);
}

int cfg_fill(struct cfg_parser *p)
{
	static int (*const parts[])(struct cfg_parser *) = {
		fill_identity, fill_boot,   fill_memory, fill_vcpus,
		cfg_cpus,      fill_limits, fill_actions, cfg_disks,
		cfg_nics,      cfg_p9,
	};
	size_t i;
	int ret;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		ret = parts[i](p);
		if (ret)
			return ret;
	}
	return 0;
}
