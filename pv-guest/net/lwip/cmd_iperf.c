/* SPDX-License-Identifier: MIT */
/*
 * Command: iperf, lwIP's application of that name, which speaks with stock iperf 2 (TCP).
 *
 * lwIP's file is taken in as a whole: its client always runs for ten seconds, and the length is in a
 * structure that only this file can reach.
 */
#pragma GCC diagnostic ignored "-Wshadow"
#include <apps/lwiperf/lwiperf.c>
#include "netcmd.h"

struct session {
	volatile unsigned int reports;
	enum lwiperf_report_type type;
	u32_t bytes, ms, kbits;
	bool print;
	struct wait_queue wq;
};

static const char *how_ended(enum lwiperf_report_type type)
{
	switch (type) {
	case LWIPERF_TCP_DONE_SERVER: case LWIPERF_TCP_DONE_CLIENT: return "done";
	case LWIPERF_TCP_ABORTED_LOCAL: return "gave up";
	case LWIPERF_TCP_ABORTED_LOCAL_DATAERROR: return "wrong data";
	case LWIPERF_TCP_ABORTED_LOCAL_TXERROR: return "cannot send";
	case LWIPERF_TCP_ABORTED_REMOTE: return "refused or reset";
	}
	return "?";
}

/* By the stack, core lock held. */
static void on_report(void *arg, enum lwiperf_report_type type, const ip_addr_t *local, u16_t local_port,
		      const ip_addr_t *remote, u16_t remote_port, u32_t bytes, u32_t ms, u32_t kbits)
{
	struct session *s = arg;

	s->type = type;
	s->bytes = bytes;
	s->ms = ms;
	s->kbits = kbits;
	if (s->print)
		printk("paravane: iperf server: %s bytes=%u ms=%u mbit_s=%u\n", how_ended(type), bytes, ms, kbits / 1000);
	s->reports++;
	wake_up(&s->wq);
}

/* -s: in the background, or (-n) until so many clients have been. */
static int server(uint16_t port, uint64_t clients)
{
	static struct session s = { .print = true, .wq = WAIT_QUEUE_INIT(s.wq) };
	unsigned int before = s.reports;
	void *handle;

	LOCK_TCPIP_CORE();
	handle = lwiperf_start_tcp_server(IP_ANY_TYPE, port, on_report, &s);
	UNLOCK_TCPIP_CORE();
	if (handle == NULL)
		return net_fail("iperf", "listen", -EADDRINUSE);
	printk("paravane: iperf server listens on port %u\n", port);
	if (clients == 0)
		return 0;
	while (s.reports - before < clients && !console_interrupted())
		(void)wait_event_timeout(&s.wq, s.reports - before >= clients, NSEC_PER_SEC);
	LOCK_TCPIP_CORE();
	s.print = false;
	lwiperf_abort(handle);
	s.print = true;
	UNLOCK_TCPIP_CORE();
	return s.type != LWIPERF_TCP_DONE_SERVER;
}

static int client(const char *host, uint16_t port, uint64_t seconds)
{
	struct session *s = kzalloc(sizeof(*s));
	lwiperf_settings_t settings = { 0 };
	lwiperf_state_tcp_t *state;
	ip_addr_t addr;
	err_t err;
	int rc = s != NULL ? net_resolve(host, 0, &addr) : -ENOMEM;

	if (rc != 0) {
		kfree(s);
		return net_fail("iperf", host, rc);
	}
	wait_queue_init(&s->wq);
	/* As stock iperf sends them; a negative amount is a time in hundredths of a second. */
	settings.amount = htonl((u32_t)-(s32_t)(seconds * 100));
	settings.num_threads = htonl(1);
	settings.remote_port = htonl(port);
	LOCK_TCPIP_CORE();
	err = lwiperf_tx_start_impl(&addr, port, &settings, on_report, s, NULL, &state);
	UNLOCK_TCPIP_CORE();
	if (err != ERR_OK)
		return net_fail("iperf", host, net_errno(err));
	wait_event(&s->wq, s->reports > 0);
	printf("iperf client: %s bytes=%u ms=%u mbit_s=%u\n", how_ended(s->type), s->bytes, s->ms, s->kbits / 1000);
	rc = s->type != LWIPERF_TCP_DONE_CLIENT;
	kfree(s);
	return rc;
}

static int cmd_iperf(int argc, char **argv)
{
	uint64_t seconds = 10, clients = 0;
	uint16_t port = LWIPERF_TCP_PORT_DEFAULT;
	const char *host = NULL;
	bool serve = false;
	int rc = 0;

	for (int i = 1; i < argc && rc == 0; i++) {
		char c = argv[i][0] == '-' ? argv[i][1] : 0;

		if (c == 's')
			serve = true;
		else if (c == 0 || argv[i + 1] == NULL)
			rc = -EINVAL;
		else if (c == 'c')
			host = argv[++i];
		else if (c == 'p')
			rc = net_port(argv[++i], &port);
		else if (c == 't' || c == 'n')
			rc = parse_u64(argv[++i], c == 't' ? &seconds : &clients);
		else
			rc = -EINVAL;
	}
	if (rc != 0 || serve == (host != NULL) || seconds == 0 || seconds > 3600) {
		eprintf("usage: iperf -s [-p PORT] [-n CLIENTS] | iperf -c HOST [-p PORT] [-t SECONDS]\n");
		return 2;
	}
	return serve ? server(port, clients) : client(host, port, seconds);
}
SHELL_COMMAND("iperf", cmd_iperf, "-s [-p PORT] [-n CLIENTS] | -c HOST [-p PORT] [-t SECONDS] - TCP throughput, as iperf 2");
