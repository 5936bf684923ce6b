/* SPDX-License-Identifier: MIT */
/*
 * Links: a domain reaches a control-domain handle through a page of pending bits and a doorbell,
 * one per (domain, handle), however many ports are bound between them.
 */
#include "config.h"
#include "paravaned/evtchn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "paravaned/client.h"
#include "paravaned/domain.h"

static struct pvn_link *link_page(struct domain *d, uint8_t link)
{
	return (struct pvn_link *)(d->shared + PVN_LINKS_OFFSET) + link;
}

static void link_reset(struct domain *d, uint8_t link)
{
	uint64_t count;

	memset(link_page(d, link), 0, sizeof(struct pvn_link));
	/* Rings of the one before: an eventfd, nonblocking. */
	if (read(d->link[link].doorbell, &count, sizeof(count)) < 0)
		return;
}

/*
 * The link between d and c for one more port.  *is_new: c does not have its doorbell yet.
 * 0; -ENOSPC: PVN_MAX_LINKS handles are bound to this domain already.
 */
int link_get(struct domain *d, struct client *c, uint8_t *link, uint32_t *is_new)
{
	int i, free_one = -1, next = d->next_link;

	for (i = 0; i < PVN_MAX_LINKS; i++) {
		if (d->link[i].client == c) {
			d->link[i].nr_ports++;
			*link = (uint8_t)i;
			*is_new = 0;
			return 0;
		}
		/* The longest free: a handle that does not know yet that its link is gone still
		 * takes what it finds there. */
		if (free_one < 0 && !d->link[(next + i) % PVN_MAX_LINKS].client)
			free_one = (next + i) % PVN_MAX_LINKS;
	}
	if (free_one < 0)
		return -ENOSPC;
	d->next_link = (uint8_t)((free_one + 1) % PVN_MAX_LINKS);
	link_reset(d, (uint8_t)free_one);
	d->link[free_one].client = c;
	d->link[free_one].nr_ports = 1;
	*link = (uint8_t)free_one;
	*is_new = 1;
	return 0;
}

void link_put(struct domain *d, uint8_t link)
{
	if (--d->link[link].nr_ports == 0)
		d->link[link].client = NULL;
}
