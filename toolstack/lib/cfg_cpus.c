/* SPDX-License-Identifier: MIT */
/*
 * cpus= and cpus_soft=: one set for all vCPUs, or a list with a set for each.  A vCPU that a list
 * does not reach may run anywhere.  Called by cfg_fill.c, after maxvcpus is known.
 */
#include "config.h"
#include <errno.h>

#include "toolstack/lib/cfg_parser.h"

static int one(struct cfg_parser *p, const char *key, const char *text, struct cpumap *m)
{
	char why[128] = "";
	int ret = cpumap_parse(m, text, why, sizeof(why));

	return ret == -EINVAL ? cfg_fail(p, cfg_line(p, key), key, "%s", why) : ret;
}

static int list(struct cfg_parser *p, const char *key, const XLU_ConfigList *l, int n, struct cpumap *maps,
		unsigned int *nr)
{
	const char *text;
	int i, ret = 0;

	for (i = 0; !ret && i < n && (unsigned int)i < p->c->max_vcpus; i++) {
		text = xlu_cfg_get_listitem(l, i);
		if (!text)
			return cfg_fail(p, cfg_line(p, key), key, "entry %d is not a set of CPUs", i + 1);
		ret = one(p, key, text, &maps[i]);
		*nr = (unsigned int)i + 1;
	}
	return ret;
}

static int fill(struct cfg_parser *p, const char *key, struct cpumap *maps, unsigned int *nr)
{
	const XLU_ConfigList *l = NULL;
	XLU_ConfigList *items;
	const char *text;
	int n, ret;
	unsigned int i;

	if (!xlu_cfg_get_list(p->xlu, key, &items, &n, 1)) {
		l = items;
		return list(p, key, l, n, maps, nr);
	}
	ret = cfg_string(p, key, &text);
	if (ret || !text || !text[0])
		return ret;
	ret = one(p, key, text, &maps[0]);
	for (i = 1; !ret && i < p->c->max_vcpus; i++)
		maps[i] = maps[0];
	*nr = ret ? 0 : p->c->max_vcpus;
	return ret;
}

int cfg_cpus(struct cfg_parser *p)
{
	int ret = fill(p, "cpus", p->c->cpus, &p->c->nr_cpus);

	return ret ? ret : fill(p, "cpus_soft", p->c->cpus_soft, &p->c->nr_cpus_soft);
}
