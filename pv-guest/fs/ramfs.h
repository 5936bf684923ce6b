/* SPDX-License-Identifier: MIT */
/* What the initrd unpacker knows of ramfs beyond the VFS. */
#ifndef PV_RAMFS_H
#define PV_RAMFS_H

#include "vfs_fs.h"

/* An empty file of a ramfs gets these contents without a copy; data stays valid for ever.
 * -EINVAL for a file of another file system. */
int ramfs_borrow(struct file *f, const void *data, size_t n);

#endif
