/* SPDX-License-Identifier: MIT */
/*
 * What the image asks of the machine, and how a domain ends.
 */
#include <stdarg.h>
#include <hv/guest.h>
#include <hv/platform.h>

static struct pvn_request request;

int64_t machine_call(struct pvn_request *q, struct pvn_reply *r)
{
	static uint32_t seq;
	int rc;

	q->vcpu = vcpu.id;
	q->seq = ++seq;
	rc = platform_machine(q, r);
	if (rc)
		return -XEN_EIO;
	return r ? r->ret : 0;
}

int64_t machine_call1(uint32_t op, uint64_t a0, uint64_t a1)
{
	static struct pvn_reply reply;

	request.op = op;
	request.a[0] = a0;
	request.a[1] = a1;
	request.len = 0;
	return machine_call(&request, &reply);
}

static void send_text(uint32_t op, const char *bytes, size_t n)
{
	request.op = op;
	request.len = n < PVN_DATA_MAX ? (uint32_t)n : PVN_DATA_MAX;
	memcpy(request.data, bytes, request.len);
	machine_call(&request, NULL);
}

/* Which error a domain that may not be touched gives: ESRCH or EPERM. */
int domain_exists(domid_t domid)
{
	return domid == header.domid || machine_call1(PVN_REQ_DOMAIN, domid, 0) == 0;
}

void machine_console(const char *bytes, size_t n)
{
	while (n) {
		size_t part = n < PVN_DATA_MAX ? n : PVN_DATA_MAX;

		send_text(PVN_REQ_CONSOLE_WRITE, bytes, part);
		bytes += part;
		n -= part;
	}
}

int hv_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);

void machine_log(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	hv_vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	send_text(PVN_REQ_LOG, line, strlen(line));
}

void domain_shutdown(uint32_t reason)
{
	request.op = PVN_REQ_SHUTDOWN;
	request.a[0] = reason;
	request.len = 0;
	machine_call(&request, NULL);
	platform_stop();
}

void domain_crash(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	hv_vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	header.crashed = 1;
	send_text(PVN_REQ_CRASH, line, strlen(line));
	platform_stop();
}
