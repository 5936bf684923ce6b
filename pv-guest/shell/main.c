/* SPDX-License-Identifier: MIT */
/* What runs after boot: script= of the command line, then what init= says (a shell by default). */
#include <pv/boot.h>
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/init.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/shell_internal.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>

static void interactive(void)
{
	static char line[SHELL_LINE_MAX];

	for (;;) {
		int n = console_readline("pv# ", line, sizeof(line));

		if (n == -ENODATA)
			console_write("`poweroff' ends the domain\n", 27);
		else if (n > 0)
			shell_run(line);
	}
}

/* A program as process 1; when it ends there is nothing left to do. */
static void run_init(const char *path)
{
	char *argv[] = { (char *)(uintptr_t)path, NULL };

	printk("paravane: %s ended with status %d\n", path, proc_run(true, argv));
	machine_shutdown(SHUTDOWN_poweroff);
}

void shell_main(void)
{
	const char *script = cmdline_get("script"), *init = cmdline_get("init");

	if (script != NULL)
		printk("paravane: script ended with status %d\n", shell_run(script));
	if (init != NULL && strcmp(init, "poweroff") == 0)
		machine_shutdown(SHUTDOWN_poweroff);
	while (init != NULL && strcmp(init, "none") == 0)
		sleep_ns(3600 * NSEC_PER_SEC);
	if (init != NULL && init[0] == '/')
		run_init(init);
	interactive();
}
