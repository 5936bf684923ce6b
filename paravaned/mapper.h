/* SPDX-License-Identifier: MIT */
/*
 * The mapper of a domain's process: our hand in its address space (hv/process/mapper_loop.S).
 */
#ifndef PARAVANED_MAPPER_H
#define PARAVANED_MAPPER_H

#include <stdint.h>
#include <sys/mman.h>

struct domain;
struct mapper;

#define MAPPER_WRITE	PROT_WRITE
#define MAPPER_PROT	(PROT_READ | PROT_WRITE | PROT_EXEC)

struct place {
	uint64_t va, mfn;
	uint32_t prot;
	uint32_t next;
};

/* The two descriptors its process gets; ours are in *m.  0 or -errno. */
int mapper_new(struct mapper **m, int *socket_fd, int *page_fd);
void mapper_close(struct mapper *m);	/* and its task goes; NULL is fine */

/* Map the page at `offset` of fd at p->va.  0, or -errno: the domain is killed if it is to blame. */
int mapper_map(struct domain *d, struct mapper *m, const struct place *p, int fd, uint64_t offset);

/* Unmap mfn wherever it was mapped.  0, or -errno and the domain is being killed. */
int mapper_forget(struct domain *d, struct mapper *m, uint64_t mfn);

#endif
