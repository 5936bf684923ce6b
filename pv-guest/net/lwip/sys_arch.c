/* SPDX-License-Identifier: MIT */
/*
 * lwIP's operating system layer: semaphores, mutexes, mailboxes, threads, time. None of it is called
 * in upcall context.
 */
#include <lwip/opt.h>
#include <lwip/err.h>
#include <lwip/sys.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

void sys_init(void)
{
}

u32_t sys_now(void)
{
	return now_ns() / NSEC_PER_MSEC;
}

u32_t sys_jiffies(void)
{
	return sys_now();
}

void *lwip_calloc(unsigned long n, unsigned long size)
{
	return size != 0 && n > (1UL << 30) / size ? NULL : kzalloc(n * size);
}

/* The C library's, which lwIP uses for the number in an interface's name. */
long strtol(const char *s, char **end, int base);
int atoi(const char *s);

long strtol(const char *s, char **end, int base)
{
	long v = 0;

	while (*s >= '0' && *s <= '9' && v < 1000000)
		v = v * 10 + *s++ - '0';
	if (end != NULL)
		*end = (char *)(uintptr_t)s;
	return v;
}

int atoi(const char *s)
{
	return strtol(s, NULL, 10);
}

/* Short sections of the core and of whoever frees a pbuf; they nest. */
static spinlock_t prot_lock = SPINLOCK_INIT;
static struct thread *prot_owner;
static unsigned int prot_depth;

sys_prot_t sys_arch_protect(void)
{
	if (__atomic_load_n(&prot_owner, __ATOMIC_RELAXED) != current()) {
		spin_lock(&prot_lock);
		__atomic_store_n(&prot_owner, current(), __ATOMIC_RELAXED);
	}
	return prot_depth++;
}

void sys_arch_unprotect(sys_prot_t before)
{
	if (--prot_depth != 0)
		return;
	__atomic_store_n(&prot_owner, NULL, __ATOMIC_RELAXED);
	spin_unlock(&prot_lock);
}

/* Semaphores. */
err_t sys_sem_new(sys_sem_t *s, u8_t count)
{
	s->lock.locked = 0;
	s->count = count;
	s->valid = true;
	wait_queue_init(&s->wq);
	return ERR_OK;
}

void sys_sem_free(sys_sem_t *s)
{
	s->valid = false;
}

/* The lock is held until nothing more of s is touched: the waiter may free it at once. */
void sys_sem_signal(sys_sem_t *s)
{
	spin_lock(&s->lock);
	s->count++;
	wake_up_one(&s->wq);
	spin_unlock(&s->lock);
}

static bool sem_take(sys_sem_t *s)
{
	bool took;

	spin_lock(&s->lock);
	took = s->count > 0;
	s->count -= took;
	spin_unlock(&s->lock);
	return took;
}

/* Milliseconds it took, SYS_ARCH_TIMEOUT; timeout 0: for ever. */
u32_t sys_arch_sem_wait(sys_sem_t *s, u32_t timeout)
{
	u32_t start = sys_now();

	if (timeout == 0)
		wait_event(&s->wq, sem_take(s));
	else if (!wait_event_timeout(&s->wq, sem_take(s), timeout * NSEC_PER_MSEC))
		return SYS_ARCH_TIMEOUT;
	return sys_now() - start;
}

/* Mutexes. */
err_t sys_mutex_new(sys_mutex_t *m)
{
	mutex_init(&m->m);
	m->valid = true;
	return ERR_OK;
}

void sys_mutex_free(sys_mutex_t *m)
{
	m->valid = false;
}

void sys_mutex_lock(sys_mutex_t *m)
{
	mutex_lock(&m->m);
}

void sys_mutex_unlock(sys_mutex_t *m)
{
	mutex_unlock(&m->m);
}

/* Mailboxes: all of one size, whatever is asked for. */
err_t sys_mbox_new(sys_mbox_t *m, int size)
{
	m->lock.locked = 0;
	m->put = m->taken = 0;
	m->valid = true;
	wait_queue_init(&m->not_empty);
	wait_queue_init(&m->not_full);
	return ERR_OK;
}

void sys_mbox_free(sys_mbox_t *m)
{
	m->valid = false;
}

static bool mbox_put(sys_mbox_t *m, void *msg)
{
	bool room;

	spin_lock(&m->lock);
	room = m->put - m->taken < LWIP_MBOX_SLOTS;
	if (room) {
		m->slots[m->put++ % LWIP_MBOX_SLOTS] = msg;
		wake_up_one(&m->not_empty);
	}
	spin_unlock(&m->lock);
	return room;
}

static bool mbox_take(sys_mbox_t *m, void **msg)
{
	bool there;

	spin_lock(&m->lock);
	there = m->put != m->taken;
	if (there) {
		void *got = m->slots[m->taken++ % LWIP_MBOX_SLOTS];

		if (msg != NULL)
			*msg = got;
		wake_up_one(&m->not_full);
	}
	spin_unlock(&m->lock);
	return there;
}

void sys_mbox_post(sys_mbox_t *m, void *msg)
{
	wait_event(&m->not_full, mbox_put(m, msg));
}

err_t sys_mbox_trypost(sys_mbox_t *m, void *msg)
{
	return mbox_put(m, msg) ? ERR_OK : ERR_MEM;
}

err_t sys_mbox_trypost_fromisr(sys_mbox_t *m, void *msg)
{
	return sys_mbox_trypost(m, msg);
}

u32_t sys_arch_mbox_fetch(sys_mbox_t *m, void **msg, u32_t timeout)
{
	u32_t start = sys_now();

	if (timeout == 0)
		wait_event(&m->not_empty, mbox_take(m, msg));
	else if (!wait_event_timeout(&m->not_empty, mbox_take(m, msg), timeout * NSEC_PER_MSEC))
		return SYS_ARCH_TIMEOUT;
	return sys_now() - start;
}

u32_t sys_arch_mbox_tryfetch(sys_mbox_t *m, void **msg)
{
	return mbox_take(m, msg) ? 0 : SYS_MBOX_EMPTY;
}

sys_thread_t sys_thread_new(const char *name, lwip_thread_fn fn, void *arg, int stack, int prio)
{
	return thread_create(name, fn, arg);
}
