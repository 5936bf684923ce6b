/* SPDX-License-Identifier: MIT */
/*
 * Grants between domains.
 *
 * What a domain writes into its grant table is a wish that is looked at once.  The truth about who
 * uses what is here: an active entry per reference in use at the lender, a handle per mapping at
 * the borrower.  Results are GNTST_* (<xen/grant_table.h>), 0 or negative.
 */
#ifndef PARAVANED_GRANT_H
#define PARAVANED_GRANT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <xen/xen.h>
#include <paravane/shared.h>

struct domain;
struct lender;
struct mapper;
struct vcpu;

/* grant_active.c: the lender's side */
int grant_acquire(struct domain *rd, uint32_t ref, domid_t for_domid, uint32_t flags, struct lender **l,
		  uint64_t *mfn);
/* flags: which of the mapping's uses end, GNTMAP_host_map and GNTMAP_device_map. */
void grant_release(struct lender *l, uint32_t ref, uint32_t flags, uint64_t mfn);
void grants_free(struct domain *d);
uint32_t grants_active(const struct domain *d);		/* references in use by other domains */

/* One side of a copy, while it lasts. */
struct grant_side {
	struct lender *l;
	uint64_t mfn;
	uint16_t start, length;
	bool writable;
	unsigned nr_pins;			/* 2: a transitive grant and what it stands for */
	struct {
		struct domain *d;
		uint32_t ref;
	} pin[2];
};
int grant_side_get(struct domain *rd, uint32_t ref, domid_t for_domid, bool writable, struct grant_side *s);
void grant_side_put(struct grant_side *s);

/* grant_map.c: the borrower's side */
struct foreign {
	uint32_t flags;			/* GNTMAP_*; 0: free */
	uint32_t ref;
	domid_t domid;
	struct lender *l;
	uint64_t mfn;
	uint32_t next;			/* free handle, or the next one of the hash by mfn */
};

#define FOREIGN_BUCKETS	256

/* Lives until the last process that could touch what it has mapped is dead. */
struct borrower {
	unsigned refs;
	domid_t domid;
	struct foreign *v;
	uint32_t nr, max, used, first_free;
	uint32_t bucket[FOREIGN_BUCKETS];
	struct mapper *mapper[PVN_MAX_VCPUS];	/* of the process of each vCPU; NULL: none */
};

struct borrower *borrower_of(struct domain *d);		/* NULL: no memory */
void borrower_get(struct borrower *b);
void borrower_put(struct borrower *b);
uint32_t borrowers_handles(void);			/* grant mappings of all domains, dying ones too */

/* Requests of an image; n entries in place. */
void grant_map(struct domain *d, struct pvn_grant_map *g, uint32_t n);
void grant_lookup(struct domain *d, struct pvn_grant_map *g, uint32_t n);
void grant_unmap(struct domain *d, struct pvn_grant_map *g, uint32_t n);
int grant_foreign_map(struct vcpu *v, uint64_t va, uint64_t mfn, uint64_t prot);

/* grant_copy.c */
#define GRANT_COPIES	8U
void grant_copy(struct domain *d, struct pvn_grant_copy *g, uint32_t n);	/* at most so many */
int grant_transfer(struct domain *d, uint64_t mfn, uint64_t domid, uint64_t ref, bool *gone);


/* copy_ring.c */
void copy_ring_serve(struct vcpu *v);		/* it asked to: what it finds in the ring */
void copy_ring_forget(struct vcpu *v);		/* it has no process any more */

#endif
