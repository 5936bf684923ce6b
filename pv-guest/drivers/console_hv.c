/* SPDX-License-Identifier: MIT */
/* The hypervisor's own console (console_io): early words, last words, and all of a dom0's. */
#include <pv/console_internal.h>
#include <pv/hypercall.h>

void hvcon_write(const char *s, size_t n)
{
	HYPERVISOR_console_io(CONSOLEIO_write, n, s);
}

int hvcon_get(void)
{
	char c;

	return HYPERVISOR_console_io(CONSOLEIO_read, 1, &c) == 1 ? (unsigned char)c : -1;
}
