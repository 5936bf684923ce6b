/* SPDX-License-Identifier: MIT */
/*
 * The saved configuration of a domain: RUNDIR/userdata/d.DOMID.UUID.xl, the text it was made
 * from.  `xl list -l' and the monitor read it, `xl config-update' replaces it.
 */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <paravane/rundir.h>
#include "toolstack/lib/toolstack.h"

static int userdata_path(char *path, size_t size, uint32_t domid, const uuid_t uuid,
			 const char *suffix)
{
	char name[96], text[UUID_STR_LEN];

	uuid_unparse_lower(uuid, text);
	snprintf(name, sizeof(name), "userdata/d.%u.%s.xl%s", domid, text, suffix);
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

int userdata_save(struct toolstack *t, uint32_t domid, const uuid_t uuid,
		  const struct domain_config *c)
{
	char dir[PATH_MAX], path[PATH_MAX], temp[PATH_MAX];
	int fd = -1, ret;

	ret = pvn_runpath(dir, sizeof(dir), "userdata");
	if (!ret && mkdir(dir, 0700) && errno != EEXIST)
		ret = -errno;
	if (!ret)
		ret = userdata_path(path, sizeof(path), domid, uuid, "");
	if (!ret)
		ret = userdata_path(temp, sizeof(temp), domid, uuid, ".new");
	if (!ret) {
		fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		ret = fd < 0 ? -errno : write_all(fd, c->text, c->text_len);
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

int userdata_load(struct toolstack *t, uint32_t domid, const uuid_t uuid, struct domain_config *c)
{
	char path[PATH_MAX], *error = NULL;
	int ret = userdata_path(path, sizeof(path), domid, uuid, "");

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
	char path[PATH_MAX];

	if (!userdata_path(path, sizeof(path), domid, uuid, ""))
		unlink(path);
}
