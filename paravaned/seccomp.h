/* SPDX-License-Identifier: MIT */
/* The system call filter of a domain. */
#ifndef PARAVANED_SECCOMP_H
#define PARAVANED_SECCOMP_H

#include <stdint.h>
#include <linux/filter.h>

/* What fits into the page set. */
#define SECCOMP_MAX_LEN	2048U

/* Make the program once; later calls copy it.  out has room for SECCOMP_MAX_LEN.  0 or -errno. */
int seccomp_program(struct sock_filter *out, uint32_t *len);
/* The same for the domain's mapper (mapper.h). */
int seccomp_mapper_program(struct sock_filter *out, uint32_t *len);

#endif
