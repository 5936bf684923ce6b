/* SPDX-License-Identifier: MIT */
/* Places of NBD servers.  What breaks this: a domain gets the disk of another server or export. */
#include "config.h"
#include "libs/util/nbdplace.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct nbd_place place;

static void is(const char *text, const char *path, const char *host, const char *port, const char *export)
{
	const char *problem = nbd_place_parse(text, &place);

	cr_assert(nbd_place_is(text), "%s", text);
	cr_assert_null(problem, "%s: %s", text, problem);
	cr_assert_str_eq(place.path, path, "%s", text);
	cr_assert_str_eq(place.host, host, "%s", text);
	cr_assert_str_eq(place.port, port, "%s", text);
	cr_assert_str_eq(place.export, export, "%s", text);
}

Test(libs_nbdplace, every_form)
{
	is("nbd:unix:/run/a", "/run/a", "", "10809", "");
	is("nbd:unix:/run/a:exportname=disk one", "/run/a", "", "10809", "disk one");
	is("nbd:10.0.0.1:9999", "", "10.0.0.1", "9999", "");
	is("nbd:[::1]:10809:exportname=x:y", "", "::1", "10809", "x:y");
	is("nbd://host", "", "host", "10809", "");
	is("nbd://host/", "", "host", "10809", "");
	is("nbd://host:1/a%2Fb", "", "host", "1", "a/b");
	is("nbd://[fe80::1]/x", "", "fe80::1", "10809", "x");
	is("nbd+unix:///?socket=/run/a", "/run/a", "", "10809", "");
	is("nbd+unix:///x/y?socket=/run/%61", "/run/a", "", "10809", "x/y");
}

Test(libs_nbdplace, what_is_none)
{
	static const char *const bad[] = {
		"", "nbd", "nbd:", "nbd:unix:", "nbd:unix:relative", "nbd:host", "nbd:host:", "nbd::1",
		"nbd:host:0", "nbd:host:65536", "nbd:host:1x", "nbd:host:-1", "nbd://", "nbd:///x",
		"nbd://host:/x", "nbd://host?x", "nbd://host/%", "nbd://host/%4", "nbd://host/%zz",
		"nbd://host/%00", "nbd://[::1", "nbd://[::1]x", "nbd+unix://h/?socket=/a", "nbd+unix:///x",
		"nbd+unix:///?socket=", "nbd+unix:///?socket=a", "nbd+tcp://x", "nbds://host/x",
		"nbds+unix:///?socket=/a", "nbd:unix:/a\n", "/dev/nbd0",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_not_null(nbd_place_parse(bad[i], &place), "%s was taken", bad[i]);
}

/* Whatever stands there: no byte out of bounds (sanitizers), and what is taken is whole. */
Test(libs_nbdplace, any_bytes_fuzz)
{
	static const char *const words[] = { "nbd:", "nbd://", "nbd+unix://", "unix:", ":", "/", "[", "]", "%",
					     "?socket=", ":exportname=", "%41", "7", "a", "\x01" };
	char text[256];
	unsigned int i, n;

	srand(7);
	for (i = 0; i < 200000; i++) {
		text[0] = 0;
		for (n = (unsigned int)rand() % 12; n; n--)
			strcat(text, words[(size_t)rand() % (sizeof(words) / sizeof(words[0]))]);
		if (nbd_place_parse(text, &place))
			continue;
		cr_assert(place.path[0] == '/' || place.host[0], "%s has no place", text);
		cr_assert(!place.path[0] || !place.host[0], "%s has two", text);
		cr_assert_leq(atoi(place.port), 65535);
	}
}

Test(libs_nbdplace, lengths_have_an_end)
{
	char text[4096] = "nbd:unix:/";

	memset(text + 10, 'p', 106);
	cr_assert_null(nbd_place_parse(text, &place));
	text[116] = 'p';
	cr_assert_not_null(nbd_place_parse(text, &place));
	strcpy(text, "nbd://h/");
	memset(text + 8, 'e', 1023);
	text[8 + 1023] = 0;
	cr_assert_null(nbd_place_parse(text, &place));
	text[8 + 1023] = 'e';
	cr_assert_not_null(nbd_place_parse(text, &place));
	memset(text + 8, 'e', sizeof(text) - 9);
	cr_assert_not_null(nbd_place_parse(text, &place));
}
