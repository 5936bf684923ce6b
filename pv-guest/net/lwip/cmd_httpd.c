/* SPDX-License-Identifier: MIT */
/*
 * Command: httpd, an HTTP/1.0 server of the file system's files, in the background.
 *
 * A thread for each of a few connections. A request is GET or HEAD and a path, at most 4 KiB of
 * header, within ten seconds.
 */
#include "../../cmd/cmd.h"
#include "netcmd.h"

#define REQUEST_MAX	4096U
#define CHUNK		(64U << 10)
#define CONNECTIONS_MAX	16U
#define TIMEOUT_MS	10000

static struct netconn *listener;
static unsigned int connections;

/* Up to the empty line. 0 or -errno. */
static int request_read(struct netconn *c, char *text)
{
	uint32_t len = 0;

	for (;;) {
		struct pbuf *p;
		err_t err = netconn_recv_tcp_pbuf(c, &p);

		if (err != ERR_OK)
			return net_errno(err);
		if (len + p->tot_len > REQUEST_MAX) {
			pbuf_free(p);
			return -E2BIG;
		}
		len += pbuf_copy_partial(p, text + len, p->tot_len, 0);
		pbuf_free(p);
		text[len] = 0;
		if (strstr(text, "\r\n\r\n") != NULL || strstr(text, "\n\n") != NULL)
			return 0;
	}
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "GET /a%20b?x HTTP/1.0": the path, decoded in place. NULL if it is not that. */
static char *request_path(char *text, bool *head)
{
	char *path, *in, *out;

	*head = strncmp(text, "HEAD ", 5) == 0;
	if (!*head && strncmp(text, "GET ", 4) != 0)
		return NULL;
	path = text + (*head ? 5 : 4);
	if (*path != '/')
		return NULL;
	for (in = out = path; *in > ' ' && *in != '?'; in++) {
		if (*in == '%' && hex(in[1]) >= 0 && hex(in[2]) >= 0) {
			*out++ = hex(in[1]) << 4 | hex(in[2]);
			in += 2;
			if (out[-1] == 0)
				return NULL;
		} else {
			*out++ = *in;
		}
	}
	*out = 0;
	return path;
}

/* With a time limit lwIP writes as much as it can, not all. */
static int put_bytes(struct netconn *c, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n > 0) {
		size_t wrote = 0;
		err_t err = netconn_write_partly(c, p, n, NETCONN_COPY, &wrote);

		if (err != ERR_OK || wrote == 0)
			return err != ERR_OK ? net_errno(err) : -ETIMEDOUT;
		p += wrote;
		n -= wrote;
	}
	return 0;
}

static int put(struct netconn *c, const char *text)
{
	return put_bytes(c, text, strlen(text));
}

static int answer(struct netconn *c, const char *status, const char *type, uint64_t length)
{
	char h[160];

	snprintf(h, sizeof(h), "HTTP/1.0 %s\r\nServer: pv-guest\r\nContent-Type: %s\r\nContent-Length: %llu\r\n\r\n",
		 status, type, (unsigned long long)length);
	return put(c, h);
}

static int error_answer(struct netconn *c, const char *status)
{
	int rc = answer(c, status, "text/plain", strlen(status) + 1);

	if (rc == 0)
		rc = put(c, status);
	return rc != 0 ? rc : put(c, "\n");
}

/* One name a line; as long as it turns out to be. */
static int serve_directory(struct netconn *c, const char *path, bool head)
{
	char **names;
	unsigned int n;
	int rc = cmd_list_dir(path, &names, &n);

	if (rc != 0)
		return error_answer(c, "403 Forbidden");
	rc = put(c, "HTTP/1.0 200 OK\r\nServer: pv-guest\r\nContent-Type: text/plain\r\n\r\n");
	for (unsigned int i = 0; i < n && rc == 0 && !head; i++) {
		rc = put(c, names[i]);
		if (rc == 0)
			rc = put(c, "\n");
	}
	kfree(names);
	return rc;
}

static int serve_file(struct netconn *c, struct file *f, uint64_t size, bool head)
{
	uint8_t *buf = kmalloc(CHUNK);
	int rc = buf != NULL ? answer(c, "200 OK", "application/octet-stream", size) : -ENOMEM;

	while (rc == 0 && size > 0 && !head) {
		int64_t n = vfs_read(f, buf, MIN(size, (uint64_t)CHUNK));

		if (n <= 0) {
			rc = n < 0 ? n : -EIO;
			break;
		}
		rc = put_bytes(c, buf, n);
		size -= n;
	}
	kfree(buf);
	return rc;
}

static int serve(struct netconn *c, const char *path, bool head)
{
	struct vfs_stat st;
	struct file *f;
	int rc = vfs_stat(path, &st);

	if (rc != 0)
		return error_answer(c, rc == -ENOENT ? "404 Not Found" : "403 Forbidden");
	if (VFS_ISDIR(st.mode))
		return serve_directory(c, path, head);
	if (!VFS_ISREG(st.mode))
		return error_answer(c, "403 Forbidden");
	rc = vfs_open(path, VFS_RDONLY, 0, &f);
	if (rc != 0)
		return error_answer(c, "403 Forbidden");
	rc = serve_file(c, f, st.size, head);
	vfs_close(f);
	return rc;
}

static void connection(void *arg)
{
	struct netconn *c = arg;
	char *text = kmalloc(REQUEST_MAX + 1), *path;
	bool head;
	int rc;

	netconn_set_recvtimeout(c, TIMEOUT_MS);
	netconn_set_sendtimeout(c, TIMEOUT_MS);
	rc = text != NULL ? request_read(c, text) : -ENOMEM;
	if (rc == 0) {
		path = request_path(text, &head);
		rc = path != NULL ? serve(c, path, head) : error_answer(c, "400 Bad Request");
	}
	kfree(text);
	netconn_close(c);
	netconn_delete(c);
	__atomic_fetch_sub(&connections, 1, __ATOMIC_SEQ_CST);
}

static void serve_all(void *arg)
{
	struct netconn *l = arg, *c;

	while (netconn_accept(l, &c) == ERR_OK) {
		if (__atomic_add_fetch(&connections, 1, __ATOMIC_SEQ_CST) <= CONNECTIONS_MAX &&
		    thread_create("httpd", connection, c) != NULL)
			continue;
		__atomic_fetch_sub(&connections, 1, __ATOMIC_SEQ_CST);
		netconn_delete(c);
	}
}

static int cmd_httpd(int argc, char **argv)
{
	uint16_t port = 80;
	err_t err;

	if (argc > 2 || (argc == 2 && net_port(argv[1], &port) != 0)) {
		eprintf("usage: httpd [PORT]\n");
		return 2;
	}
	if (listener != NULL) {
		eprintf("httpd: runs already\n");
		return 1;
	}
	listener = netconn_new(NETCONN_TCP_IPV6);
	if (listener == NULL)
		return net_fail("httpd", "listen", -ENOMEM);
	err = netconn_bind(listener, IP_ANY_TYPE, port);
	if (err == ERR_OK)
		err = netconn_listen(listener);
	if (err == ERR_OK && thread_create("httpd", serve_all, listener) == NULL)
		err = ERR_MEM;
	if (err == ERR_OK) {
		printk("paravane: httpd listens on port %u\n", port);
		return 0;
	}
	netconn_delete(listener);
	listener = NULL;
	return net_fail("httpd", "listen", net_errno(err));
}
SHELL_COMMAND("httpd", cmd_httpd, "[PORT] - serve the files by HTTP, in the background");
