/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page (<xen/arch-x86/cpuid.h>, ELF note HYPERCALL_PAGE): 128 stubs of 32
 * bytes.  On this platform a stub calls the image directly: no system call, no trap.
 */
#include <hv/guest.h>
#include <hv/platform.h>

#define STUB_BYTES	32
#define NR_STUBS	128

static uint8_t *emit(uint8_t *p, const void *code, size_t n)
{
	memcpy(p, code, n);
	return p + n;
}

/* push rcx; push r11; mov eax,nr; movabs r11,entry; call r11; pop r11; pop rcx; ret */
static void emit_call(uint8_t *p, uint32_t nr, const char *entry)
{
	p = emit(p, "\x51\x41\x53\xb8", 4);
	p = emit(p, &nr, 4);
	p = emit(p, "\x49\xbb", 2);
	p = emit(p, &entry, 8);
	emit(p, "\x41\xff\xd3\x41\x5b\x59\xc3", 7);
}

/* push rcx; push r11; push rax; movabs rax,entry; jmp rax: the guest's frame lies above */
static void emit_iret(uint8_t *p, const char *entry)
{
	p = emit(p, "\x51\x41\x53\x50\x48\xb8", 6);
	p = emit(p, &entry, 8);
	emit(p, "\xff\xe0", 2);
}

void hypercall_page_fill(void *page)
{
	uint32_t i;

	memset(page, 0xcc, PAGE_SIZE);
	for (i = 0; i < NR_STUBS; i++) {
		uint8_t *p = (uint8_t *)page + i * STUB_BYTES;

		if (i == __HYPERVISOR_iret)
			emit_iret(p, hv_iret_entry);
		else
			emit_call(p, i, hv_hypercall_entry);
	}
}
