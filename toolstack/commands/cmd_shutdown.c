/* SPDX-License-Identifier: MIT */
/* xl shutdown: asks a guest to shut down. */
#include "config.h"
#include "toolstack/commands/xl.h"

int cmd_shutdown(int argc, char **argv)
{
	return xl_stop_command(argc, argv, "poweroff", "Shutting down");
}
