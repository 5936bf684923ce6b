/* SPDX-License-Identifier: MIT */
/* xl create: a configuration becomes a running domain. */
#include "config.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "toolstack/lib/config_json.h"
#include "toolstack/lib/console.h"
#include "toolstack/lib/monitor.h"
#include "toolstack/commands/xl.h"

struct create_options {
	struct xl_config_args config;
	bool console, paused, dry_run, foreground, no_monitor, debug;
};

static void parse_options(int argc, char **argv, struct create_options *o)
{
	int opt;

	memset(o, 0, sizeof(*o));
	o->dry_run = xl_dry_run;
	while ((opt = xl_getopt("create", argc, argv, "hcpnqf:FedVA", 0)) >= 0) {
		switch (opt) {
		case 'c':
			o->console = true;
			break;
		case 'p':
			o->paused = true;
			break;
		case 'n':
			o->dry_run = true;
			break;
		case 'q':
			o->config.quiet = true;
			break;
		case 'f':
			o->config.file = optarg;
			break;
		case 'F':
			o->foreground = true;
			break;
		case 'e':
			o->no_monitor = true;
			break;
		case 'd':
			o->debug = true;
			break;
		}
	}
}

static void print_config(FILE *out, long domid, const struct domain_config *c)
{
	struct json_object *o = config_json_domain(domid, config_json(c));

	fprintf(out, "%s\n",
		json_object_to_json_string_ext(o, CONFIG_JSON_STYLE));
	json_object_put(o);
}

/* A line that says what takes its time; only for a person who watches. */
static void progress(const struct create_options *o, const char *name, const char *what)
{
	if (xl_verbose && !o->config.quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "%s: %s\n", name, what);
}

/* The domain is made and paused: monitor, console, first breath. */
static int start(struct toolstack *t, const struct create_options *o,
		 const struct domain_config *c, uint32_t domid, int *pty)
{
	int ret = 0;

	if (!o->no_monitor && !o->foreground)
		ret = monitor_start(t, domid, c);
	if (!ret && o->console) {
		*pty = console_open(t, domid);
		ret = *pty < 0 ? *pty : 0;
	}
	if (!ret && !o->paused) {
		ret = pvn_ctl_unpause(t->ctl, domid);
		if (ret < 0)
			ts_fail(t, ret, "%s: the domain cannot be started: %s; see `xl dmesg'", c->name,
				strerror(-ret));
	}
	return ret < 0 ? ret : 0;
}

static int create(struct toolstack *t, const struct create_options *o, struct domain_config *c)
{
	char error[sizeof(t->error)];
	uint32_t domid;
	int pty = -1, ret;

	progress(o, c->name, "building the domain");
	interrupt_begin();
	ret = domain_create(t, c, &domid);
	if (ret)
		return ret;
	ret = start(t, o, c, domid, &pty);
	if (!ret && interrupted())
		ret = ts_fail(t, -EINTR, "%s: interrupted, the domain is not made", c->name);
	if (ret) {
		memcpy(error, t->error, sizeof(error));
		domain_destroy(t, domid);
		memcpy(t->error, error, sizeof(error));
		return ret;
	}
	interrupt_end();
	progress(o, c->name, o->paused ? "is paused" : "runs");
	if (pty >= 0) {
		ret = console_attach(pty, CONSOLE_ESCAPE);
		close(pty);
	}
	return o->foreground ? monitor_run(t, domid) : ret;
}

int cmd_create(int argc, char **argv)
{
	struct create_options o;
	struct domain_config c;
	struct toolstack t = {0};
	int ret;

	parse_options(argc, argv, &o);
	if (optind >= argc && !o.config.file) {
		fprintf(stderr, "'xl create' requires at least 1 argument.\n");
		return XL_USAGE;
	}
	if (xl_load_config(&o.config, argc - optind, argv + optind, &c))
		return XL_FAILED;
	if (o.debug)
		print_config(stderr, -1, &c);
	if (o.dry_run) {
		print_config(stdout, -1, &c);
		domain_config_free(&c);
		return XL_OK;
	}
	/* What needs no daemon is said before one is started. */
	ret = domain_preflight(&t, &c);
	if (ret) {
		xl_error(&t);
	} else if (!(ret = xl_open(&t, NEED_ALL))) {
		ret = domain_check_memory(&t, &c);
		if (!ret)
			ret = create(&t, &o, &c);
		if (ret)
			xl_error(&t);
	}
	toolstack_close(&t);
	domain_config_free(&c);
	return ret ? XL_FAILED : XL_OK;
}
