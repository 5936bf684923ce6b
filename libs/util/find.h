/* SPDX-License-Identifier: MIT */
/* Where Paravane's own programs are: the build tree first, then the installed places. */
#ifndef PVN_UTIL_FIND_H
#define PVN_UTIL_FIND_H

#include <stddef.h>

/*
 * Absolute path of the program called name ("paravaned", "xenstored", "xenconsoled",
 * "paravane-blkback", "xl", "paravane-hv", "pv-guest") into buf of n bytes.
 * 0; -ENOENT: there is none; -ENAMETOOLONG: buf is too small.
 */
int pvn_find_program(char *buf, size_t n, const char *name);

#endif
