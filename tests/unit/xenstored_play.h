/* SPDX-License-Identifier: MIT */
/*
 * A play on the core of xenstored: tables of who asks what and what he gets.
 *
 * In bodies and replies '|' stands for NUL.  who is a domid; its connection is made when it
 * first speaks.  DOM0B is a second client of the control domain.  An op that ends in '+' is in
 * the transaction that who has started last ("START" remembers it).  Pseudo operations:
 *   START       TRANSACTION_START, whose id is kept instead of compared
 *   EVENTS      what has come since last asked: "path|token| path|token|"
 *   INTRODUCED  nothing is sent: the domain exists and is introduced by dom0
 *   QUOTA       "name=value", of the store
 *   SHUTDOWN, DEATH, BIRTH  of domain who; then xenstored asks the machine, as on VIRQ_DOM_EXC
 */
#ifndef XENSTORED_PLAY_H
#define XENSTORED_PLAY_H

#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/store.h"

#define DOM0B	1000

struct step {
	unsigned who;
	const char *op;
	const char *body;
	const char *want;	/* NULL: anything but silence */
};

struct play;

struct play *play_new(void);
void play_free(struct play *p);
struct store *play_store(struct play *p);
struct conn *play_conn(struct play *p, unsigned who);
/* One request, the reply in the notation above; valid until the next one. */
const char *play_ask(struct play *p, unsigned who, const char *op, const char *body);
/* Raw bytes from who; replies are kept for play_ask()'s taking or thrown away. */
void play_raw(struct play *p, unsigned who, const void *data, size_t len);
void play_steps(struct play *p, const struct step *steps, size_t nr);
uint64_t *play_clock(struct play *p);

/* The whole test: a store of its own, the steps, and the store's self-check at the end. */
void play(const struct step *steps, size_t nr);
#define PLAY(steps) play(steps, sizeof(steps) / sizeof((steps)[0]))

#endif
