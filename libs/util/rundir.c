/* SPDX-License-Identifier: MIT */
/*
 * Where things are at run time: the one rule of include/paravane/rundir.h.
 *
 * Called by every program and by the libraries.  Trusts the environment (it is the user's
 * own), but not a directory under /tmp that somebody else made first.
 */
#include "config.h"
#include <paravane/rundir.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Make path unless it is there; it must be a directory of ours, or root's when we are root. */
static int dir_make(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (lstat(path, &st) != 0)
		return -errno;
	if (S_ISLNK(st.st_mode) && stat(path, &st) != 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (st.st_uid != geteuid() && geteuid() != 0)
		return -EPERM;
	return 0;
}

static int rundir_choose(char *buf, size_t size)
{
	const char *env = getenv("PARAVANE_RUNDIR"), *xdg = getenv("XDG_RUNTIME_DIR");
	int n;

	if (env && *env && *env != '/')
		return -EINVAL; /* daemons have no working directory to be relative to */
	if (env && *env)
		n = snprintf(buf, size, "%s", env);
	else if (geteuid() == 0)
		n = snprintf(buf, size, "/run/paravane");
	else if (xdg && *xdg)
		n = snprintf(buf, size, "%s/paravane", xdg);
	else
		n = snprintf(buf, size, "/tmp/paravane-%u", (unsigned)geteuid());
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

const char *pvn_rundir(void)
{
	static char dir[PATH_MAX];
	static int known;
	char path[PATH_MAX];
	int rc;

	if (__atomic_load_n(&known, __ATOMIC_ACQUIRE))
		return dir;
	rc = rundir_choose(path, sizeof(path));
	if (!rc)
		rc = dir_make(path);
	if (rc) {
		errno = -rc;
		return NULL;
	}
	/* Two threads write the same bytes here: harmless. */
	memcpy(dir, path, strlen(path) + 1);
	__atomic_store_n(&known, 1, __ATOMIC_RELEASE);
	return dir;
}

int pvn_runpath(char *buf, size_t size, const char *name)
{
	const char *dir = pvn_rundir();
	int n;

	if (!dir)
		return -errno;
	n = snprintf(buf, size, "%s/%s", dir, name);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int pvn_store_path(char *buf, size_t size)
{
	const char *run = getenv("PARAVANE_RUNDIR");
	int n;

	if (geteuid() == 0 && !(run && *run))
		n = snprintf(buf, size, "/run/xenstored/socket");
	else
		return pvn_runpath(buf, size, "xenstored/socket");
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int pvn_store_setenv(void)
{
	char path[PATH_MAX];
	int rc = pvn_store_path(path, sizeof(path));

	if (rc)
		return rc;
	return setenv("XENSTORED_PATH", path, 1) ? -errno : 0;
}
