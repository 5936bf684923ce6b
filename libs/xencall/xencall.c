/* SPDX-License-Identifier: MIT */
/*
 * libxencall: hypercalls of the control domain, one round trip to paravaned each.
 * The interface is <xencall.h>; programs written for Xen's library run with this one.
 */
#include "config.h"
#include <xencall.h>

#include "libs/client/handle.h"
#include "libs/xencall/private.h"

#include <stdlib.h>
#include <unistd.h>

xencall_handle *xencall_open(struct xentoollog_logger *logger, unsigned open_flags)
{
	xencall_handle *h;
	int rc = -EINVAL;

	/* Non-reentrant is only a promise of the caller: the lock it would save is cheap. */
	if (open_flags & ~XENCALL_OPENFLAG_NON_REENTRANT)
		return pvn_errno_null(rc);
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	rc = pvn_conn_open(&h->conn);
	if (rc) {
		pvn_handle_log(logger, rc, "xencall", "cannot connect to paravaned");
		free(h);
		return pvn_errno_null(rc);
	}
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

int xencall_close(xencall_handle *h)
{
	if (!h)
		return 0;
	/* The arenas are not in a forked child (MADV_DONTFORK). */
	if (h->conn.pid == getpid())
		arena_free_all(h);
	pvn_conn_close(&h->conn);
	pthread_mutex_destroy(&h->lock);
	free(h);
	return 0;
}

int xencall_fd(xencall_handle *h)
{
	return h->conn.fd;
}

static long hypercall(xencall_handle *h, struct pvn_msg_hypercall call)
{
	struct pvn_msg_ret r;
	int rc;

	pthread_mutex_lock(&h->lock);
	rc = pvn_conn_call(&h->conn, PVN_MSG_HYPERCALL, &call, sizeof(call), &r, sizeof(r));
	pthread_mutex_unlock(&h->lock);
	if (rc < 0)
		return pvn_errno(rc);
	/* Xen's errno values are the ones of Linux on x86. */
	if (r.ret < 0) {
		errno = (int)-r.ret;
		return -1;
	}
	return (long)r.ret;
}

int xencall0(xencall_handle *h, unsigned int op)
{
	return (int)hypercall(h, (struct pvn_msg_hypercall){ .nr = op });
}

int xencall1(xencall_handle *h, unsigned int op, uint64_t a1)
{
	return (int)hypercall(h, (struct pvn_msg_hypercall){ .nr = op, .a = { a1 } });
}

long xencall2L(xencall_handle *h, unsigned int op, uint64_t a1, uint64_t a2)
{
	return hypercall(h, (struct pvn_msg_hypercall){ .nr = op, .a = { a1, a2 } });
}

int xencall2(xencall_handle *h, unsigned int op, uint64_t a1, uint64_t a2)
{
	return (int)xencall2L(h, op, a1, a2);
}

int xencall3(xencall_handle *h, unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return (int)hypercall(h, (struct pvn_msg_hypercall){ .nr = op, .a = { a1, a2, a3 } });
}

int xencall4(xencall_handle *h, unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	return (int)hypercall(h, (struct pvn_msg_hypercall){ .nr = op, .a = { a1, a2, a3, a4 } });
}

int xencall5(xencall_handle *h, unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
	     uint64_t a5)
{
	return (int)hypercall(h, (struct pvn_msg_hypercall){ .nr = op, .a = { a1, a2, a3, a4, a5 } });
}
