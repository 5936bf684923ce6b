/* SPDX-License-Identifier: MIT */
/* The processes a domain runs in, one per vCPU. */
#ifndef PARAVANED_PROCESS_H
#define PARAVANED_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct domain;
struct vcpu;

/* process.c */
int process_start(struct domain *d);		/* 0 or -errno */
int process_start_vcpu(struct vcpu *v);		/* of a domain that runs; 0 or -errno */
void process_stop(struct domain *d);		/* SIGSTOP */
void process_continue(struct domain *d);
void process_kill(struct domain *d);		/* detaches them: nobody waits */
void process_signal_kill(struct vcpu *v);	/* and see what the pidfd says */
void process_kick(struct vcpu *v);
uint64_t process_cpu_time(pid_t pid);		/* ns, with its children's; 0: no such process */
/* Of it and what it has made (user mode). */
void process_tree_each(pid_t pid, void (*fn)(pid_t pid, void *arg), void *arg);
uint64_t process_host_cpu_time(void);		/* of all processes of the host */
uint32_t process_last_cpu(pid_t pid);		/* where it ran last, the host's number */
uint64_t process_start_ticks(pid_t pid);		/* since boot, 0: no such process */
bool process_is_called(pid_t pid, const char *name);
bool process_is_killed(pid_t pid);		/* or about to be */
bool process_is_exiting(pid_t pid);
bool process_check(struct domain *d);		/* look at them now; false: d is no more */

/* affinity.c: where a vCPU's processes run */
int affinity_apply(struct vcpu *v);		/* what v->hard and v->soft say; 0 or -errno */
void affinity_user_mode(struct vcpu *v);	/* from now on it runs user code */
void affinity_leave(struct vcpu *v);		/* its process is gone */
uint32_t affinity_last_cpu(pid_t pid);		/* where it ran last, Xen's number */

/* request.c: what the image asks for over its socket */
void request_ready(void *vcpu, uint32_t revents);
void request_close(struct vcpu *v);
/* n requests more of the domain: true if it is not to be heard now. */
bool request_throttled(struct domain *d, uint32_t n);
void request_timer_stop(struct domain *d);

#endif
