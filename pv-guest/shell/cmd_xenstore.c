/* SPDX-License-Identifier: MIT */
/* Command: xenstore ls|read|write|list|rm|mkdir|watch. Relative paths are the domain's own. */
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/xenbus.h>

#define DEPTH_MAX	16

static int complain(const char *path, int rc)
{
	eprintf("xenstore: %s: %s\n", path, error_text(rc));
	return 1;
}

/* Values may hold anything: what is not printable becomes a dot. */
static void print_value(const char *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = v[i] >= ' ' && v[i] < 0x7f ? v[i] : '.';

		out_write(&c, 1);
	}
}

static int do_read(const char *path)
{
	char *value;
	size_t n;
	int rc = xenbus_read(XS_NO_TX, path, NULL, &value, &n);

	if (rc != 0)
		return complain(path, rc);
	out_write(value, n);
	out_write("\n", 1);
	kfree(value);
	return 0;
}

static int do_list(const char *path)
{
	char **names;
	unsigned int n;
	int rc = xenbus_directory(XS_NO_TX, path, NULL, &names, &n);

	if (rc != 0)
		return complain(path, rc);
	for (unsigned int i = 0; i < n; i++)
		printf("%s\n", names[i]);
	kfree(names);
	return 0;
}

static void print_node(const char *path, const char *name, int depth)
{
	char *value;
	size_t n;

	printf("%*s%s", depth, "", name);
	if (xenbus_read(XS_NO_TX, path, NULL, &value, &n) == 0) {
		printf(" = \"");
		print_value(value, n);
		printf("\"");
		kfree(value);
	}
	printf("\n");
}

static int tree(const char *path, int depth)
{
	char **names, child[256];
	unsigned int n;
	int rc = xenbus_directory(XS_NO_TX, path, NULL, &names, &n);

	if (rc != 0)
		return rc;
	for (unsigned int i = 0; i < n; i++) {
		if (pv_snprintf(child, sizeof(child), "%s/%s", strcmp(path, "/") == 0 ? "" : path,
				names[i]) >= (int)sizeof(child))
			continue;
		print_node(child, names[i], depth);
		if (depth < DEPTH_MAX)
			(void)tree(child, depth + 1);
	}
	kfree(names);
	return 0;
}

static struct wait_queue watch_wq = WAIT_QUEUE_INIT(watch_wq);
static unsigned int watch_events;

static void watch_event(struct xenbus_watch *w, const char *path)
{
	eprintf("%s\n", path);
	watch_events++;
	wake_up(&watch_wq);
}

/* Prints count events (the first comes at once), or until ^C. */
static int do_watch(const char *path, uint64_t count)
{
	static struct xenbus_watch watch = { .callback = watch_event };
	int rc;

	watch.path = path;
	watch_events = 0;
	rc = xenbus_watch(&watch);
	if (rc != 0)
		return complain(path, rc);
	while (watch_events < count && !console_interrupted())
		(void)wait_event_timeout(&watch_wq, watch_events >= count, 200 * NSEC_PER_MSEC);
	xenbus_unwatch(&watch);
	return 0;
}

/* What "." stands for: the store itself has no name for it. */
static int own_path(char *buf, size_t size)
{
	uint64_t domid;
	int rc = xenbus_read_u64(XS_NO_TX, "domid", NULL, &domid);

	if (rc == 0)
		pv_snprintf(buf, size, "/local/domain/%lu", domid);
	return rc;
}

static int usage(void)
{
	eprintf("usage: xenstore ls|list|read|rm|mkdir PATH, write PATH VALUE, watch PATH [COUNT]\n");
	return 2;
}

static int cmd_xenstore(int argc, char **argv)
{
	const char *op = argc > 1 ? argv[1] : "", *path = argc > 2 ? argv[2] : "/";
	char own[64];
	uint64_t count = ~0ULL;
	int rc;

	if (strcmp(path, ".") == 0 && own_path(own, sizeof(own)) == 0)
		path = own;
	if (strcmp(op, "ls") == 0 && argc <= 3) {
		rc = tree(path, 0);
		return rc == 0 ? 0 : complain(path, rc);
	}
	if (argc < 3)
		return usage();
	if (strcmp(op, "read") == 0)
		return do_read(path);
	if (strcmp(op, "list") == 0)
		return do_list(path);
	if (strcmp(op, "watch") == 0 && (argc == 3 || parse_u64(argv[3], &count) == 0))
		return do_watch(path, count);
	if (strcmp(op, "write") == 0 && argc == 4)
		rc = xenbus_write(XS_NO_TX, path, NULL, argv[3]);
	else if (strcmp(op, "rm") == 0)
		rc = xenbus_rm(XS_NO_TX, path, NULL);
	else if (strcmp(op, "mkdir") == 0)
		rc = xenbus_mkdir(XS_NO_TX, path, NULL);
	else
		return usage();
	return rc == 0 ? 0 : complain(path, rc);
}
SHELL_COMMAND("xenstore", cmd_xenstore, "ls|list|read|write|rm|mkdir|watch ... - the store");
