/* SPDX-License-Identifier: MIT */
/* Inside of libxenforeignmemory. */
#ifndef XENFOREIGNMEMORY_PRIVATE_H
#define XENFOREIGNMEMORY_PRIVATE_H

#include "libs/client/client.h"

struct xenforeignmemory_handle {
	struct pvn_client *client;
};

struct xenforeignmemory_resource_handle {
	void *addr;
	size_t bytes;
};

/* Address space for pages, as mmap(addr, ..., flags) would choose it; MAP_FAILED and errno. */
void *foreign_reserve(void *addr, size_t pages, int flags);

#endif
