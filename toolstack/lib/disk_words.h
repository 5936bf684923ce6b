/* SPDX-License-Identifier: MIT */
/* Words of a disk specification that libxlutil's parser does not know, or leaves to us. */
#ifndef PARAVANE_DISK_WORDS_H
#define PARAVANE_DISK_WORDS_H

#include <stddef.h>

#include <libxlutil.h>

/*
 * Formats that have come since: vmdk, vhdx and vdi.  If one stands where a format does, a copy of the
 * parts that says qcow2 there comes out, to be freed as one block, and *format is the word; else NULL.
 */
char **disk_words_newer_format(int nr, const char *const *parts, const char **format);

/* The format's name in the store, in lists and in saved configurations. NULL: an empty drive. */
const char *disk_format_name(libxl_disk_format format);

/*
 * The target as the backend takes it: an absolute path, or the place of an NBD server.  *target is to
 * be freed.  NULL, or what is wrong.
 */
const char *disk_target(const libxl_device_disk *d, char **target);

/* `nbd:' before a target is read as a script of that name, which is a place of an NBD server here. */
int disk_script_is_nbd(const libxl_device_disk *d);

#endif
