/* SPDX-License-Identifier: MIT */
/* An initrd: cpio archives of the newc format, one after another. */
#ifndef PV_CPIO_H
#define PV_CPIO_H

#include <pv/types.h>

/* Makes the archive's files below /, which is mounted. data stays where it is for ever: files
 * on a ramfs refer to it.  0, -EINVAL (not an archive, or cut off), or the error of the file
 * system; what was made by then stays. */
int cpio_unpack(const void *data, size_t bytes);

#endif
