/* SPDX-License-Identifier: MIT */
/* Signals while a domain is being made: noted, so that the creation can undo itself.  Called by
 * `xl create'; create.c and devices.c look at what was noted. */
#include "config.h"
#include <signal.h>

#include "toolstack/lib/toolstack.h"

static volatile sig_atomic_t noted;

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGXFSZ};

static void note(int sig)
{
	noted = sig;
}

void interrupt_begin(void)
{
	/* Restarting: libxenstore's reads are to go on; poll() ends all the same. */
	struct sigaction sa = {.sa_handler = note, .sa_flags = SA_RESTART};
	size_t i;

	sigemptyset(&sa.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
}

void interrupt_end(void)
{
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
	noted = 0;
}

bool interrupted(void)
{
	return noted != 0;
}
