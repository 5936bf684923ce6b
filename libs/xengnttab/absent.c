/* SPDX-License-Identifier: MIT */
/*
 * The parts of <xengnttab.h> that Paravane does not have: the control domain's programs are host
 * processes, whose memory no domain could map (gntshr), and there are no device buffers (dmabuf).
 */
#include "config.h"
#include <xengnttab.h>

#include "libs/client/handle.h"

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned open_flags)
{
	return pvn_errno_null(-ENOSYS);
}

int xengntshr_close(xengntshr_handle *h)
{
	return h ? pvn_errno(-ENOSYS) : 0;
}

int xengntshr_fd(xengntshr_handle *h)
{
	return pvn_errno(-ENOSYS);
}

void *xengntshr_share_pages(xengntshr_handle *h, uint32_t domid, int count, uint32_t *refs, int writable)
{
	return pvn_errno_null(-ENOSYS);
}

void *xengntshr_share_page_notify(xengntshr_handle *h, uint32_t domid, uint32_t *ref, int writable,
				  uint32_t notify_offset, evtchn_port_t notify_port)
{
	return pvn_errno_null(-ENOSYS);
}

int xengntshr_unshare(xengntshr_handle *h, void *start_address, uint32_t count)
{
	return pvn_errno(-ENOSYS);
}

int xengnttab_dmabuf_exp_from_refs(xengnttab_handle *h, uint32_t domid, uint32_t flags, uint32_t count,
				   const uint32_t *refs, uint32_t *fd)
{
	return pvn_errno(-EOPNOTSUPP);
}

int xengnttab_dmabuf_exp_wait_released(xengnttab_handle *h, uint32_t fd, uint32_t wait_to_ms)
{
	return pvn_errno(-EOPNOTSUPP);
}

int xengnttab_dmabuf_imp_to_refs(xengnttab_handle *h, uint32_t domid, uint32_t fd, uint32_t count,
				 uint32_t *refs)
{
	return pvn_errno(-EOPNOTSUPP);
}

int xengnttab_dmabuf_imp_release(xengnttab_handle *h, uint32_t fd)
{
	return pvn_errno(-EOPNOTSUPP);
}
