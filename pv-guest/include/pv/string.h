/* SPDX-License-Identifier: MIT */
/* Strings, memory, number parsing and formatting (lib/). */
#ifndef PV_STRING_H
#define PV_STRING_H

#include <pv/types.h>

#if __STDC_HOSTED__
#include <stdio.h>
#include <string.h>
#else
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);
/* %d %i %u %x %X %o %c %s %p %% with flags - 0 + space #, width, precision, *, hh h l ll z j t. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
#endif

/* The formatter itself, by a name of its own so that the host can test it. */
int pv_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int pv_snprintf(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Copies at most size-1 bytes and always terminates. Returns strlen(src). */
size_t str_copy(char *dst, const char *src, size_t size);

/* A number in base 10, 0x.. or 0.., the whole string. 0 or -EINVAL/-ERANGE. */
int parse_u64(const char *s, uint64_t *value);

#endif
