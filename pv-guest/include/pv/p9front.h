/* SPDX-License-Identifier: MIT */
/*
 * p9front: the transport of 9P messages to the backend of a shared directory (device/9pfs/ID).
 *
 * Thread context. The backend is not trusted: the size of an answer is checked before its bytes are
 * copied, and what they say is the caller's to check.
 */
#ifndef PV_P9FRONT_H
#define PV_P9FRONT_H

#include <pv/types.h>

struct p9front;

/* The device whose tag is this, for one user alone. 0, -ENXIO: there is none, -EBUSY: it is used. */
int p9front_open(const char *tag, struct p9front **out);
void p9front_close(struct p9front *fe);
/* Most bytes of a message, in either direction. */
uint32_t p9front_msize(const struct p9front *fe);
/*
 * Send head and then data (NULL: nothing) as one message, and wait for the answer, whose first max bytes
 * go to answer. Length of the answer, at most max; -EIO: the backend has gone, does not answer within a
 * minute, or breaks the rules; then it is not asked again.
 */
int64_t p9front_call(struct p9front *fe, const void *head, size_t n, const void *data, size_t data_n,
		     void *answer, size_t max);

#endif
