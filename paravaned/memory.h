/* SPDX-License-Identifier: MIT */
/* The frames of domains: which are populated, what they count against, how they go back. */
#ifndef PARAVANED_MEMORY_H
#define PARAVANED_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct domain;

/* Set the ceiling.  0; -ENOMEM: more than the host has for domains, or beyond the range. */
int memory_set_max(struct domain *d, uint64_t pages);

/* One extent of 2^order contiguous frames for pfn.  0 and *mfn, or -ENOMEM. */
int memory_populate(struct domain *d, uint64_t pfn, unsigned int order, uint64_t *mfn);

/* Give back nr frames from mfn on.  0, or -EINVAL (none is given back) when not all are the
 * domain's populated RAM.  Frames that other domains have mapped go when they have unmapped them. */
int memory_release(struct domain *d, uint64_t mfn, uint64_t nr);

/* Whether the frame is the domain's populated RAM. */
bool memory_owned(const struct domain *d, uint64_t mfn);

/* Give pages [first, first + nr) of a memory object back to the host. */
void memory_punch(int fd, uint64_t first, uint64_t nr);

/* Give back n RAM frames (numbers in the domain's range) for the frames that are missing in the run of
 * nr from mfn.  As many must be missing; 0, or -EINVAL and nothing has changed. */
int memory_exchange(struct domain *d, const uint32_t *give, uint32_t n, uint64_t mfn, uint64_t nr);

/* Of a domain that dies: punches all of it, whoever still maps it. */
void memory_release_all(struct domain *d);

/* Stake a claim: so many pages in all, populated ones counted.  0, -EINVAL or -ENOMEM. */
int memory_claim(struct domain *d, uint64_t pages);

/* memory_op.c: the hypercall of the control domain */
int64_t memory_op(struct client *c, uint64_t cmd, uint64_t arg);

#endif
