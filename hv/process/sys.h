/* SPDX-License-Identifier: MIT */
/*
 * Host system calls of the image.  All go through one SYSCALL instruction, hv_syscall in
 * entry.S, whose address the seccomp filter knows; which are allowed once the filter is
 * on is decided by paravaned (paravaned/seccomp.c).
 */
#ifndef HV_PROCESS_SYS_H
#define HV_PROCESS_SYS_H

#include <asm/unistd.h>

long hv_syscall(long a1, long a2, long a3, long a4, long a5, long a6, long nr);

#define sys6(nr, a, b, c, d, e, f) \
	hv_syscall((long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f), nr)
#define sys3(nr, a, b, c)	sys6(nr, a, b, c, 0, 0, 0)

#define sys_mmap(addr, len, prot, flags, fd, off) \
	sys6(__NR_mmap, addr, len, prot, flags, fd, off)
#define sys_munmap(addr, len)		sys3(__NR_munmap, addr, len, 0)
#define sys_read(fd, buf, n)		sys3(__NR_read, fd, buf, n)
#define sys_write(fd, buf, n)		sys3(__NR_write, fd, buf, n)
#define sys_futex(p, op, val, to)	sys6(__NR_futex, p, op, val, to, 0, 0)
#define sys_exit(code)			sys3(__NR_exit_group, code, 0, 0)

#endif
