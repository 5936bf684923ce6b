/* SPDX-License-Identifier: MIT */
/*
 * Names for addresses in the kernel's text. The table is made from the first link's symbols by
 * boot/symbols.awk and linked in by the second; in the first there is none.
 */
#include <pv/boot.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <pv/trap.h>

struct ksymbol {
	uint32_t offset;	/* from kernel_start */
	uint32_t name;		/* in ksymbol_names */
};
extern const struct ksymbol ksymbols[] __attribute__((weak));
extern const uint32_t ksymbols_count __attribute__((weak));
extern const char ksymbol_names[] __attribute__((weak));

const char *symbol_find(uint64_t rip, uint64_t *offset)
{
	uint64_t at = rip - (uint64_t)kernel_start;
	uint32_t lo = 0, hi;

	if (&ksymbols_count == NULL || rip < (uint64_t)kernel_start || rip >= (uint64_t)text_end)
		return NULL;
	hi = ksymbols_count;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ksymbols[mid].offset <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return NULL;
	*offset = at - ksymbols[lo - 1].offset;
	return ksymbol_names + ksymbols[lo - 1].name;
}

/* exact: rip is where it stopped; else it is a return address, and the call lies before it. */
static void frame_print(uint64_t rip, bool exact)
{
	uint64_t offset;
	const char *name = symbol_find(exact ? rip : rip - 1, &offset);

	if (name != NULL)
		printk("  %016lx %s+0x%lx\n", rip, name, offset + !exact);
	else
		printk("  %016lx\n", rip);
}

/* Follows frame pointers within the running thread's stack; rip 0 = only what they lead to. */
void stack_print(uint64_t rip, uint64_t rbp)
{
	uint64_t lo = (uint64_t)current(), hi = lo + STACK_SIZE;

	printk("stack of %s:\n", current()->name);
	if (rip != 0)
		frame_print(rip, true);
	for (int depth = 0; depth < 32; depth++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		if (rbp % 8 != 0 || rbp < lo || rbp > hi - 16 || frame[1] == 0)
			break;
		frame_print(frame[1], false);
		if (frame[0] <= rbp)
			break;
		rbp = frame[0];
	}
}
