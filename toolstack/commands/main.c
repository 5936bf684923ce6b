/* SPDX-License-Identifier: MIT */
/* xl's entry: global options, then the command by name or by an unambiguous beginning of it. */
#include "config.h"
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/commands/xl.h"

bool xl_dry_run, xl_force;
int xl_verbose;

const struct xl_command *xl_find_command(const char *name, bool *ambiguous)
{
	const struct xl_command *found = NULL, *cmd;
	size_t len = strlen(name);

	*ambiguous = false;
	for (cmd = xl_commands; cmd < xl_commands + nr_xl_commands; cmd++) {
		if (!strcmp(cmd->name, name)) {
			*ambiguous = false;
			return cmd;
		}
		if (strncmp(cmd->name, name, len))
			continue;
		*ambiguous |= found != NULL;
		found = cmd;
	}
	return *ambiguous ? NULL : found;
}

static int global_options(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "+hvfNtTV")) >= 0) {
		switch (opt) {
		case 'v':
			xl_verbose++;
			break;
		case 'N':
			xl_dry_run = true;
			break;
		case 'f':
			xl_force = true;
			break;
		case 't':	/* progress with carriage returns, timestamps: */
		case 'T':	/* our lines need neither */
			break;
		case 'V':
			puts("xl (" PACKAGE_NAME ") " PACKAGE_VERSION);
			exit(XL_OK);
		case 'h':
			xl_print_help(NULL);
			exit(XL_OK);
		default:
			fprintf(stderr, "xl: unknown global option; `xl help' lists them\n");
			exit(XL_USAGE);
		}
	}
	return optind;
}

int main(int argc, char **argv)
{
	const struct xl_command *cmd;
	bool ambiguous;
	int first, ret;

	signal(SIGPIPE, SIG_DFL);
	first = global_options(argc, argv);
	if (first == argc) {
		xl_print_help(NULL);
		return XL_FAILED;
	}
	cmd = xl_find_command(argv[first], &ambiguous);
	if (!cmd && ambiguous)
		return xl_say("%s: the command is ambiguous; `xl help' lists the commands",
			      argv[first]);
	if (!cmd)
		return xl_say("%s: unknown command; `xl help' lists the commands", argv[first]);
	if (xl_dry_run && !cmd->dry_run)
		return xl_say("%s: has no dry run (-N)", cmd->name);
	optind = 0;	/* the command's own getopt starts over */
	ret = cmd->run(argc - first, argv + first);
	if (fflush(stdout) || ferror(stdout)) {
		perror("xl: standard output");
		ret = ret ? ret : XL_FAILED;
	}
	return ret;
}
