/* SPDX-License-Identifier: MIT */
/* What every command uses: options, connections, errors, domains by name. */
#include "config.h"
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/commands/xl.h"

/* Long options of all commands; each takes only those whose letter it lists. */
static const struct option long_options[] = {
	{"all", no_argument, NULL, 'a'},	  {"clear", no_argument, NULL, 'c'},
	{"context", no_argument, NULL, 'Z'},	  {"cpupool", no_argument, NULL, 'c'},
	{"defconfig", required_argument, NULL, 'f'}, {"domain", required_argument, NULL, 'd'},
	{"dryrun", no_argument, NULL, 'n'},	  {"help", no_argument, NULL, 'h'},
	{"force", no_argument, NULL, 'f'},	  {"ignore-host", no_argument, NULL, 'i'},
	{"long", no_argument, NULL, 'l'},	  {"numa", no_argument, NULL, 'n'},
	{"quiet", no_argument, NULL, 'q'},	  {"schedparam", no_argument, NULL, 's'},
	{"short", no_argument, NULL, 's'},	  {"verbose", no_argument, NULL, 'v'},
	{"vncviewer", no_argument, NULL, 'V'},	  {"vncviewer-autopass", no_argument, NULL, 'A'},
	{"wait", no_argument, NULL, 'w'},	  {0},
};

int xl_getopt(const char *name, int argc, char **argv, const char *options, int min_args)
{
	bool ambiguous;
	int opt;

	opterr = 0;
	opt = getopt_long(argc, argv, options, long_options, NULL);
	if (opt == 'h') {
		xl_print_help(xl_find_command(name, &ambiguous));
		exit(XL_OK);
	}
	if (opt == '?' || (opt >= 0 && !strchr(options, opt))) {
		xl_say("%s: `%s': no such option, or its argument is missing; `xl help %s' lists them",
		       name, argv[optind - 1], name);
		exit(XL_USAGE);
	}
	if (opt < 0 && argc - optind < min_args) {
		fprintf(stderr, "'xl %s' requires at least %d argument%s.\n\n", name, min_args,
			min_args > 1 ? "s" : "");
		xl_print_help(xl_find_command(name, &ambiguous));
		exit(XL_USAGE);
	}
	return opt;
}

int xl_say(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("xl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return XL_FAILED;
}

int xl_error(const struct toolstack *t)
{
	return xl_say("%s", t->error[0] ? t->error : "failed");
}

int xl_open(struct toolstack *t, enum toolstack_need need)
{
	int ret = toolstack_open(t, need);

	if (t->notice[0])
		xl_say("%s", t->notice);
	if (ret)
		xl_error(t);
	return ret;
}

int xl_find(struct toolstack *t, const char *who, uint32_t *domid)
{
	int ret = domain_find(t, who, domid);

	if (ret)
		xl_error(t);
	return ret;
}

int xl_find_all(struct toolstack *t, int argc, char **argv)
{
	uint32_t domid;
	int i, ret = 0;

	for (i = 0; !ret && i < argc; i++)
		ret = xl_find(t, argv[i], &domid);
	return ret;
}

static int for_named(struct toolstack *t, int argc, char **argv, xl_each *fn, void *arg)
{
	struct xen_domctl_getdomaininfo info;
	uint32_t domid;
	char *name;
	int i, ret = XL_OK;

	for (i = 0; i < argc; i++) {
		if (xl_find(t, argv[i], &domid) || pvn_ctl_domain_info(t->ctl, domid, &info) < 0) {
			ret = XL_FAILED;
			continue;
		}
		name = domain_name(t, domid);
		if (fn(t, &info, name, arg))
			ret = XL_FAILED;
		free(name);
	}
	return ret;
}

int xl_for_domains(struct toolstack *t, int argc, char **argv, bool control_domain, xl_each *fn,
		   void *arg)
{
	struct xen_domctl_getdomaininfo *infos;
	char **names = NULL;
	int i, n, ret = XL_OK;

	if (argc > 0)
		return for_named(t, argc, argv, fn, arg);
	n = domain_list(t, &infos);
	if (n < 0)
		return xl_error(t);
	if (domain_names(t, infos, n, &names))
		ret = xl_error(t);
	for (i = 0; names && i < n; i++)
		if ((infos[i].domain || control_domain) && fn(t, &infos[i], names[i], arg))
			ret = XL_FAILED;
	names_free(names, n);
	free(infos);
	return ret;
}

int64_t xl_parse_kib(const char *text)
{
	unsigned long long n;
	char *end;
	int shift;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	n = strtoull(text, &end, 10);
	switch (*end) {
	case 'b': case 'B':
		shift = 0;
		break;
	case 'k': case 'K':
		shift = 10;
		break;
	case 0: case 'm': case 'M':
		shift = 20;
		break;
	case 'g': case 'G':
		shift = 30;
		break;
	case 't': case 'T':
		shift = 40;
		break;
	default:
		return -1;
	}
	if (errno || (*end && end[1]) || n > (1ull << 50) >> shift)
		return -1;
	return (n << shift) >> 10;
}

int xl_load_config(const struct xl_config_args *a, int argc, char **argv, struct domain_config *c)
{
	const char *file = a->file, **overrides = calloc(argc + 1, sizeof(*overrides));
	char *error = NULL;
	int i, nr = 0, ret;

	if (!overrides)
		return -ENOMEM;
	for (i = 0; i < argc; i++) {
		if (strchr(argv[i], '='))
			overrides[nr++] = argv[i];
		else if (!file)
			file = argv[i];
		else {
			xl_say("%s: a second configuration file; there is %s already", argv[i], file);
			free(overrides);
			return -EINVAL;
		}
	}
	if (!a->quiet)
		fprintf(stderr, "Parsing config from %s\n", file ? file : "<none>");
	ret = domain_config_load(c, file ? file : "/dev/null", overrides, nr, &error);
	if (ret)
		xl_say("%s", error ? error : strerror(-ret));
	free(error);
	free(overrides);
	return ret;
}

int xl_memory(int argc, char **argv, const char *name,
	      int (*set)(struct toolstack *t, uint32_t domid, int64_t kib))
{
	struct toolstack t;
	uint32_t domid;
	int64_t kib;
	int ret = XL_FAILED;

	while (xl_getopt(name, argc, argv, "h", 2) >= 0)
		;
	kib = xl_parse_kib(argv[optind + 1]);
	if (kib < 1024)
		return xl_say("%s: not an amount of memory of at least 1 MiB", argv[optind + 1]);
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (!xl_find(&t, argv[optind], &domid))
		ret = domid ? set(&t, domid, kib)
			    : xl_say("0: the control domain's memory is the host's");
	toolstack_close(&t);
	return ret;
}
