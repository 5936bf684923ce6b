/* SPDX-License-Identifier: MIT */
/*
 * FIFO event channels (<xen/event_channel.h>, "FIFO ABI"): the domain's state and what evtchn.c
 * asks of it.  See fifo.c for the rules.
 */
#ifndef HV_FIFO_H
#define HV_FIFO_H

#include <stdint.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <paravane/shared.h>

#define FIFO_WORDS_PER_PAGE	(PVN_PAGE_SIZE / sizeof(event_word_t))
#define FIFO_MAX_PAGES		(EVTCHN_FIFO_NR_CHANNELS / FIFO_WORDS_PER_PAGE)

struct fifo_queue {
	uint8_t vcpu, priority;
};

struct fifo_vcpu {
	uint64_t control_mfn;		/* 0 = none: what comes stays pending and is not linked */
	uint32_t control_offset;
	uint32_t tail[EVTCHN_FIFO_MAX_QUEUES];	/* the port linked last, 0 = none */
};

/* All of the domain's, under lock; the event words themselves are the guest's as well. */
struct fifo {
	uint32_t lock;
	uint32_t active;		/* the ABI in force is FIFO */
	uint32_t nr_pages;
	uint64_t array_mfn[FIFO_MAX_PAGES];
	struct fifo_vcpu vcpu[PVN_MAX_VCPUS];
	uint8_t priority[PVN_MAX_PORTS];
	struct fifo_queue last[PVN_MAX_PORTS];	/* the queue a port was linked to last */
	uint64_t early[PVN_PORT_WORDS];	/* pending, and their array page is not there yet */
};

/* Each returns 0 or a negative Xen errno. */
int fifo_init_control(unsigned int v, uint64_t mfn, uint32_t offset);
int fifo_expand_array(uint64_t mfn);
int fifo_set_priority(uint32_t port, uint32_t priority);

void fifo_reset(void);			/* back to the 2-level ABI, all pages let go */

/* Make the port pending, and link it for this vCPU if it is due.  1: an upcall became due. */
int fifo_set_pending(uint32_t port);
void fifo_unmask(uint32_t port);
int fifo_is_pending(uint32_t port);
int fifo_is_masked(uint32_t port);
void fifo_clear_pending(uint32_t port);
void fifo_port_init(uint32_t port);	/* a port comes into use */
int fifo_is_busy(uint32_t port);	/* still linked: not to be used again */

#endif
