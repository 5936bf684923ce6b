/* SPDX-License-Identifier: MIT */
/* What lwIP has to know of the compiler and of the kernel it is built into. */
#ifndef PV_LWIP_CC_H
#define PV_LWIP_CC_H

#include <limits.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/types.h>

#define LWIP_NO_CTYPE_H		1
#define LWIP_NO_INTTYPES_H	1
#define LWIP_NO_UNISTD_H	1
#ifndef SSIZE_MAX
#define SSIZE_MAX		LONG_MAX
#endif
#define LWIP_PROVIDE_ERRNO	1

#define X8_F	"02x"
#define U16_F	"u"
#define S16_F	"d"
#define X16_F	"x"
#define U32_F	"u"
#define S32_F	"d"
#define X32_F	"x"
#define SZT_F	"zu"

#define LWIP_PLATFORM_DIAG(x)	do { printk x; } while (0)
#define LWIP_PLATFORM_ASSERT(x)	panic("lwIP: %s at %s:%d\n", x, __FILE__, __LINE__)
uint64_t random_u64(void);
#define LWIP_RAND()		((u32_t)random_u64())

#endif
