/* SPDX-License-Identifier: MIT */
/*
 * Frames from and to a descriptor: a tap, where large frames and blank checksums go as they are behind a
 * virtio-net header, or passt's socket, where each whole frame stands behind its length.
 *
 * What comes from there is the host's network and as little to be trusted as a guest.  A frame that the
 * guest has no room for is kept, and nothing more is read until it has.
 */
#include "config.h"
#include "backends/net_uplink.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/net.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

#define FRAME_MAX	65550u
#define BUF_BYTES	(2 * (FRAME_MAX + sizeof(struct virtio_net_hdr)))
#define READS		32	/* per event: the rings have their turn between */

struct net_uplink {
	struct net_port port;
	struct net_vif *vif;
	struct pvn_watch *watch;
	int fd, pid;			/* pid of passt, 0: a tap */
	bool full;			/* the frame at the head of buf waits for the guest */
	bool quiet;			/* its end has been seen */
	size_t have;			/* bytes in buf */
	size_t rest_at, rest_len;	/* of a frame that passt took in part */
	uint8_t buf[BUF_BYTES], rest[FRAME_MAX + 4];
};

/* What the header of virtio-net claims; NULL, or why not. */
static const char *claims(struct net_frame *f, const struct virtio_net_hdr *h)
{
	f->csum_blank = h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	f->validated = h->flags & (VIRTIO_NET_HDR_F_DATA_VALID | VIRTIO_NET_HDR_F_NEEDS_CSUM);
	f->gso_size = h->gso_size;
	switch (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		f->gso_type = XEN_NETIF_GSO_TYPE_NONE;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		f->gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		f->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
		break;
	default:
		return "GSO of another kind";
	}
	if (f->gso_type != XEN_NETIF_GSO_TYPE_NONE && !f->gso_size)
		return "GSO with segments of no size";
	return net_frame_check(f);
}

/* One frame from outside.  false: it has to wait. */
static bool deliver(struct net_uplink *u, const struct virtio_net_hdr *h, uint8_t *data, size_t len)
{
	struct netback *nb = u->vif->nb;
	struct net_frame *f = &nb->frame;

	if (len < NET_ETH_HLEN || len > XEN_NETIF_MAX_TX_SIZE)
		return true;
	f->hdr_len = len < NET_HDR_MAX ? (unsigned int)len : NET_HDR_MAX;
	memcpy(f->hdr, data, f->hdr_len);
	f->nr_iov = 0;
	f->len = (uint32_t)len;
	if (len > f->hdr_len)
		f->iov[f->nr_iov++] = (struct iovec){ data + f->hdr_len, len - f->hdr_len };
	net_frame_parse(f);
	if (claims(f, h)) {
		u->port.count.in_dropped++;
		return true;
	}
	nb->now = pvn_now_ns();
	return net_switch_forward(&u->port, f, nb->now) != NET_WAIT;
}

static void listen(struct net_uplink *u, bool on)
{
	uint32_t events = (on ? POLLIN : 0) | (u->rest_len ? POLLOUT : 0);

	if (u->watch)
		pvn_loop_mod_fd(u->watch, events);
}

static void ended(struct net_uplink *u)
{
	if (!u->quiet)
		pvn_log(LOG_WARNING, "vif/%u/%u: %s has gone: the interface has no way out any more",
			u->vif->xdev->domid, u->vif->xdev->devid, u->pid ? "passt" : "the tap");
	u->quiet = true;
	pvn_loop_del_fd(u->watch);
	u->watch = NULL;
}

/* The frames at the head of buf.  false: one has to wait. */
static bool take_tap(struct net_uplink *u)
{
	struct virtio_net_hdr h;

	memcpy(&h, u->buf, sizeof(h));
	if (u->have > sizeof(h) && !deliver(u, &h, u->buf + sizeof(h), u->have - sizeof(h)))
		return false;
	u->have = 0;
	return true;
}

static bool take_passt(struct net_uplink *u)
{
	static const struct virtio_net_hdr none;
	bool room = true;
	size_t at = 0, len;

	while (u->have - at >= 4) {
		len = net_get32(u->buf + at);
		if (len > FRAME_MAX) {		/* not passt's protocol */
			ended(u);
			return true;
		}
		if (u->have - at - 4 < len)
			break;
		room = deliver(u, &none, u->buf + at + 4, len);
		if (!room)
			break;
		at += 4 + len;
	}
	u->have -= at;
	memmove(u->buf, u->buf + at, u->have);
	return room;
}

static void pump(struct net_uplink *u)
{
	unsigned int i;
	ssize_t n;

	for (i = 0; i < READS && u->watch; i++) {
		u->full = u->have && !(u->pid ? take_passt(u) : take_tap(u));
		if (u->full || !u->watch)
			break;
		n = read(u->fd, u->buf + u->have, sizeof(u->buf) - u->have);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0 && (n == 0 || errno != EIO)) {	/* EIO: a tap that is down */
			ended(u);
			break;
		}
		if (n > 0)
			u->have += (size_t)n;
		else
			break;
	}
	if (i == READS)		/* what was read last */
		u->full = u->have && !(u->pid ? take_passt(u) : take_tap(u));
	listen(u, !u->full);
}

