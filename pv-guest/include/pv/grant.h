/* SPDX-License-Identifier: MIT */
/* Grant table v1: letting another domain (0, mostly) at our pages. Any context. */
#ifndef PV_GRANT_H
#define PV_GRANT_H

#include <pv/types.h>
#include <pv/mm.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

/* A free reference (the table grows as needed). 0 or -ENOSPC. */
int grant_alloc(grant_ref_t *ref);
void grant_free(grant_ref_t ref);
/* Makes an allocated, idle reference grant the frame. */
void grant_set(grant_ref_t ref, domid_t domid, mfn_t mfn, bool readonly);
/* Takes the grant back but keeps the reference. false: still mapped over there, nothing changed. */
bool grant_revoke(grant_ref_t ref);
/* alloc + set. */
int grant_access(domid_t domid, mfn_t mfn, bool readonly, grant_ref_t *ref);
/* revoke + free. false: still mapped there; the page must then not be reused. */
bool grant_end_access(grant_ref_t ref);

#endif
