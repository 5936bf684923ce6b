/* SPDX-License-Identifier: MIT */
/* Images, trees to put on them, and the host's opinion of them. */
#ifndef GUESTFS_IMAGE_H
#define GUESTFS_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

/* A directory of our own below TMPDIR, removed by image_cleanup. */
const char *image_dir(void);
void image_cleanup(void);
/* path inside it, in a static buffer of several. */
const char *image_path(const char *name);

/* A tree with everything a file system can get wrong: image_path(name). */
const char *image_tree(const char *name);

/* mke2fs of stock: image_path(name). tree may be NULL. options: more words for mke2fs. */
const char *image_make(const char *name, unsigned kib, unsigned block_size, const char *tree,
		       const char *options);
/* e2fsck -fn; 0 if it found nothing, else its output is printed. */
int image_check(const char *path);
/* Runs a shell command made with printf; its exit status. */
int image_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Everything below host directory `dir` is below guest path `at`, and nothing else: names, types,
 * modes, sizes, contents, links, times. Number of differences, each printed. */
extern bool image_compare_times;	/* times, too: on unless a test turns it off */
int image_compare(const char *dir, const char *at);

#endif
