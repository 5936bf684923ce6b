/* SPDX-License-Identifier: MIT */
/* What the files of the process platform share with each other. */
#ifndef HV_PROCESS_PROCESS_H
#define HV_PROCESS_PROCESS_H

#include <hv/hv.h>

/* image.lds and entry.S */
extern const char hv_image_start[], hv_text_end[], hv_image_end[];
extern const char hv_fast_window[], hv_fast_ret[], hv_fast_slow[];
extern const char hv_enter_window[], hv_enter_end[], hv_enter_again[];
extern const char hv_sigreturn[];
extern uint64_t hv_guest_rsp;
void hv_enter_guest(void) __attribute__((noreturn));

struct sigcontext;
void regs_from_frame(const struct sigcontext *s);
/* What a host signal says, as the guest's trap in its present mode. */
void image_fault(int sig, const struct sigcontext *s);

/* signal.c: handlers on an alternate stack at [base, base + size). */
void signals_init(uint64_t base, uint64_t size);

/* mapper.c */
void mapper_start(void);

/* timer.c */
void timer_init(void);

#endif
