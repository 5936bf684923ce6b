/* SPDX-License-Identifier: MIT */
/* xl reboot: asks a guest to reboot; the monitor then starts it again. */
#include "config.h"
#include "toolstack/commands/xl.h"

int cmd_reboot(int argc, char **argv)
{
	return xl_stop_command(argc, argv, "reboot", "Rebooting");
}
