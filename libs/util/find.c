/* SPDX-License-Identifier: MIT */
/*
 * Finds Paravane's programs: in the build tree the running program belongs to, beside the
 * running program as installed (so a DESTDIR works), then where configure said.
 */
#include "config.h"
#include "libs/util/find.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Programs that are not where their folder's name says. */
static const struct {
	const char *name, *dir;
} build_places[] = {
	{ "paravaned", "paravaned" },	{ "xenstored", "xenstored" },
	{ "xenconsoled", "backends" },	{ "paravane-blkback", "backends" },
	{ "paravane-netback", "backends" },	{ "paravane-9pfsd", "backends" },
	{ "xl", "toolstack" },		{ "paravane-hv", "hv" },
	{ "pv-guest", "pv-guest" },
};

/* Below the prefix that the running program is installed under. */
static const char *const prefix_dirs[] = {
	"sbin", "bin", "libexec/paravane", "share/paravane", "lib/paravane",
};

static const char *const installed_dirs[] = {
	PVN_SBINDIR, PVN_BINDIR, PVN_LIBEXECDIR, PVN_DATADIR,
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* 0 if dir/sub/name is a file that can be read. */
static int try_place(char *buf, size_t n, const char *dir, const char *sub, const char *name)
{
	int len = snprintf(buf, n, "%s/%s%s%s", dir, sub, *sub ? "/" : "", name);

	if (len < 0 || (size_t)len >= n)
		return -ENAMETOOLONG;
	return access(buf, R_OK) == 0 ? 0 : -ENOENT;
}

/* Cut the last component off path; false when there is none left. */
static int path_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	*slash = 0;
	return 1;
}

static int find_in_build_tree(char *buf, size_t n, const char *self, const char *name)
{
	char dir[PATH_MAX], marker[PATH_MAX];
	size_t i;

	memcpy(dir, self, strlen(self) + 1);
	while (path_up(dir)) {
		if (try_place(marker, sizeof(marker), dir, "", ".paravane-build"))
			continue;
		for (i = 0; i < COUNT(build_places); i++)
			if (!strcmp(build_places[i].name, name))
				return try_place(buf, n, dir, build_places[i].dir, name);
		return -ENOENT;
	}
	return -ENOENT;
}

static int find_installed(char *buf, size_t n, char *self, const char *name)
{
	size_t i;
	int rc;

	if (path_up(self) && path_up(self)) {
		for (i = 0; i < COUNT(prefix_dirs); i++) {
			rc = try_place(buf, n, self, prefix_dirs[i], name);
			if (rc != -ENOENT)
				return rc;
		}
	}
	for (i = 0; i < COUNT(installed_dirs); i++) {
		rc = try_place(buf, n, installed_dirs[i], "", name);
		if (rc != -ENOENT)
			return rc;
	}
	return -ENOENT;
}

int pvn_find_program(char *buf, size_t n, const char *name)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int rc;

	if (len < 0)
		len = 0;
	self[len] = 0;
	rc = find_in_build_tree(buf, n, self, name);
	if (rc == -ENOENT)
		rc = find_installed(buf, n, self, name);
	return rc;
}
