/* SPDX-License-Identifier: MIT */
/*
 * Small things the four libraries have in common: errors for libc-style callers, and words for
 * a caller's logger.
 *
 * The handles are not registered with libxentoolcore: xentoolcore_restrict_all() promises that they
 * can then affect one domain only, which is for the far side of the connection to enforce, and
 * paravaned has no such mode; a handle that is not registered makes no such promise.
 */
#ifndef PVN_CLIENT_HANDLE_H
#define PVN_CLIENT_HANDLE_H

#include <errno.h>
#include <xentoollog.h>

/* Only a program that has libxentoollog can have a logger: no need to bring the library in. */
#pragma weak xtl_log

/* rc < 0: errno = -rc, -1.  Else rc. */
static inline int pvn_errno(int rc)
{
	if (rc >= 0)
		return rc;
	errno = -rc;
	return -1;
}

/* errno = -rc, NULL. */
static inline void *pvn_errno_null(int rc)
{
	errno = -rc;
	return NULL;
}

/* xtl_log is absent unless the program has it; a NULL logger asked for nothing. */
static inline void pvn_handle_log(struct xentoollog_logger *logger, int rc, const char *who,
				  const char *what)
{
	if (logger && xtl_log)
		xtl_log(logger, XTL_ERROR, -rc, who, "%s", what);
}

#endif
