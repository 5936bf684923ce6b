/* SPDX-License-Identifier: MIT */
/*
 * Where things are at run time.  One rule for every program:
 *   $PARAVANE_RUNDIR if set (absolute); else for root /run/paravane; else
 *   $XDG_RUNTIME_DIR/paravane; else /tmp/paravane-UID (made 0700, owner checked).
 * Below it:
 *   paravaned.sock          the machine's socket, 0600
 *   xenstored/socket        the store's socket (XENSTORED_RUNDIR = .../xenstored); for root
 *                           without PARAVANE_RUNDIR it is /run/xenstored/socket, Xen's own
 *   NAME.pid                of each daemon, locked while it lives
 *   net/                    paravane-netback's queues: what is answered, for who comes after it
 *   log/                    paravaned.log xenstored.log ... console/guest-NAME.log
 *   blk/                    paravane-blkback's journals of requests in flight
 *   userdata/               saved configurations of domains
 */
#ifndef PARAVANE_RUNDIR_H
#define PARAVANE_RUNDIR_H

#include <stddef.h>

/* The run directory, made if need be.  Returns a string that lives as long as the process,
 * or NULL with errno set (EPERM: it exists and is not ours; EINVAL: PARAVANE_RUNDIR is not absolute). */
const char *pvn_rundir(void);

/* rundir + "/" + name into buf.  Returns 0, or -ENAMETOOLONG, or -errno of pvn_rundir. */
int pvn_runpath(char *buf, size_t size, const char *name);

/* Path of the store's socket as above; and put it into XENSTORED_PATH, where libxenstore looks.
 * What the user had there is for stock tools: a machine has one store.  Returns 0 or -errno. */
int pvn_store_path(char *buf, size_t size);
int pvn_store_setenv(void);

#endif
