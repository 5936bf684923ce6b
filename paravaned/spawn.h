/* SPDX-License-Identifier: MIT */
/* Making the processes of a domain. */
#ifndef PARAVANED_SPAWN_H
#define PARAVANED_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <paravane/shared.h>

struct spawn {
	uint16_t domid;
	uint32_t vcpu;
	int join_pidfd;		/* vCPU 0, whose namespaces it is to live in; -1: it is that one */
	uint64_t range_frames;
	int mem_fd, shared_fd, private_fd, request_fd;
	int doorbell[PVN_MAX_LINKS];
	int mapper_fd, mapper_page_fd;
	bool low_addresses;		/* its kernel lives below vm.mmap_min_addr */
	/* results */
	pid_t pid;
	int pidfd;
};

/*
 * Start the hv image as a vCPU, in the domain's sandbox with the descriptors PVN_FD_*.  0 or -errno.
 * What goes wrong in the new process itself it reports as a PVN_REQ_CRASH on request_fd.
 */
int spawn_vcpu(struct spawn *s);

/* sandbox.c.  What namespaces this host lets us have, found out once at start. */
void sandbox_probe(void);
unsigned long sandbox_clone_flags(void);
/* May the processes of a domain signal each other: do they reach nobody else? */
bool sandbox_siblings(void);
/* In the new process: leave everything behind.  0, or -errno with *what failed. */
int sandbox_enter(const struct spawn *s, const char **what);

#endif
