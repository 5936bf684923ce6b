/* SPDX-License-Identifier: MIT */
/*
 * Mutations of valid configurations through the whole parser: bytes flipped, pieces cut, copied and
 * swapped.  The outcome may be anything but a crash, a leak, or an error that is not one line.
 * The seed is fixed, so a failure happens again.
 */
#include "config.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/cfg_parser.h"
#include "toolstack/lib/domain_config.h"

/* libxlutil's grammar loses the values of a text that it refuses; ours must not. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:xlu__cfg\n";
}

#define ROUNDS	20000
#define ROOM	1024

#define NAMED		"name='w'\nkernel='/k'\n"
#define TWO_DISKS	"disk = [ \"format=raw, vdev=xvda, access=rw, target=/dev/x\",\n"	\
			"\"tap:aio:/x,xvdb,r\", 'vdev=d3p4,discard,target=/y' ]\n"

static const char *const corpus[] = {
	"name=\"a\"\nkernel=\"/k\"\nmemory=32\ndisk=['/d.img,raw,xvda,w','/e,,hdc,cdrom']\n",
	"name='w'; kernel = '/k' # c\nvcpus=1\nmaxvcpus=0x1\non_crash=\"preserve\"\nextra+='x y'\n",
	(NAMED TWO_DISKS "vif=[]\ncpus=[\"0\",\"1\"]\n"),
	"name='\\x41\\101\\n\\\\'\nkernel=\"\\\"\"\nuuid='6a0d8b1e-8d53-4f5e-9d0b-111111111111'\n",
};

static uint64_t state = 0x9e3779b97f4a7c15ull;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

static size_t mutate(char *text, size_t len)
{
	static const char special[] = "\"'[]=,;#\n\\+:() \t0x-";
	size_t at = rnd(len), n = rnd(16) + 1, to;

	switch (rnd(5)) {
	case 0:
		text[at] = rnd(256);
		return len;
	case 1:
		text[at] = special[rnd(sizeof(special) - 1)];
		return len;
	case 2:		/* cut */
		n = n < len - at ? n : len - at;
		if (n == len)
			return len;
		memmove(text + at, text + at + n, len - at - n);
		return len - n;
	case 3:		/* double */
		n = n < len - at ? n : len - at;
		if (len + n > ROOM)
			return len;
		memmove(text + at + n, text + at, len - at);
		return len + n;
	default:	/* copy elsewhere */
		to = rnd(len);
		n = n < len - at ? n : len - at;
		n = n < len - to ? n : len - to;
		memmove(text + to, text + at, n);
		return len;
	}
}

Test(xl_config_fuzz, no_text_breaks_it)
{
	unsigned int i, m, taken = 0;
	struct domain_config c;
	char text[ROOM], *error;
	size_t len;

	for (i = 0; i < ROUNDS; i++) {
		const char *seed = corpus[i % 4];

		len = strlen(seed);
		memcpy(text, seed, len);
		for (m = rnd(6); m > 0; m--)
			len = mutate(text, len);
		if (domain_config_parse(&c, "f", text, len, len, &error)) {
			cr_assert_not_null(error);
			cr_assert_null(strchr(error, '\n'));
			cr_assert_null(c.name);
			free(error);
		} else {
			taken++;
			domain_config_free(&c);
		}
	}
	/* The seeds are good: a fuzzer whose every text is refused tests nothing. */
	cr_assert_gt(taken, ROUNDS / 100);
}

/* The scanner's promise is bounds, on text nobody has parsed before. */
Test(xl_config_fuzz, scanner_alone)
{
	char text[64];
	struct cfg_statement *s;
	size_t nr, i, k, len;

	for (i = 0; i < ROUNDS; i++) {
		len = rnd(sizeof(text) + 1);
		for (k = 0; k < len; k++)
			text[k] = rnd(3) ? "a=\"'[]#;\\\n"[rnd(10)] : (char)rnd(256);
		cr_assert_eq(cfg_scan(text, len, &s, &nr), 0);
		cr_assert_leq(nr, len);
		free(s);
	}
}
