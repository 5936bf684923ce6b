/* SPDX-License-Identifier: MIT */
/* Assembler helpers: Xen ELF notes. */
#ifndef GUEST_ASM_H
#define GUEST_ASM_H

#include <xen/elfnote.h>

#define XEN_NOTE_STRING(type, text)			\
	.long	4, 2f - 1f, type;			\
	.asciz	"Xen";					\
1:	.asciz	text;					\
2:	.balign	4
#define XEN_NOTE_NUMBER(type, value)			\
	.long	4, 8, type;				\
	.asciz	"Xen";					\
	.quad	value

#endif
