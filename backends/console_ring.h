/* SPDX-License-Identifier: MIT */
/* The console ring of a domain, from the daemon's side. */
#ifndef PVN_BACKENDS_CONSOLE_RING_H
#define PVN_BACKENDS_CONSOLE_RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xen/io/console.h>

/* Take at most n bytes of output.  Bytes taken; -EPROTO: the indexes make no sense (just now). */
ssize_t console_ring_take(struct xencons_interface *intf, void *buf, size_t n);

/* Output that waits, at most a ringful; 0 too if the indexes make no sense. */
size_t console_ring_waiting(const struct xencons_interface *intf);

/* Room for input, in bytes; 0 too if the indexes make no sense. */
size_t console_ring_room(const struct xencons_interface *intf);

/* Put input there.  Bytes put, at most the room. */
size_t console_ring_put(struct xencons_interface *intf, const void *buf, size_t n);

#endif
