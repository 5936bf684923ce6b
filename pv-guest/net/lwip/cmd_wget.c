/* SPDX-License-Identifier: MIT */
/* Command: wget, an HTTP/1.0 client; the file's SHA-256 and how fast it came are printed. */
#include "../../cmd/cmd.h"
#include "../../cmd/sha256.h"
#include "netcmd.h"

#define HEADER_MAX	4096U
#define TIMEOUT_MS	30000

struct get {
	char host[128];
	const char *path;
	uint16_t port;
	struct netconn *conn;
	struct file *file;	/* NULL: only looked at */
	char header[HEADER_MAX + 1];
	uint32_t header_len;
	bool in_body;
	int status;
	uint64_t bytes, length;
	bool has_length;
	struct sha256 sum;
};

/* http://HOST[:PORT]/PATH, and [ADDRESS] for IPv6. */
static int url_parse(struct get *g, const char *url)
{
	const char *host, *end;
	size_t n;

	if (strncmp(url, "http://", 7) != 0)
		return -EINVAL;
	host = url + 7;
	if (*host == '[') {
		end = strchr(++host, ']');
		if (end == NULL)
			return -EINVAL;
	} else {
		for (end = host; *end != 0 && *end != ':' && *end != '/'; end++)
			;
	}
	n = end - host;
	if (n == 0 || n >= sizeof(g->host))
		return -EINVAL;
	memcpy(g->host, host, n);
	g->port = 80;
	end += *end == ']';
	if (*end == ':') {
		char digits[8];
		size_t k = 0;

		for (end++; *end >= '0' && *end <= '9' && k < sizeof(digits) - 1; end++)
			digits[k++] = *end;
		digits[k] = 0;
		if (net_port(digits, &g->port) != 0)
			return -EINVAL;
	}
	if (*end != 0 && *end != '/')
		return -EINVAL;
	g->path = *end == '/' ? end : "/";
	return 0;
}

/* "HTTP/1.1 200 OK", and the length if it is said. */
static int header_judge(struct get *g)
{
	char *line = g->header;
	uint64_t status;

	if (strncmp(line, "HTTP/1.", 7) != 0 || g->header_len < 12)
		return -EIO;
	line[12] = 0;
	if (parse_u64(line + 9, &status) != 0)
		return -EIO;
	g->status = status;
	for (line = line + 13; line != NULL && *line != 0;) {
		static const char name[] = "content-length:";
		char *end = strchr(line, '\r'), *next = strchr(line, '\n');
		unsigned int i = 0;

		while (i < sizeof(name) - 1 && (line[i] | 0x20) == (name[i] | 0x20))
			i++;
		if (i == sizeof(name) - 1 && end != NULL) {
			for (line += i; *line == ' '; line++)
				;
			*end = 0;
			g->has_length = parse_u64(line, &g->length) == 0;
		}
		line = next != NULL ? next + 1 : NULL;
	}
	return 0;
}

static int body(struct get *g, const uint8_t *p, uint32_t n)
{
	g->bytes += n;
	sha256_add(&g->sum, p, n);
	while (g->file != NULL && n > 0) {
		int64_t wrote = vfs_write(g->file, p, n);

		if (wrote <= 0)
			return wrote < 0 ? wrote : -EIO;
		p += wrote;
		n -= wrote;
	}
	return 0;
}

/* Collects the header up to its empty line; the rest is the body. */
static int take(struct get *g, const uint8_t *p, uint32_t n)
{
	while (!g->in_body && n > 0) {
		if (g->header_len == HEADER_MAX)
			return -E2BIG;
		g->header[g->header_len++] = *p++;
		n--;
		if (g->header_len >= 4 && memcmp(g->header + g->header_len - 4, "\r\n\r\n", 4) == 0) {
			int rc = header_judge(g);

			if (rc != 0)
				return rc;
			g->in_body = true;
		}
	}
	return n > 0 ? body(g, p, n) : 0;
}

