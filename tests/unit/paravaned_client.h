/* SPDX-License-Identifier: MIT */
/*
 * A paravaned of a test's own and a client that speaks <paravane/machine.h> without our
 * libraries, so that a test can also say what no library would.
 */
#ifndef PARAVANED_CLIENT_TEST_H
#define PARAVANED_CLIENT_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <paravane/machine.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/memory.h>
#include <xen/sysctl.h>

#define TEST_BUF_VA	0x10000000UL
#define TEST_BUF_BYTES	(4UL << 20)

struct test_client {
	int fd;
	uint32_t seq;
	uint8_t *buf;		/* the hypercall buffer, registered at TEST_BUF_VA */
	int buf_fd;
};

/* A message as it travels. */
struct test_msg {
	struct pvn_msg head;
	uint8_t body[PVN_MSG_MAX];
	int fd[4];
	int nr_fds;
};

/* Start one in a run directory of its own (argument: image to run as domains, NULL: none), and
 * end it.  Both fail the test when they cannot. */
void machine_start(const char *image);
void machine_end(void);
const char *machine_rundir(void);

void test_connect(struct test_client *c);	/* greeted, with a buffer */
int test_connect_raw(void);			/* just the socket */
void test_close(struct test_client *c);

/* Send op with a body and fd (-1: none). */
void test_send(int fd, uint32_t op, uint32_t seq, const void *body, uint32_t len, int pass_fd);
/* Receive: bytes, 0 at EOF; waits at most 10 s. */
ssize_t test_recv(int fd, struct test_msg *m);
/* Send and wait for the reply; unasked messages before it are dropped.  head.ret. */
int test_call(struct test_client *c, uint32_t op, const void *body, uint32_t len, int pass_fd,
	      struct test_msg *reply);
/* Wait for an unasked message of kind op: true and m. */
bool test_event(struct test_client *c, uint32_t op, struct test_msg *m);

int64_t test_hypercall(struct test_client *c, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2);
/* With the argument bounced through the buffer at TEST_BUF_VA. */
int64_t test_domctl(struct test_client *c, struct xen_domctl *op);
int64_t test_sysctl(struct test_client *c, struct xen_sysctl *op);

/* A paused domain of so many MiB, populated; its id. */
domid_t test_domain(struct test_client *c, uint64_t mib);
/* One vCPU context that passes: the domain can be unpaused. */
int64_t test_context(struct test_client *c, domid_t domid);
void test_map(struct test_client *c, domid_t domid, struct pvn_msg_domain_map *map, uint8_t **mem,
	      uint8_t **shared);

#endif
