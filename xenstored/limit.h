/* SPDX-License-Identifier: MIT */
/* The write-rate limit: a domain may not keep other people's transactions from ever committing. */
#ifndef XENSTORED_LIMIT_H
#define XENSTORED_LIMIT_H

#include <stdint.h>

struct conn;

/* How long no request of c is to be read, in ns; 0: now. */
uint64_t limit_wait_ns(struct conn *c);
/* c has changed the store's tree. */
void limit_note_write(struct conn *c);

#endif
