/* SPDX-License-Identifier: MIT */
/*
 * What shutdown and reboot have in common: a word to the guest, and waiting for the end.  A guest
 * may take its time or never obey; waiting ends only with the domain, or with ^C.
 */
#include "config.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/commands/xl.h"

struct stop {
	const char *word, *saying;
	struct waited {
		uint32_t domid;
		xen_domain_handle_t handle;
	} *domains;
	int nr;
};

static int stop_one(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		    const char *name, void *arg)
{
	struct stop *s = arg;
	struct waited *w;

	if (info->domain == 0)
		return xl_say("0: the control domain cannot be told to %s", s->word);
	printf("%s domain %u\n", s->saying, info->domain);
	fflush(stdout);
	w = realloc(s->domains, (s->nr + 1) * sizeof(*w));
	if (!w)
		return xl_say("out of memory");
	s->domains = w;
	if (domain_control(t, info->domain, "shutdown", s->word))
		return xl_error(t);
	w[s->nr].domid = info->domain;
	memcpy(w[s->nr].handle, info->handle, sizeof(info->handle));
	s->nr++;
	return 0;
}

/* Has it ended?  Says so. */
static bool has_ended(struct toolstack *t, const struct waited *w)
{
	struct xen_domctl_getdomaininfo info;

	if (pvn_ctl_domain_info(t->ctl, w->domid, &info) < 0 ||
	    memcmp(info.handle, w->handle, sizeof(info.handle))) {
		printf("Domain %u has been destroyed.\n", w->domid);
		return true;
	}
	if (!(info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
		return false;
	printf("Domain %u has been shut down, reason code %d\n", w->domid,
	       domain_shutdown_reason(&info));
	return true;
}

static int wait_all(struct toolstack *t, struct stop *s)
{
	unsigned int nr;
	char **event;
	int i;

	printf("Waiting for %d domains\n", s->nr);
	fflush(stdout);
	if (!xs_watch(t->xs, "@releaseDomain", "wait"))
		return xl_say("xenstored: cannot watch @releaseDomain: %s", strerror(errno));
	for (;;) {
		for (i = 0; i < s->nr; i++)
			if (has_ended(t, &s->domains[i]))
				s->domains[i--] = s->domains[--s->nr];
		fflush(stdout);
		if (!s->nr)
			return XL_OK;
		event = xs_read_watch(t->xs, &nr);
		if (!event)
			return xl_say("xenstored: has gone away while waiting");
		free(event);
	}
}

int xl_stop_command(int argc, char **argv, const char *word, const char *saying)
{
	struct stop s = {.word = word, .saying = saying};
	const char *name = !strcmp(word, "reboot") ? "reboot" : "shutdown";
	bool all = false, wait = false;
	struct toolstack t;
	int opt, ret;

	while ((opt = xl_getopt(name, argc, argv, "hawF", 0)) >= 0) {
		all |= opt == 'a';
		wait |= opt == 'w';
	}
	if (all == (optind < argc)) {
		xl_say("%s: name a domain, or say -a for all of them", name);
		return XL_USAGE;
	}
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	ret = xl_for_domains(&t, argc - optind, argv + optind, false, stop_one, &s);
	if (wait && s.nr && wait_all(&t, &s))
		ret = XL_FAILED;
	free(s.domains);
	toolstack_close(&t);
	return ret;
}
