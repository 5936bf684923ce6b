/* SPDX-License-Identifier: MIT */
/* Inside of libs/ctl. */
#ifndef PVN_CTL_PRIVATE_H
#define PVN_CTL_PRIVATE_H

#include "libs/ctl/ctl.h"

#include <xencall.h>

struct pvn_ctl {
	xencall_handle *xcall;
	void *bounce;		/* PVN_CTL_BOUNCE bytes, for the arguments of one call */
};

#define PVN_CTL_BOUNCE	4096

/* A domctl on domid with nothing else in it. */
#define PVN_DOMCTL(command, id) { .cmd = (command), .domain = (domid_t)(id) }

#endif