static void flush(struct net_uplink *u)
{
	ssize_t n = write(u->fd, u->rest + u->rest_at, u->rest_len);

	if (n > 0) {
		u->rest_at += (size_t)n;
		u->rest_len -= (size_t)n;
	}
}

static void uplink_event(void *arg, uint32_t revents)
{
	struct net_uplink *u = arg;

	if (u->rest_len)
		flush(u);
	if (!u->full || (revents & (POLLHUP | POLLERR)))
		pump(u);
	else
		listen(u, false);
}

void net_uplink_retry(struct net_uplink *u)
{
	if (u->full)
		pump(u);
}

static size_t gather(const struct net_frame *f, struct iovec *iov)
{
	iov[1] = (struct iovec){ (void *)(uintptr_t)f->hdr, f->hdr_len };
	memcpy(iov + 2, f->iov, f->nr_iov * sizeof(*iov));
	return f->len;
}

static enum net_verdict send_tap(struct net_uplink *u, const struct net_frame *f)
{
	struct virtio_net_hdr h = { 0 };
	struct iovec iov[NET_MAX_IOV + 2] = { { &h, sizeof(h) } };

	if (f->csum_blank) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.csum_start = f->h.l4;
		h.csum_offset = (uint16_t)(f->h.csum_at - f->h.l4);
	}
	if (f->gso_type != XEN_NETIF_GSO_TYPE_NONE) {
		h.gso_type = f->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ? VIRTIO_NET_HDR_GSO_TCPV4 :
			VIRTIO_NET_HDR_GSO_TCPV6;
		h.gso_size = f->gso_size;
		h.hdr_len = f->h.payload;
	}
	gather(f, iov);
	return writev(u->fd, iov, (int)f->nr_iov + 2) > 0 ? NET_SENT : NET_DROPPED;
}

static int send_passt(void *arg, struct net_frame *f)
{
	struct net_uplink *u = arg;
	uint8_t head[4];
	struct iovec iov[NET_MAX_IOV + 2] = { { head, sizeof(head) } };
	struct net_cursor c;
	size_t all = gather(f, iov) + 4, n, done;
	const void *data;
	ssize_t sent;

	if (u->rest_len || !u->watch)
		return -EAGAIN;
	if (f->csum_blank)
		net_frame_complete(f);
	net_put32(head, f->len);
	sent = writev(u->fd, iov, (int)f->nr_iov + 2);
	if (sent < 0)
		return -errno;
	if ((size_t)sent == all)
		return 0;
	/* It has begun this one: it must have all of it. */
	memcpy(u->rest, head, 4);
	net_cursor_init(&c, f);
	for (done = 4; (n = net_cursor_next(&c, SIZE_MAX, &data)); done += n)
		memcpy(u->rest + done, data, n);
	u->rest_at = (size_t)sent;
	u->rest_len = all - (size_t)sent;
	listen(u, !u->full);
	return 0;
}

static enum net_verdict uplink_send(struct net_port *port, const struct net_frame *f, struct net_port *from,
				    bool may_wait)
{
	struct net_uplink *u = (struct net_uplink *)port;
	struct net_frame copy;

	if (!u->pid)
		return send_tap(u, f);
	if (f->gso_type != XEN_NETIF_GSO_TYPE_NONE)
		return net_frame_cut(f, send_passt, u) ? NET_DROPPED : NET_SENT;
	copy = *f;
	return send_passt(u, &copy) ? NET_DROPPED : NET_SENT;
}

static const struct net_port_ops uplink_ops = { .send = uplink_send };

/* fd is ours from here on. */
static int plug(struct net_vif *vif, int fd, int pid)
{
	struct net_uplink *u = calloc(1, sizeof(*u));
	int rc = u ? 0 : -ENOMEM;

	if (u) {
		u->vif = vif;
		u->fd = fd;
		u->pid = pid;
		u->port.ops = &uplink_ops;
		rc = pvn_loop_add_fd(vif->nb->loop, fd, POLLIN, uplink_event, u, &u->watch);
	}
	if (!rc)
		rc = net_switch_attach(vif->nb->sw, &u->port, vif->bridge, pvn_now_ns());
	if (!rc) {
		vif->uplink = u;
		return 0;
	}
	if (u)
		pvn_loop_del_fd(u->watch);
	close(fd);
	if (pid)
		kill(pid, SIGTERM);
	free(u);
	return rc;
}

int net_uplink_tap(struct net_vif *vif, const char *bridge, const char *name, char *why, size_t size)
{
	int fd = net_tap_open(bridge, name, vif->mtu, why, size);

	return fd < 0 ? fd : plug(vif, fd, 0);
}

int net_uplink_passt(struct net_vif *vif, char *why, size_t size)
{
	int pid, fd = net_passt_start(vif->mtu, &pid, why, size);

	return fd < 0 ? fd : plug(vif, fd, pid);
}

void net_uplink_close(struct net_uplink *u)
{
	if (!u)
		return;
	net_switch_detach(&u->port);
	pvn_loop_del_fd(u->watch);
	close(u->fd);		/* a tap goes with it, passt ends */
	if (u->pid) {
		kill(u->pid, SIGTERM);
		waitpid(u->pid, NULL, 0);
	}
	free(u);
}
