/* SPDX-License-Identifier: MIT */
/* What an event of the handle's epoll descriptor is about. */
#ifndef XENEVTCHN_EPOLL_NAMES_H
#define XENEVTCHN_EPOLL_NAMES_H

#include <stdint.h>

#define EPOLL_NAME_CONN	UINT64_MAX
#define EPOLL_NAME_KICK	(UINT64_MAX - 1)

/* Else a link: slot and generation. */
static inline uint64_t epoll_name_link(uint32_t slot, uint32_t generation)
{
	return (uint64_t)generation << 32 | slot;
}

#endif
