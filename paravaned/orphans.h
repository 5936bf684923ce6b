/* SPDX-License-Identifier: MIT */
/* Records of domain processes, for the paravaned that comes after one that was killed. */
#ifndef PARAVANED_ORPHANS_H
#define PARAVANED_ORPHANS_H

#include <sys/types.h>

/* End what is recorded and still runs, and forget it.  Once, at start.  0 or -errno. */
int orphans_end(void);

int orphans_record(pid_t pid, unsigned int domid);	/* 0 or -errno */
void orphans_forget(pid_t pid);				/* it is reaped */

#endif
