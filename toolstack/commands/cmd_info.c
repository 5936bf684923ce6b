/* SPDX-License-Identifier: MIT */
/* xl info: the host and the hypervisor, one `key : value' a line, or the value of one key. */
#include "config.h"
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "toolstack/commands/xl.h"

struct info {
	struct toolstack t;
	const char *field;	/* NULL: all */
	bool found;
};

static void show(struct info *i, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void show(struct info *i, const char *key, const char *fmt, ...)
{
	va_list ap;

	if (i->field && strcmp(i->field, key))
		return;
	i->found = true;
	if (!i->field)
		printf("%-23s: ", key);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void show_host(struct info *i)
{
	struct utsname u;

	if (uname(&u))
		return;
	show(i, "host", "%s", u.nodename);
	show(i, "release", "%s", u.release);
	show(i, "version", "%s", u.version);
	show(i, "machine", "%s", u.machine);
}

static void show_virt_caps(struct info *i, uint32_t caps)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} words[] = {
		{XEN_SYSCTL_PHYSCAP_pv, "pv"},
		{XEN_SYSCTL_PHYSCAP_hvm, "hvm"},
		{XEN_SYSCTL_PHYSCAP_hap, "hap"},
		{XEN_SYSCTL_PHYSCAP_shadow, "shadow"},
		{XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1"},
		{XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2"},
	};
	char text[128] = "";
	size_t w;

	for (w = 0; w < sizeof(words) / sizeof(words[0]); w++)
		if (caps & words[w].bit) {
			if (text[0])
				strcat(text, " ");
			strcat(text, words[w].word);
		}
	show(i, "virt_caps", "%s", text);
}

static int show_physinfo(struct info *i)
{
	struct xen_sysctl_physinfo p;
	int ret = pvn_ctl_physinfo(i->t.ctl, &p);
	const uint32_t *h = p.hw_cap;

	if (ret < 0)
		return ts_fail(&i->t, ret, "paravaned: physinfo: %s", strerror(-ret));
	show(i, "nr_cpus", "%u", p.nr_cpus);
	show(i, "max_cpu_id", "%u", p.max_cpu_id);
	show(i, "nr_nodes", "%u", p.nr_nodes);
	show(i, "cores_per_socket", "%u", p.cores_per_socket);
	show(i, "threads_per_core", "%u", p.threads_per_core);
	show(i, "cpu_mhz", "%u.%03u", p.cpu_khz / 1000, p.cpu_khz % 1000);
	show(i, "hw_caps", "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x", h[0], h[1], h[2], h[3], h[4],
	     h[5], h[6], h[7]);
	show_virt_caps(i, p.capabilities);
	show(i, "total_memory", "%llu", (unsigned long long)p.total_pages >> 8);
	show(i, "free_memory", "%llu", (unsigned long long)(p.free_pages - p.outstanding_pages) >> 8);
	show(i, "sharing_freed_memory", "0");
	show(i, "sharing_used_memory", "0");
	show(i, "outstanding_claims", "%llu", (unsigned long long)p.outstanding_pages >> 8);
	show(i, "free_cpus", "0");
	return 0;
}

static void show_numa(struct info *i)
{
	struct xen_sysctl_physinfo p;
	uint32_t cpu;

	if (i->field || pvn_ctl_physinfo(i->t.ctl, &p) < 0)
		return;
	printf("cpu_topology           :\ncpu:    core    socket     node\n");
	for (cpu = 0; cpu < p.nr_cpus; cpu++)
		printf("%3u:    %4u     %4u     %4u\n", cpu, cpu, 0, 0);
	printf("numa_info              :\nnode:    memsize    memfree    distances\n");
	printf("%4u:    %6llu     %6llu      10\n", 0, (unsigned long long)p.total_pages >> 8,
	       (unsigned long long)p.free_pages >> 8);
}

static const char *scheduler_name(struct info *i)
{
	uint32_t id;

	if (pvn_ctl_sched_id(i->t.ctl, &id) < 0)
		return "unknown";
	switch (id) {
	case XEN_SCHEDULER_CREDIT2:
		return "credit2";
	case XEN_SCHEDULER_CREDIT:
		return "credit";
	case XEN_SCHEDULER_NULL:
		return "null";
	}
	return "unknown";
}

/* Text of an xen_version command, always terminated. */
static const char *version_text(struct info *i, int cmd, char *buf, size_t len)
{
	memset(buf, 0, len);
	if (pvn_ctl_version(i->t.ctl, cmd, buf, len - 1) < 0)
		buf[0] = 0;
	return buf;
}

static void show_compile_info(struct info *i)
{
	xen_compile_info_t c;

	memset(&c, 0, sizeof(c));
	if (pvn_ctl_version(i->t.ctl, XENVER_compile_info, &c, sizeof(c)) < 0)
		memset(&c, 0, sizeof(c));
	show(i, "cc_compiler", "%.*s", (int)sizeof(c.compiler), c.compiler);
	show(i, "cc_compile_by", "%.*s", (int)sizeof(c.compile_by), c.compile_by);
	show(i, "cc_compile_domain", "%.*s", (int)sizeof(c.compile_domain), c.compile_domain);
	show(i, "cc_compile_date", "%.*s", (int)sizeof(c.compile_date), c.compile_date);
}

static void show_xen(struct info *i)
{
	char extra[sizeof(xen_extraversion_t) + 1], caps[sizeof(xen_capabilities_info_t) + 1];
	char changes[sizeof(xen_changeset_info_t) + 1], line[sizeof(xen_commandline_t) + 1];
	struct xen_platform_parameters plat = {0};
	long v = pvn_ctl_version(i->t.ctl, XENVER_version, NULL, 0);

	version_text(i, XENVER_extraversion, extra, sizeof(extra));
	pvn_ctl_version(i->t.ctl, XENVER_platform_parameters, &plat, sizeof(plat));
	v = v < 0 ? 0 : v;
	show(i, "xen_major", "%ld", v >> 16);
	show(i, "xen_minor", "%ld", v & 0xffff);
	show(i, "xen_extra", "%s", extra);
	show(i, "xen_version", "%ld.%ld%s", v >> 16, v & 0xffff, extra);
	show(i, "xen_caps", "%s", version_text(i, XENVER_capabilities, caps, sizeof(caps)));
	show(i, "xen_scheduler", "%s", scheduler_name(i));
	show(i, "xen_pagesize", "%ld", pvn_ctl_version(i->t.ctl, XENVER_pagesize, NULL, 0));
	show(i, "platform_params", "virt_start=0x%lx", (unsigned long)plat.virt_start);
	show(i, "xen_changeset", "%s", version_text(i, XENVER_changeset, changes, sizeof(changes)));
	show(i, "xen_commandline", "%s", version_text(i, XENVER_commandline, line, sizeof(line)));
	show_compile_info(i);
	show(i, "build_id", "%s", "");
	show(i, "xend_config_format", "4");
}

int cmd_info(int argc, char **argv)
{
	struct info i = {0};
	bool numa = false;
	int opt, ret = XL_OK;

	while ((opt = xl_getopt("info", argc, argv, "hn", 0)) >= 0)
		numa |= opt == 'n';
	i.field = argv[optind];
	if (xl_open(&i.t, NEED_MACHINE))
		return XL_FAILED;
	show_host(&i);
	if (show_physinfo(&i))
		ret = xl_error(&i.t);
	if (numa)
		show_numa(&i);
	show_xen(&i);
	if (i.field && !i.found)
		ret = xl_say("%s: no such field; `xl info' shows them", i.field);
	toolstack_close(&i.t);
	return ret;
}
