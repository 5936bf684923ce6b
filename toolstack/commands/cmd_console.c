/* SPDX-License-Identifier: MIT */
/* xl console: the terminal becomes the domain's console. */
#include "config.h"
#include <ctype.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "toolstack/lib/console.h"
#include "toolstack/commands/xl.h"

/* "^]", "^a" or one character.  -1: neither. */
static int parse_escape(const char *text)
{
	if (text[0] == '^' && text[1] && !text[2])
		return toupper((unsigned char)text[1]) & 0x1f;
	return text[0] && !text[1] ? (unsigned char)text[0] : -1;
}

int cmd_console(int argc, char **argv)
{
	int opt, pty, escape = CONSOLE_ESCAPE, ret = XL_FAILED;
	struct toolstack t;
	uint32_t domid;

	while ((opt = xl_getopt("console", argc, argv, "ht:n:e:", 1)) >= 0) {
		if (opt == 't' && strcmp(optarg, "pv"))
			return xl_say("console: `%s': the only console type is pv", optarg), XL_USAGE;
		if (opt == 'n' && strcmp(optarg, "0"))
			return xl_say("console: `%s': the only console is 0", optarg), XL_USAGE;
		if (opt == 'e' && (escape = parse_escape(optarg)) < 0)
			return xl_say("console: `%s' is not an escape character", optarg), XL_USAGE;
	}
	if (xl_open(&t, NEED_CONSOLE))
		return XL_FAILED;
	if (!xl_find(&t, argv[optind], &domid)) {
		if (domid == 0) {
			xl_say("0: the control domain has no console; it is where you are");
		} else if ((pty = console_open(&t, domid)) < 0) {
			xl_error(&t);
		} else {
			opt = console_attach(pty, escape);
			close(pty);
			ret = opt < 0 ? xl_say("console: %s", strerror(-opt)) : XL_OK;
		}
	}
	toolstack_close(&t);
	return ret;
}
