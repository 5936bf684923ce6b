/* SPDX-License-Identifier: MIT */
/* Paths of clients: what is allowed, and the absolute form. */
#ifndef XENSTORED_PATH_H
#define XENSTORED_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

struct conn;

typedef char path_buf[XENSTORE_ABS_PATH_MAX + 1];

/*
 * The absolute form of arg into out.  special: "@name" is allowed, too.  0, or -EINVAL: empty,
 * too long, doubled or trailing slash, a character outside of A-Za-z0-9-/_@ (rule: xenstore
 * protocol, paths), or longer than the quota of the domain.
 */
int path_canonical(const struct conn *c, const char *arg, bool special, path_buf out);

/* Length of the parent's path of path: 0 for children of "/". */
size_t path_parent_len(const char *path);

#endif
