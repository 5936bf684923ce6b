/* SPDX-License-Identifier: MIT */
/* The Unix socket of the store: clients of the control domain. */
#ifndef XENSTORED_SOCKET_H
#define XENSTORED_SOCKET_H

#include <stdint.h>

struct pvn_loop;
struct store;
struct store_socket;

/* Listen at path (mode 0600; a stale socket is replaced, a live one is -EADDRINUSE). 0 or -errno. */
int socket_listen(struct pvn_loop *loop, struct store *s, const char *path, struct store_socket **l);
void socket_close(struct store_socket *l);	/* and remove it */

#endif
