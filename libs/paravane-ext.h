/* SPDX-License-Identifier: MIT */
/*
 * What Paravane's libraries have beyond Xen's interface.  The symbols are weak for the caller: a
 * program that finds them NULL runs on somebody else's libraries and does without.
 */
#ifndef PVN_LIBS_PARAVANE_EXT_H
#define PVN_LIBS_PARAVANE_EXT_H

#include <stddef.h>
#include <stdint.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#ifndef PVN_EXT_DEFINES		/* set by the libraries themselves */
#pragma weak xenevtchn_poll
#pragma weak xengnttab_window
#pragma weak xengnttab_window_generation
#endif

/*
 * Look out for events for at most ns without sleeping; domains know that meanwhile, so their
 * notifications cost them no system call.  1: something is pending: call xenevtchn_pending()
 * before anything sleeps on the handle's descriptor.  0: nothing, or polling makes no sense now
 * (nothing was busy lately, or somebody else wants the CPU).  -1 and errno: the handle is dead.
 */
int xenevtchn_poll(xenevtchn_handle *xce, uint64_t ns);

/*
 * Where the whole memory of domid is mapped in this process, writable, and how long that is:
 * single-page grant mappings point into it, and it may be registered with io_uring.  The mapping
 * lives until xengnttab_close(), even when the domain is gone; with base NULL the handle gives
 * up what it has of domid (backends: when the device is gone).  0, or -1 and errno (ESRCH: no such
 * domain).
 */
int xengnttab_window(xengnttab_handle *xgt, uint32_t domid, void **base, size_t *bytes);

/*
 * A number that changes whenever frames of domid have been given back: who has pinned pages of the
 * window (io_uring registered buffers) must then drop them, for the domain may see other pages
 * there by now.  A domain can change it at will, which only costs it the registration.  0, or -1
 * and errno.
 */
int xengnttab_window_generation(xengnttab_handle *xgt, uint32_t domid, uint64_t *generation);

#endif
