/* SPDX-License-Identifier: MIT */
/* What the backend and its opener say to each other, over a SOCK_SEQPACKET pair. */
#ifndef PVN_BACKENDS_BLK_OPENER_PRIVATE_H
#define PVN_BACKENDS_BLK_OPENER_PRIVATE_H

#include "backends/blk_opener.h"

#define OPENER_FDS	4	/* image.fd, image.direct_fd, sock, lifetime: those that are >= 0 */

struct opener_request {
	int64_t number;
	uint32_t domid, devid;
	bool allow_direct;
	bool supervise;		/* with a descriptor: the sandbox's questions */
};

struct opener_reply {
	int64_t number;
	int32_t rc;
	struct blk_opened opened;
};

/* blk_opener_serve.c: the opener's life; ends with the other end of sock. */
void __attribute__((noreturn)) opener_serve(int sock);

#endif
