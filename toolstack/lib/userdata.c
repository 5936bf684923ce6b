/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a running domain in RUNDIR/userdata:
 *   d.DOMID.UUID.xl     the text it was made from.  `xl list -l' and the monitor read it, `xl
 *                       config-update' replaces it;
 *   d.DOMID.UUID.rings  where its rings are and what it is called now, one line.  Read when a store
 *                       has to be filled anew (restore.c).
 */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <paravane/rundir.h>
#include "toolstack/lib/layout.h"

static int userdata_path(char *path, size_t size, uint32_t domid, const uuid_t uuid,
			 const char *suffix)
{
	char name[96], text[UUID_STR_LEN];

	uuid_unparse_lower(uuid, text);
	snprintf(name, sizeof(name), "userdata/d.%u.%s.%s", domid, text, suffix);
	return pvn_runpath(path, size, name);
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	for (; len; data += n, len -= n) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
	}
	return 0;
}

/* Replace one file; it is never seen half written. */
static int save(struct toolstack *t, uint32_t domid, const uuid_t uuid, const char *suffix,
		struct iovec data)
{
	char dir[PATH_MAX], path[PATH_MAX], temp[PATH_MAX + 8];
	int fd = -1, ret;

	ret = pvn_runpath(dir, sizeof(dir), "userdata");
	if (!ret && mkdir(dir, 0700) && errno != EEXIST)
		ret = -errno;
	if (!ret)
		ret = userdata_path(path, sizeof(path), domid, uuid, suffix);
	if (!ret) {
		snprintf(temp, sizeof(temp), "%s.new", path);
		fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		ret = fd < 0 ? -errno : write_all(fd, data.iov_base, data.iov_len);
	}
	if (fd >= 0 && close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(temp, path))
		ret = -errno;
	if (!ret)
		return 0;
	if (fd >= 0)
		unlink(temp);
	return ts_fail(t, ret, "%s: cannot save the configuration: %s", dir, strerror(-ret));
}

int userdata_save(struct toolstack *t, uint32_t domid, const uuid_t uuid,
		  const struct domain_config *c)
{
	return save(t, domid, uuid, "xl", (struct iovec){c->text, c->text_len});
}

int userdata_save_rings(struct toolstack *t, uint32_t domid, const uuid_t uuid, const char *name,
			const struct layout_rings *r)
{
	char line[CFG_NAME_MAX + 100];
	int n = snprintf(line, sizeof(line), "%u %" PRIu64 " %u %" PRIu64 " %.*s\n", r->store_port,
			 r->store_mfn, r->console_port, r->console_mfn, CFG_NAME_MAX, name);

	return save(t, domid, uuid, "rings", (struct iovec){line, n});
}

int userdata_load_rings(uint32_t domid, const uuid_t uuid, char **name, struct layout_rings *r)
{
	char path[PATH_MAX];
	int n, ret = userdata_path(path, sizeof(path), domid, uuid, "rings");
	FILE *f = ret ? NULL : fopen(path, "re");

	if (!f)
		return ret ? ret : -errno;
	n = fscanf(f, "%u %" SCNu64 " %u %" SCNu64 " %ms", &r->store_port, &r->store_mfn,
		   &r->console_port, &r->console_mfn, name);
	fclose(f);
	return n == 5 ? 0 : -EINVAL;
}

int userdata_load(struct toolstack *t, uint32_t domid, const uuid_t uuid, struct domain_config *c)
{
	char path[PATH_MAX], *error = NULL;
	int ret = userdata_path(path, sizeof(path), domid, uuid, "xl");

	if (!ret)
		ret = domain_config_load(c, path, NULL, 0, &error);
	if (ret)
		ts_fail(t, ret, "%s", error ? error : "no saved configuration");
	else
		uuid_copy(c->uuid, uuid);
	free(error);
	return ret;
}

void userdata_remove(uint32_t domid, const uuid_t uuid)
{
	static const char *const suffixes[] = {"xl", "rings"};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (!userdata_path(path, sizeof(path), domid, uuid, suffixes[i]))
			unlink(path);
}