static int receive(struct get *g)
{
	for (;;) {
		struct pbuf *p;
		err_t err = netconn_recv_tcp_pbuf(g->conn, &p);
		int rc = 0;

		if (err == ERR_CLSD)
			return g->in_body ? 0 : -EIO;
		if (err != ERR_OK)
			return net_errno(err);
		for (const struct pbuf *q = p; q != NULL && rc == 0; q = q->next)
			rc = take(g, q->payload, q->len);
		pbuf_free(p);
		if (rc == 0 && console_interrupted())
			rc = -EINTR;
		if (rc != 0)
			return rc;
	}
}

static int request(struct get *g)
{
	char *text = kmalloc(HEADER_MAX);
	ip_addr_t addr;
	size_t n;
	err_t err;
	int rc = text != NULL ? net_resolve(g->host, 0, &addr) : -ENOMEM;

	if (rc == 0) {
		g->conn = netconn_new(IP_IS_V6(&addr) ? NETCONN_TCP_IPV6 : NETCONN_TCP);
		rc = g->conn != NULL ? 0 : -ENOMEM;
	}
	if (rc == 0) {
		netconn_set_recvtimeout(g->conn, TIMEOUT_MS);
		n = snprintf(text, HEADER_MAX, "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: pv-guest\r\n\r\n", g->path,
			     g->host);
		err = netconn_connect(g->conn, &addr, g->port);
		if (err == ERR_OK && n < HEADER_MAX)
			err = netconn_write(g->conn, text, n, NETCONN_COPY);
		rc = n < HEADER_MAX ? net_errno(err) : -ENAMETOOLONG;
	}
	kfree(text);
	return rc;
}

static void report(struct get *g, uint64_t ns, const char *url)
{
	uint8_t digest[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];

	sha256_end(&g->sum, digest);
	for (unsigned int i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	ns = MAX(ns, 1UL);
	printf("%s  %s\n", hex, url);
	printf("wget status=%d bytes=%llu ms=%llu mbit_s=%llu\n", g->status, (unsigned long long)g->bytes,
	       (unsigned long long)(ns / NSEC_PER_MSEC), (unsigned long long)(g->bytes * 8000 / ns));
}

static int get(struct get *g, const char *url, const char *out)
{
	uint64_t start = now_ns();
	int rc = url_parse(g, url);

	if (rc == 0 && out != NULL)
		rc = vfs_open(out, VFS_WRONLY | VFS_CREAT | VFS_TRUNC, 0644, &g->file);
	sha256_start(&g->sum);
	if (rc == 0)
		rc = request(g);
	if (rc == 0)
		rc = receive(g);
	if (g->conn != NULL)
		netconn_delete(g->conn);
	if (g->file != NULL) {
		int closed = vfs_close(g->file);

		rc = rc != 0 ? rc : closed;
	}
	if (rc != 0)
		return net_fail("wget", url, rc);
	report(g, now_ns() - start, url);
	if (g->has_length && g->length != g->bytes) {
		eprintf("wget: %s: %llu bytes were promised\n", url, (unsigned long long)g->length);
		return 1;
	}
	return g->status != 200;
}

static int cmd_wget(int argc, char **argv)
{
	const char *out = NULL, *url = NULL;
	struct get *g;
	int rc;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-O") == 0 && i + 1 < argc)
			out = argv[++i];
		else if (url == NULL && argv[i][0] != '-')
			url = argv[i];
		else
			url = NULL, i = argc;
	}
	if (url == NULL) {
		eprintf("usage: wget [-O FILE] http://HOST[:PORT]/PATH\n");
		return 2;
	}
	g = kzalloc(sizeof(*g));
	if (g == NULL)
		return net_fail("wget", url, -ENOMEM);
	rc = get(g, url, out);
	kfree(g);
	return rc;
}
SHELL_COMMAND("wget", cmd_wget, "[-O FILE] URL - get a file by HTTP, and its SHA-256");
