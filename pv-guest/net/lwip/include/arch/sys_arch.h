/* SPDX-License-Identifier: MIT */
/* lwIP's semaphores, mutexes and mailboxes, on the kernel's wait queues. */
#ifndef PV_LWIP_SYS_ARCH_H
#define PV_LWIP_SYS_ARCH_H

#include <pv/thread.h>

struct lwip_sem {
	spinlock_t lock;
	unsigned int count;
	bool valid;
	struct wait_queue wq;
};
typedef struct lwip_sem sys_sem_t;

struct lwip_mutex {
	struct mutex m;
	bool valid;
};
typedef struct lwip_mutex sys_mutex_t;

#define LWIP_MBOX_SLOTS	64U
struct lwip_mbox {
	spinlock_t lock;
	unsigned int put, taken;
	bool valid;
	struct wait_queue not_empty, not_full;
	void *slots[LWIP_MBOX_SLOTS];
};
typedef struct lwip_mbox sys_mbox_t;

typedef struct thread *sys_thread_t;
typedef unsigned long sys_prot_t;

#define sys_sem_valid(s)		((s)->valid)
#define sys_sem_set_invalid(s)		((s)->valid = false)
#define sys_mutex_valid(m)		((m)->valid)
#define sys_mutex_set_invalid(m)	((m)->valid = false)
#define sys_mbox_valid(m)		((m)->valid)
#define sys_mbox_set_invalid(m)		((m)->valid = false)

#endif
