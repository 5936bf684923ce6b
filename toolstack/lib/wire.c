/* SPDX-License-Identifier: MIT */
/*
 * Requests to the store, many at once; see wire.h.  The store is the control domain's own and
 * trusted, its answers are checked for their form all the same.
 */
#include "config.h"
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>
#include <paravane/rundir.h>
#include "toolstack/lib/wire.h"

int wire_connect(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, ret = pvn_store_path(addr.sun_path, sizeof(addr.sun_path));

	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

void wire_add(struct wire *w, uint32_t type, uint32_t tx, const void *a, size_t a_len,
	      const void *b, size_t b_len)
{
	size_t need = sizeof(struct xsd_sockmsg) + a_len + b_len;
	struct xsd_sockmsg head = {.type = type, .req_id = w->nr, .tx_id = tx, .len = a_len + b_len};
	char *data;

	if (a_len + b_len > XENSTORE_PAYLOAD_MAX)
		w->failed = -E2BIG;
	if (w->failed)
		return;
	if (w->len + need > w->room) {
		data = realloc(w->data, (w->room + need) * 2);
		if (!data) {
			w->failed = -ENOMEM;
			return;
		}
		w->data = data;
		w->room = (w->room + need) * 2;
	}
	memcpy(w->data + w->len, &head, sizeof(head));
	if (a_len)
		memcpy(w->data + w->len + sizeof(head), a, a_len);
	if (b_len)
		memcpy(w->data + w->len + sizeof(head) + a_len, b, b_len);
	w->len += need;
	w->nr++;
}

/* Answers as they come in. */
struct answers {
	char data[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX + 1];
	size_t len;
	unsigned int nr;	/* complete ones so far */
	int err;		/* the first failure */
	wire_answer *fn;
	void *arg;
};

static int error_number(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (!strcmp(xsd_errors[i].errstring, name))
			return -xsd_errors[i].errnum;
	return -EIO;
}

static void give_answer(struct answers *in, const struct xsd_sockmsg *head)
{
	char *value = in->data + sizeof(*head), kept = value[head->len];
	int err;

	value[head->len] = 0;
	err = head->type == XS_ERROR ? error_number(value) : 0;
	if (in->fn)
		err = in->fn(in->arg, in->nr, err, value);
	if (err < 0 && !in->err)
		in->err = err;
	value[head->len] = kept;
}

/* Take the complete answers off the front. */
static int take_answers(struct answers *in)
{
	struct xsd_sockmsg head;
	size_t used;

	while (in->len >= sizeof(head)) {
		memcpy(&head, in->data, sizeof(head));
		if (head.len > XENSTORE_PAYLOAD_MAX || head.req_id != in->nr)
			return -EPROTO;
		used = sizeof(head) + head.len;
		if (in->len < used)
			break;
		give_answer(in, &head);
		in->nr++;
		memmove(in->data, in->data + used, in->len - used);
		in->len -= used;
	}
	return 0;
}

/* Send what the socket takes; *sent moves on. */
static int send_some(int fd, const struct wire *w, size_t *sent)
{
	ssize_t n = send(fd, w->data + *sent, w->len - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	*sent += n > 0 ? n : 0;
	return 0;
}

static int receive_some(int fd, struct answers *in)
{
	ssize_t n = recv(fd, in->data + in->len, sizeof(in->data) - 1 - in->len, MSG_DONTWAIT);

	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	in->len += n;
	return take_answers(in);
}

/* Both directions at once: neither side may wait for the other with full buffers. */
static int exchange(int fd, const struct wire *w, struct answers *in)
{
	struct pollfd p = {.fd = fd};
	size_t sent = 0;
	int ret = send_some(fd, w, &sent);

	while (!ret && in->nr < w->nr) {
		p.events = POLLIN | (sent < w->len ? POLLOUT : 0);
		if (poll(&p, 1, -1) < 0) {
			ret = errno == EINTR ? 0 : -errno;
			continue;
		}
		if (p.revents & ~POLLOUT)
			ret = receive_some(fd, in);
		if (!ret && (p.revents & POLLOUT))
			ret = send_some(fd, w, &sent);
	}
	return ret;
}

int wire_exchange(int fd, struct wire *w, wire_answer *fn, void *arg)
{
	struct answers *in = calloc(1, sizeof(*in));
	int ret = in ? w->failed : -ENOMEM;

	if (!ret) {
		in->fn = fn;
		in->arg = arg;
		ret = exchange(fd, w, in);
	}
	if (!ret)
		ret = in->err;
	free(in);
	free(w->data);
	memset(w, 0, sizeof(*w));
	return ret;
}
