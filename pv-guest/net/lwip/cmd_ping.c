/* SPDX-License-Identifier: MIT */
/* Command: ping, echoes of ICMP and ICMPv6 with their contents checked. */
#include <lwip/icmp.h>
#include <lwip/icmp6.h>
#include <lwip/inet_chksum.h>
#include <lwip/raw.h>
#include <lwip/tcpip.h>
#include "netcmd.h"

#define SIZE_MAX_PING	8192U
#define WAIT_NS		NSEC_PER_SEC

struct ping {
	ip_addr_t to;
	struct raw_pcb *pcb;
	uint16_t id, seq;
	uint32_t size;
	uint64_t count, gap_ms;
	uint64_t sent_ns, got_ns;
	volatile bool got;
	bool wrong;
	struct wait_queue wq;
};

static uint8_t pattern(const struct ping *p, uint32_t i)
{
	return i + p->seq;
}

/* The echo of what is waited for is eaten, all else goes on. */
static u8_t on_reply(void *arg, struct raw_pcb *pcb, struct pbuf *b, const ip_addr_t *from)
{
	struct ping *p = arg;
	uint32_t ip_len = IP_IS_V6(from) ? 40 : 20;
	struct icmp_echo_hdr h;

	if (pbuf_copy_partial(b, &h, sizeof(h), ip_len) != sizeof(h) || h.id != p->id || h.seqno != lwip_htons(p->seq) ||
	    ICMPH_TYPE(&h) != (IP_IS_V6(from) ? ICMP6_TYPE_EREP : ICMP_ER) || p->got)
		return 0;
	p->wrong = b->tot_len != ip_len + sizeof(h) + p->size;
	for (uint32_t i = 0; i < p->size && !p->wrong; i++)
		p->wrong = pbuf_get_at(b, ip_len + sizeof(h) + i) != pattern(p, i);
	p->got_ns = now_ns();
	p->got = true;
	pbuf_free(b);
	wake_up(&p->wq);
	return 1;
}

static int send_echo(struct ping *p)
{
	struct pbuf *b = pbuf_alloc(PBUF_IP, sizeof(struct icmp_echo_hdr) + p->size, PBUF_RAM);
	struct icmp_echo_hdr *h;
	err_t err;

	if (b == NULL)
		return -ENOMEM;
	h = b->payload;
	ICMPH_TYPE_SET(h, IP_IS_V6(&p->to) ? ICMP6_TYPE_EREQ : ICMP_ECHO);
	ICMPH_CODE_SET(h, 0);
	h->chksum = 0;
	h->id = p->id;
	h->seqno = lwip_htons(p->seq);
	for (uint32_t i = 0; i < p->size; i++)
		((uint8_t *)(h + 1))[i] = pattern(p, i);
	/* ICMPv6's covers addresses: the stack makes it. */
	if (!IP_IS_V6(&p->to))
		h->chksum = inet_chksum(h, b->len);
	p->got = false;
	p->sent_ns = now_ns();
	err = raw_sendto(p->pcb, b, &p->to);
	pbuf_free(b);
	return net_errno(err);
}

static int echo_once(struct ping *p)
{
	char text[IPADDR_STRLEN_MAX];
	uint64_t us;
	int rc;

	LOCK_TCPIP_CORE();
	rc = send_echo(p);
	UNLOCK_TCPIP_CORE();
	if (rc != 0)
		return rc;
	if (!wait_event_timeout(&p->wq, p->got, WAIT_NS)) {
		printf("no reply to %u\n", p->seq);
		return -ETIMEDOUT;
	}
	us = (p->got_ns - p->sent_ns) / NSEC_PER_USEC;
	printf("%u bytes from %s: seq=%u time=%llu.%03llu ms%s\n", p->size + 8,
	       net_text(&p->to, text), p->seq, (unsigned long long)(us / 1000),
	       (unsigned long long)(us % 1000), p->wrong ? " WRONG CONTENTS" : "");
	return p->wrong ? -EIO : 0;
}

static int run(struct ping *p, const char *host)
{
	uint64_t good = 0, sent = 0;

	while (sent < p->count && !console_interrupted()) {
		int rc;

		p->seq = sent + 1;
		rc = echo_once(p);
		if (rc != 0 && rc != -ETIMEDOUT)
			net_fail("ping", host, rc);
		good += rc == 0;
		if (++sent < p->count)
			sleep_ns(p->gap_ms * NSEC_PER_MSEC);
	}
	printf("ping %s: %llu sent, %llu received\n", host, (unsigned long long)sent, (unsigned long long)good);
	return good != sent || good == 0;
}

static int ping_open(struct ping *p)
{
	bool v6 = IP_IS_V6(&p->to);

	LOCK_TCPIP_CORE();
	p->pcb = raw_new_ip_type(IP_GET_TYPE(&p->to), v6 ? IP6_NEXTH_ICMP6 : IP_PROTO_ICMP);
	if (p->pcb != NULL) {
		if (v6) {
			p->pcb->chksum_reqd = 1;
			p->pcb->chksum_offset = 2;
		}
		raw_recv(p->pcb, on_reply, p);
		raw_bind(p->pcb, v6 ? IP6_ADDR_ANY : IP4_ADDR_ANY);
	}
	UNLOCK_TCPIP_CORE();
	return p->pcb != NULL ? 0 : -ENOMEM;
}

static int cmd_ping(int argc, char **argv)
{
	struct ping p = { .size = 56, .count = 4, .gap_ms = 1000, .id = random_u64() };
	uint64_t size = p.size;
	int want = 0, i, rc = 0, status;

	for (i = 1; i < argc && argv[i][0] == '-' && rc == 0; i++) {
		char c = argv[i][1];

		if (c == '6' || c == '4')
			want = c - '0';
		else if (argv[i + 1] == NULL || strchr("cis", c) == NULL)
			rc = -EINVAL;
		else
			rc = parse_u64(argv[++i], c == 'c' ? &p.count : c == 'i' ? &p.gap_ms : &size);
	}
	if (rc != 0 || i + 1 != argc || size > SIZE_MAX_PING || p.gap_ms > 60000) {
		eprintf("usage: ping [-46] [-c COUNT] [-i MILLISECONDS] [-s BYTES] HOST\n");
		return 2;
	}
	p.size = size;
	wait_queue_init(&p.wq);
	rc = net_resolve(argv[i], want, &p.to);
	if (rc == 0)
		rc = ping_open(&p);
	if (rc != 0)
		return net_fail("ping", argv[i], rc);
	status = run(&p, argv[i]);
	LOCK_TCPIP_CORE();
	raw_remove(p.pcb);
	UNLOCK_TCPIP_CORE();
	return status;
}
SHELL_COMMAND("ping", cmd_ping, "[-46] [-c COUNT] [-i MILLISECONDS] [-s BYTES] HOST - ICMP echo");
