/* SPDX-License-Identifier: MIT */
/* xl help: everything it prints comes from the table of commands. */
#include "config.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "toolstack/commands/xl.h"

static void print_one(const struct xl_command *cmd)
{
	printf("Usage: xl [-v%s] %s %s\n\n%s.\n\n", cmd->dry_run ? "N" : "", cmd->name, cmd->arguments,
	       cmd->help);
	if (cmd->options)
		printf("Options:\n\n%s\n\n", cmd->options);
}

void xl_print_help(const struct xl_command *cmd)
{
	if (cmd) {
		print_one(cmd);
		return;
	}
	printf("Usage: xl [-vfNtT] <subcommand> [args]\n\nxl full list of subcommands:\n\n");
	for (cmd = xl_commands; cmd < xl_commands + nr_xl_commands; cmd++)
		printf(" %-19s %s\n", cmd->name, cmd->help);
}

int cmd_help(int argc, char **argv)
{
	const struct xl_command *cmd;
	bool ambiguous;

	if (argc > 1 && !strcmp(argv[1], "--long")) {
		for (cmd = xl_commands; cmd < xl_commands + nr_xl_commands; cmd++)
			print_one(cmd);
		return XL_OK;
	}
	xl_getopt("help", argc, argv, "h", 0);
	if (optind >= argc) {
		xl_print_help(NULL);
		return XL_OK;
	}
	cmd = xl_find_command(argv[optind], &ambiguous);
	if (!cmd)
		return xl_say("%s: %s command; `xl help' lists the commands", argv[optind],
			      ambiguous ? "ambiguous" : "unknown");
	print_one(cmd);
	return XL_OK;
}
