/* SPDX-License-Identifier: MIT */
/*
 * The guest kernel's core as its file systems see it, on the host: memory from malloc, threads
 * and waiting from pthreads, the log in a buffer. The unit tests guestfs_* link this
 * with the real fs/ and block/ of the guest.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>
#include "shim.h"

char shim_log[SHIM_LOG_BYTES];
int64_t shim_time = 1700000000;
unsigned long shim_free_pages = 1UL << 16;
bool shim_interrupted;
char *shim_out;
size_t shim_out_len;

/* Memory. */
void *page_alloc(unsigned int order)
{
	return aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);
}

void page_free(void *va, unsigned int order)
{
	free(va);
}

void *page_alloc_zeroed(void)
{
	return kzalloc(PAGE_SIZE);
}

void *kmalloc(size_t size)
{
	/* What the guest's kmalloc cannot give. */
	if (size > PAGE_SIZE << PAGE_MAX_ORDER)
		return NULL;
	if (size >= PAGE_SIZE)
		return aligned_alloc(PAGE_SIZE, ROUND_UP(size, PAGE_SIZE));
	return malloc(size);
}

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	return p ? memset(p, 0, size) : NULL;
}

void *krealloc(void *p, size_t size)
{
	return size > PAGE_SIZE << PAGE_MAX_ORDER ? NULL : realloc(p, size);
}

void kfree(void *p)
{
	free(p);
}

char *kstrdup(const char *s)
{
	return strdup(s);
}

void mem_stats(struct mem_stats *s)
{
	memset(s, 0, sizeof(*s));
	s->total_pages = 1UL << 16;
	s->free_pages = shim_free_pages;
}

/* Threads. */
static pthread_mutex_t wake_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake_cond = PTHREAD_COND_INITIALIZER;
static uint64_t wakes;
static __thread uint64_t wakes_seen;

struct thread *thread_current(void)
{
	return (struct thread *)pthread_self();
}

void thread_yield(void)
{
	sched_yield();
}

void spin_lock(spinlock_t *l)
{
	while (__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

void spin_unlock(spinlock_t *l)
{
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}

unsigned long spin_lock_irqsave(spinlock_t *l)
{
	spin_lock(l);
	return 0;
}

void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
	spin_unlock(l);
}

void wait_queue_init(struct wait_queue *wq)
{
	wq->lock.locked = 0;
	list_init(&wq->waiters);
}

void wait_prepare(struct wait_queue *wq, struct waiter *w)
{
	pthread_mutex_lock(&wake_lock);
	wakes_seen = wakes;
	pthread_mutex_unlock(&wake_lock);
}

void wait_sleep(uint64_t deadline_ns)
{
	pthread_mutex_lock(&wake_lock);
	while (wakes == wakes_seen)
		pthread_cond_wait(&wake_cond, &wake_lock);
	pthread_mutex_unlock(&wake_lock);
}

void wait_finish(struct wait_queue *wq, struct waiter *w)
{
}

void wake_up(struct wait_queue *wq)
{
	pthread_mutex_lock(&wake_lock);
	wakes++;
	pthread_cond_broadcast(&wake_cond);
	pthread_mutex_unlock(&wake_lock);
}

void wake_up_one(struct wait_queue *wq)
{
	wake_up(wq);
}

void mutex_init(struct mutex *m)
{
	m->owner = NULL;
	wait_queue_init(&m->wq);
}

bool mutex_trylock(struct mutex *m)
{
	struct thread *nobody = NULL;

	return __atomic_compare_exchange_n(&m->owner, &nobody, thread_current(), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void mutex_lock(struct mutex *m)
{
	if (m->owner == thread_current())
		panic("mutex taken twice\n");
	if (!mutex_trylock(m))
		wait_event(&m->wq, mutex_trylock(m));
}

void mutex_unlock(struct mutex *m)
{
	BUG_ON(m->owner != thread_current());
	__atomic_store_n(&m->owner, NULL, __ATOMIC_RELEASE);
	wake_up(&m->wq);
}

/* Time. */
uint64_t wallclock_ns(void)
{
	return shim_time * NSEC_PER_SEC;
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

/* Words. */
void vprintk(const char *fmt, va_list ap)
{
	size_t n = strlen(shim_log);

	vsnprintf(shim_log + n, sizeof(shim_log) - n, fmt, ap);
}

void printk(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(fmt, ap);
	va_end(ap);
}

void eprintf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(fmt, ap);
	va_end(ap);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

int shim_printf(const char *fmt, ...)
{
	char line[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		panic("line too long\n");
	out_write(line, n);
	return n;
}

ssize_t out_write(const void *buf, size_t n)
{
	shim_out = realloc(shim_out, shim_out_len + n + 1);
	memcpy(shim_out + shim_out_len, buf, n);
	shim_out_len += n;
	shim_out[shim_out_len] = 0;
	return n;
}

void shim_out_clear(void)
{
	free(shim_out);
	shim_out = NULL;
	shim_out_len = 0;
}

bool console_interrupted(void)
{
	return shim_interrupted;
}

size_t str_copy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);

	if (size) {
		size_t n = MIN(len, size - 1);

		memcpy(dst, src, n);
		dst[n] = 0;
	}
	return len;
}

int parse_u64(const char *s, uint64_t *value)
{
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(s, &end, 0);
	return *end ? -EINVAL : errno ? -ERANGE : 0;
}

const char *error_text(int err)
{
	return strerror(err < 0 ? -err : err);
}
