/* SPDX-License-Identifier: MIT */
/* xl list: the domains as a table whose columns scripts rely on, or as libxl's JSON. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/config_json.h"
#include "toolstack/commands/xl.h"

struct list_options {
	bool verbose, context, cpupool, numa, details;
	struct json_object *array;
};

static void print_header(const struct list_options *o)
{
	printf("Name                                        ID   Mem VCPUs\tState\tTime(s)");
	if (o->verbose)
		printf("   UUID                            Reason-Code\tSecurity Label");
	if (o->context && !o->verbose)
		printf("   Security Label");
	if (o->cpupool)
		printf("         Cpupool");
	if (o->numa)
		printf(" NODE Affinity");
	putchar('\n');
}

static char reason_letter(int reason)
{
	static const char letters[] = "-rscwS";

	if (reason < 0)
		return '-';
	return reason < (int)sizeof(letters) - 1 ? letters[reason] : '?';
}

static void print_verbose(const struct xen_domctl_getdomaininfo *info, int reason)
{
	char uuid[UUID_STR_LEN];

	uuid_unparse_lower(info->handle, uuid);
	printf(" %s", uuid);
	if (info->flags & XEN_DOMINF_shutdown)
		printf(" %8x", (unsigned int)reason);
	else
		printf(" %8s", "-");
}

static void print_row(const struct list_options *o, const struct xen_domctl_getdomaininfo *info,
		      const char *name)
{
	uint32_t f = info->flags;
	int reason = domain_shutdown_reason(info);

	printf("%-40s %5d %5lu %5d     %c%c%c%c%c%c  %8.1f", name ? name : "(null)", info->domain,
	       (unsigned long)((info->tot_pages + info->outstanding_pages) >> 8),
	       info->nr_online_vcpus, f & XEN_DOMINF_running ? 'r' : '-',
	       f & XEN_DOMINF_blocked ? 'b' : '-', f & XEN_DOMINF_paused ? 'p' : '-',
	       f & XEN_DOMINF_shutdown ? 's' : '-',
	       f & XEN_DOMINF_shutdown ? reason_letter(reason) : '-',
	       f & XEN_DOMINF_dying ? 'd' : '-', info->cpu_time / 1e9);
	if (o->verbose)
		print_verbose(info, reason);
	if (o->verbose || o->context)
		printf(" %16s", "-");
	if (o->cpupool)
		printf("%16s", "Pool-0");
	if (o->numa)
		printf(" all");
	putchar('\n');
}

/* The saved configuration; what has no readable one still has a name and a uuid. */
static struct json_object *saved_config(struct toolstack *t,
					const struct xen_domctl_getdomaininfo *info,
					const char *name)
{
	struct domain_config c;
	struct json_object *o;
	uuid_t uuid;
	bool loaded;

	if (info->domain == 0)
		return config_json_control(info->tot_pages << 2, info->nr_online_vcpus);
	memcpy(uuid, info->handle, sizeof(uuid));
	loaded = !userdata_load(t, info->domain, uuid, &c);
	if (!loaded) {
		memset(&c, 0, sizeof(c));
		uuid_copy(c.uuid, uuid);
		c.memory_kib = c.maxmem_kib = info->tot_pages << 2;
		c.vcpus = c.max_vcpus = info->nr_online_vcpus;
	}
	if (name) {
		free(c.name);
		c.name = strdup(name);
	}
	o = config_json(&c);
	domain_config_free(&c);
	return o;
}

static int list_one(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		    const char *name, void *arg)
{
	struct list_options *o = arg;
	if (o->details)
		json_object_array_add(o->array, config_json_domain(info->domain,
								   saved_config(t, info, name)));
	else
		print_row(o, info, name);
	return 0;
}

int cmd_list(int argc, char **argv)
{
	struct list_options o = {0};
	struct toolstack t;
	int opt, ret = XL_FAILED;

	while ((opt = xl_getopt("list", argc, argv, "hlvZcn", 0)) >= 0) {
		o.details |= opt == 'l';
		o.verbose |= opt == 'v';
		o.context |= opt == 'Z';
		o.cpupool |= opt == 'c';
		o.numa |= opt == 'n';
	}
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	/* A domain that is not there is said before a header is printed. */
	if (xl_find_all(&t, argc - optind, argv + optind))
		goto out;
	if (o.details)
		o.array = json_object_new_array();
	else
		print_header(&o);
	ret = xl_for_domains(&t, argc - optind, argv + optind, true, list_one, &o);
	if (o.details) {
		puts(json_object_to_json_string_ext(o.array, CONFIG_JSON_STYLE));
		json_object_put(o.array);
	}
out:
	toolstack_close(&t);
	return ret;
}
