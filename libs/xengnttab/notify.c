/* SPDX-License-Identifier: MIT */
/*
 * The event at the end of a mapping made with a notification.  The port belongs to some event
 * channel handle of the process, which this library does not know: it is sent on by
 * hypercall, as the kernel's driver does.
 */
#include "config.h"
#include "libs/xengnttab/private.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/event_channel.h>

/* A page that paravaned can read the argument from. */
static struct evtchn_send *page_add(struct pvn_client *c)
{
	struct pvn_request_args a = { .op = PVN_MSG_BUFFER_ADD };
	struct pvn_msg_buffer body = { .bytes = PVN_PAGE_SIZE };
	int fd = memfd_create("paravane-notify", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *p = MAP_FAILED;

	if (fd < 0)
		return NULL;
	if (ftruncate(fd, (off_t)PVN_PAGE_SIZE) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0)
		p = mmap(NULL, PVN_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED) {
		body.addr = (uintptr_t)p;
		a.body = &body;
		a.len = sizeof(body);
		a.send_fd = fd;
		if (pvn_conn_request(&c->conn, &a) < 0) {
			munmap(p, PVN_PAGE_SIZE);
			p = MAP_FAILED;
		}
	}
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* A port that is closed by now has nobody who listens: the answer does not matter. */
void notify_send(struct pvn_client *c, uint32_t port)
{
	struct evtchn_send *arg = page_add(c);
	struct pvn_msg_hypercall call = { .nr = __HYPERVISOR_event_channel_op };
	struct pvn_msg_buffer body = { .addr = (uintptr_t)arg, .bytes = PVN_PAGE_SIZE };
	struct pvn_msg_ret ret;

	if (!arg)
		return;
	arg->port = port;
	call.a[0] = EVTCHNOP_send;
	call.a[1] = (uintptr_t)arg;
	pvn_conn_call(&c->conn, PVN_MSG_HYPERCALL, &call, sizeof(call), &ret, sizeof(ret));
	pvn_conn_call(&c->conn, PVN_MSG_BUFFER_DEL, &body, sizeof(body), NULL, 0);
	munmap(arg, PVN_PAGE_SIZE);
}
