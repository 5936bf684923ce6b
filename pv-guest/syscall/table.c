/* SPDX-License-Identifier: MIT */
/* The numbers of Linux on x86-64 and the functions that serve them. */
#include <pv/syscall.h>

#include "calls.h"

#define SYSCALL_ROW(nr, name) [nr] = sys_##name,

syscall_fn *const syscall_table[SYSCALLS_MAX] = { SYSCALLS(SYSCALL_ROW) };
