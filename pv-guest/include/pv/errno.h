/* SPDX-License-Identifier: MIT */
/* Error numbers: Xen's public ones, by their usual names (their values are Linux's). */
#ifndef PV_ERRNO_H
#define PV_ERRNO_H

#if __STDC_HOSTED__
#include <errno.h>
#else
enum {
#define XEN_ERRNO(name, value) name = value,
#include <xen/errno.h>
	/* Not in Xen's public list; Linux's values. */
	EINTR = 4,
	ENOTTY = 25,
	EFBIG = 27,
	ESPIPE = 29,
	EPIPE = 32,
	ELOOP = 40,
	ELIBBAD = 80,
	EHOSTUNREACH = 113,
	EUCLEAN = 117,
};
#endif

/* "No such file or directory" for 2 or -2; never NULL. */
const char *error_text(int err);

#endif
