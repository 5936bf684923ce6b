/* SPDX-License-Identifier: MIT */
/* Reading the place of an NBD server.  Pure. */
#include "config.h"
#include "libs/util/nbdplace.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT_WORD	":exportname="

/* Copy n bytes as a string.  false: they do not fit, or are none that a path, host or name has. */
static bool put(char *dst, size_t size, const char *src, size_t n)
{
	size_t i;

	if (n >= size)
		return false;
	for (i = 0; i < n; i++)
		if (!src[i] || iscntrl((unsigned char)src[i]))
			return false;
	memcpy(dst, src, n);
	dst[n] = 0;
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The same, with %XX taken apart. */
static bool put_decoded(char *dst, size_t size, const char *src, size_t n)
{
	char plain[1024];
	size_t i, len = 0;

	for (i = 0; i < n && len < sizeof(plain); i++) {
		if (src[i] != '%') {
			plain[len++] = src[i];
			continue;
		}
		if (n - i < 3 || hex(src[i + 1]) < 0 || hex(src[i + 2]) < 0)
			return false;
		plain[len++] = (char)(hex(src[i + 1]) << 4 | hex(src[i + 2]));
		i += 2;
	}
	return i == n && put(dst, size, plain, len);
}

static bool put_port(char *dst, size_t size, const char *src, size_t n)
{
	if (!n || strspn(src, "0123456789") < n || !put(dst, size, src, n))
		return false;
	return atol(dst) >= 1 && atol(dst) <= 65535;
}

/* HOST, HOST:PORT or [HOST]:PORT of n bytes. */
static const char *authority(const char *s, size_t n, bool need_port, struct nbd_place *place)
{
	const char *end = s + n, *host_end, *port;

	if (n && s[0] == '[') {
		host_end = memchr(s, ']', n);
		if (!host_end)
			return "the address in [] has no end";
		s++;
		port = host_end + 1;
	} else {
		host_end = memchr(s, ':', n);
		port = host_end = host_end ? host_end : end;
	}
	if (host_end == s || !put(place->host, sizeof(place->host), s, (size_t)(host_end - s)))
		return "the host's name is missing or too long";
	if (port == end)
		return need_port ? "the port is missing: nbd:HOST:PORT" : NULL;
	if (*port != ':' || !put_port(place->port, sizeof(place->port), port + 1, (size_t)(end - port - 1)))
		return "the port must be a number from 1 to 65535";
	return NULL;
}

static const char *parse_uri_tcp(const char *s, struct nbd_place *place)
{
	size_t n = strcspn(s, "/?");
	const char *problem = authority(s, n, false, place);

	if (problem)
		return problem;
	if (strchr(s + n, '?'))
		return "a query (?) has no meaning here";
	if (s[n] == '/' && !put_decoded(place->export, sizeof(place->export), s + n + 1, strlen(s + n + 1)))
		return "the export's name is too long or not a name";
	return NULL;
}

static const char *parse_uri_unix(const char *s, struct nbd_place *place)
{
	size_t n = strcspn(s, "?");

	if (s[0] != '/')
		return "a Unix socket has no host: nbd+unix:///NAME?socket=PATH";
	if (strncmp(s + n, "?socket=", 8))
		return "the socket is missing: nbd+unix:///NAME?socket=PATH";
	if (!put_decoded(place->path, sizeof(place->path), s + n + 8, strlen(s + n + 8)) ||
	    place->path[0] != '/')
		return "the socket must be an absolute path of at most 107 bytes";
	if (!put_decoded(place->export, sizeof(place->export), s + 1, n - 1))
		return "the export's name is too long or not a name";
	return NULL;
}

/* After "nbd:": QEMU's older form. */
static const char *parse_colon(const char *s, struct nbd_place *place)
{
	const char *word = strstr(s, EXPORT_WORD);
	size_t n = word ? (size_t)(word - s) : strlen(s);

	if (word) {
		word += strlen(EXPORT_WORD);
		if (!put(place->export, sizeof(place->export), word, strlen(word)))
			return "the export's name is too long or not a name";
	}
	if (n < 5 || strncmp(s, "unix:", 5))
		return authority(s, n, true, place);
	if (!put(place->path, sizeof(place->path), s + 5, n - 5) || place->path[0] != '/')
		return "the socket must be an absolute path of at most 107 bytes";
	return NULL;
}

bool nbd_place_is(const char *text)
{
	return !strncmp(text, "nbd:", 4) || !strncmp(text, "nbd+", 4) || !strncmp(text, "nbds", 4);
}

const char *nbd_place_parse(const char *text, struct nbd_place *place)
{
	memset(place, 0, sizeof(*place));
	snprintf(place->port, sizeof(place->port), NBD_PLACE_PORT);
	if (!strncmp(text, "nbd://", 6))
		return parse_uri_tcp(text + 6, place);
	if (!strncmp(text, "nbd+unix://", 11))
		return parse_uri_unix(text + 11, place);
	if (!strncmp(text, "nbds", 4))
		return "TLS is not served; a tunnel or nbdkit's nbd plugin in between can do it";
	if (!strncmp(text, "nbd:", 4))
		return parse_colon(text + 4, place);
	return "not a place of an NBD server: nbd:unix:PATH, nbd:HOST:PORT, nbd://HOST:PORT/NAME";
}
