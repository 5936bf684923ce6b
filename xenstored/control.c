/* SPDX-License-Identifier: MIT */
/*
 * CONTROL: what `xenstore-control` asks for.  Called by request.c for privileged clients.  One row
 * of the table per command; its help text is what `help` prints.
 */
#include "xenstored/request.h"

#include "libs/util/log.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGS	4

/* Text that grows until it is as long as a reply may be; what is more is cut. */
struct text {
	char buf[XENSTORE_PAYLOAD_MAX];
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, sizeof(t->buf) - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n;
	if (t->len > sizeof(t->buf) - 1)
		t->len = sizeof(t->buf) - 1;
	t->buf[t->len] = 0;
}

typedef int control_fn(struct request *r, unsigned argc, const char **argv);
static control_fn control_check, control_log, control_logfile, control_memreport, control_print,
	control_quota, control_quota_soft, control_help;

static const struct {
	const char *name;
	control_fn *fn;
	const char *help;
} commands[] = {
	{ "check", control_check, "" },
	{ "log", control_log, "[on|off]" },
	{ "logfile", control_logfile, "<file>" },
	{ "memreport", control_memreport, "[<file>]" },
	{ "print", control_print, "<string>" },
	{ "quota", control_quota, "[set <name> <val>|<domid>]" },
	{ "quota-soft", control_quota_soft, "[set <name> <val>]" },
	{ "help", control_help, "" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int control_check(struct request *r, unsigned argc, const char **argv)
{
	int rc = argc ? -EINVAL : store_check(r->store);

	return rc ? rc : reply_ok(r);
}

static int control_log(struct request *r, unsigned argc, const char **argv)
{
	if (!argc)
		return reply_string(r, r->store->trace ? "on" : "off");
	if (argc > 1 || (strcmp(argv[0], "on") && strcmp(argv[0], "off")))
		return -EINVAL;
	r->store->trace = !strcmp(argv[0], "on");
	return reply_ok(r);
}

static int control_logfile(struct request *r, unsigned argc, const char **argv)
{
	int rc = argc == 1 && argv[0][0] == '/' ? pvn_log_open("xenstored", argv[0], 0) : -EINVAL;

	return rc ? rc : reply_ok(r);
}

static void memreport(struct store *s, FILE *f)
{
	struct domain *d;
	struct conn *c;

	fprintf(f, "generation %llu, watches %u, transactions %u\n", (unsigned long long)s->gen,
		s->nr_watches, s->nr_transactions);
	TAILQ_FOREACH(d, &s->domains, entry)
		fprintf(f, "domain %u: %lld nodes of %lld bytes, %u watches, %u transactions, %lld other bytes\n",
			d->domid, (long long)d->nodes, (long long)d->node_bytes, d->watches,
			d->transactions, (long long)d->other_bytes);
	TAILQ_FOREACH(c, &s->conns, entry)
		fprintf(f, "connection %llu: domain %u, %zu bytes wait, buffer %zu\n",
			(unsigned long long)c->id, c->domain->domid, conn_pending(c), c->out_size);
}

static int control_memreport(struct request *r, unsigned argc, const char **argv)
{
	char *text = NULL, *line, *save;
	size_t len;
	FILE *f;

	if (argc > 1)
		return -EINVAL;
	f = argc ? fopen(argv[0], "ae") : open_memstream(&text, &len);
	if (!f)
		return -EINVAL;
	memreport(r->store, f);
	if (fclose(f)) {
		free(text);
		return -EIO;
	}
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
		pvn_log(LOG_INFO, "%s", line);
	free(text);
	return reply_ok(r);
}

static int control_print(struct request *r, unsigned argc, const char **argv)
{
	if (argc != 1)
		return -EINVAL;
	pvn_log(LOG_INFO, "control: %s", argv[0]);
	return reply_ok(r);
}

static int quota_list(struct request *r, bool soft)
{
	struct text t = { .len = 0 };
	int q;

	text_add(&t, "Quota settings:\n");
	for (q = 0; q < QUOTA_COUNT; q++)
		if (quota_is_soft(q) == soft)
			text_add(&t, "%-20s: %8u %s\n", quota_name(q), r->store->quota[q], quota_text(q));
	return reply_string(r, t.buf);
}

static int quota_set(struct request *r, const char *name, const char *value, bool soft)
{
	uint64_t v;
	int q;

	if (parse_number(value, INT32_MAX, &v))
		return -EINVAL;
	for (q = 0; q < QUOTA_COUNT; q++)
		if (quota_is_soft(q) == soft && !strcmp(quota_name(q), name)) {
			r->store->quota[q] = (uint32_t)v;
			return reply_ok(r);
		}
	return -EINVAL;
}

static int quota_domain(struct request *r, const char *arg)
{
	const struct domain *d;
	struct text t = { .len = 0 };
	uint64_t domid;

	if (parse_number(arg, UINT16_MAX, &domid))
		return -EINVAL;
	d = domain_find(r->store, (uint16_t)domid);
	if (!d)
		return -ENOENT;
	text_add(&t, "Domain %u:\n%-20s: %8lld\n%-20s: %8u\n%-20s: %8u\n%-20s: %8u\n%-20s: %8lld\n", d->domid,
		 "nodes", (long long)d->nodes, "watches", d->watches, "transactions", d->transactions,
		 "outstanding", d->conn ? d->conn->reply_nr : 0, "memory", (long long)domain_memory(d));
	return reply_string(r, t.buf);
}

static int control_quota(struct request *r, unsigned argc, const char **argv)
{
	if (!argc)
		return quota_list(r, false);
	if (argc == 1)
		return quota_domain(r, argv[0]);
	return argc == 3 && !strcmp(argv[0], "set") ? quota_set(r, argv[1], argv[2], false) : -EINVAL;
}

static int control_quota_soft(struct request *r, unsigned argc, const char **argv)
{
	if (!argc)
		return quota_list(r, true);
	return argc == 3 && !strcmp(argv[0], "set") ? quota_set(r, argv[1], argv[2], true) : -EINVAL;
}

static int control_help(struct request *r, unsigned argc, const char **argv)
{
	struct text t = { .len = 0 };
	size_t i;

	if (argc)
		return -EINVAL;
	for (i = 0; i < NR_COMMANDS; i++)
		text_add(&t, "%-15s %s\n", commands[i].name, commands[i].help);
	return reply_string(r, t.buf);
}

/* CONTROL command|argument|* */
int do_control(struct request *r)
{
	const char *args[MAX_ARGS];
	unsigned n;
	size_t i;

	for (n = 1; n <= MAX_ARGS; n++)
		if (request_strings(r, args, n) >= 0)
			break;
	if (n > MAX_ARGS)
		return -EINVAL;
	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(args[0], commands[i].name))
			return commands[i].fn(r, n - 1, args + 1);
	return -EINVAL;
}
