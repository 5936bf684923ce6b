/* SPDX-License-Identifier: MIT */
/*
 * A medium that is reached by messages instead of file descriptors of ours, such as NBD.
 *
 * Files and block devices need none of this: blk_exec.c and blk_uring.c serve them, and
 * blk_image.medium is NULL.  A medium is a file with a struct blk_medium_ops.
 */
#ifndef PVN_BACKENDS_BLK_MEDIUM_H
#define PVN_BACKENDS_BLK_MEDIUM_H

struct blk_medium;
struct blk_request;

struct blk_medium_ops {
	const char *name;	/* for the log: "NBD" */

	/*
	 * Begin what the phase of req asks for: a flush, or in BLK_DATA the transfer of its runs
	 * or a discard.  0: blk_exec_io_done(req, bytes or -errno) follows, never from inside of
	 * this call; or -errno: nothing was begun.  Fewer bytes than asked for are fine.
	 */
	int (*queue)(struct blk_medium *m, struct blk_request *req);

	/* Take what has arrived, without waiting: for who cannot run the loop. */
	void (*poll)(struct blk_medium *m);

	/* Nobody waits for the answers any more: all in flight ends within some seconds. */
	void (*abandon)(struct blk_medium *m);

	/* Nothing is in flight. */
	void (*close)(struct blk_medium *m);
};

/* The first member of a medium's own structure. */
struct blk_medium {
	const struct blk_medium_ops *ops;
};

#endif
