/* SPDX-License-Identifier: MIT */
/*
 * The shared directories of a configuration: p9 = [ "tag=...,path=...,security_model=none" ], as
 * xl.cfg(5) says.  Called by the parser; the text is untrusted.
 */
#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/cfg_parser.h"

#define TAG_MAX	63	/* bytes; what a frontend must be able to keep */

static int set_once(struct cfg_parser *p, int line, const char *spec, const char *key, const char *value,
		    char **to)
{
	if (*to)
		return cfg_fail(p, line, "p9", "`%s': %s= is there twice", spec, key);
	*to = strdup(value);
	return *to ? 0 : -ENOMEM;
}

static int one_setting(struct cfg_parser *p, int line, const char *spec, char *word, struct p9_config *p9)
{
	char *value = strchr(word, '=');

	if (!value)
		return cfg_fail(p, line, "p9", "`%s': `%s' is not KEY=VALUE", spec, word);
	*value++ = 0;
	if (!strcmp(word, "tag"))
		return set_once(p, line, spec, word, value, &p9->tag);
	if (!strcmp(word, "path"))
		return set_once(p, line, spec, word, value, &p9->path);
	if (!strcmp(word, "security_model"))
		return !strcmp(value, "none") ? 0 :
		       cfg_fail(p, line, "p9", "`%s': security_model=%s is not served, only none", spec, value);
	if (!strcmp(word, "backend"))
		return !strcmp(value, "0") || !strcmp(value, "Domain-0") ? 0 :
		       cfg_fail(p, line, "p9", "`%s': backends run in the control domain only", spec);
	return cfg_fail(p, line, "p9", "`%s': unknown key `%s'; it has tag, path, security_model and backend", spec,
			word);
}

static int check(struct cfg_parser *p, int line, const char *spec, const struct p9_config *p9)
{
	const struct domain_config *c = p->c;
	unsigned int i;

	if (!p9->tag || !p9->tag[0] || strlen(p9->tag) > TAG_MAX)
		return cfg_fail(p, line, "p9", "`%s': tag= must be there, with 1 to %d bytes", spec, TAG_MAX);
	if (!p9->path || p9->path[0] != '/')
		return cfg_fail(p, line, "p9", "`%s': path= must be there, an absolute path", spec);
	for (i = 0; i + 1 < c->nr_p9s; i++)
		if (!strcmp(c->p9s[i].tag, p9->tag))
			return cfg_fail(p, line, "p9", "`%s': tag `%s' is already another share", spec, p9->tag);
	return 0;
}

static int one_share(struct cfg_parser *p, int line, const char *spec, struct p9_config *p9)
{
	char *copy = strdup(spec), *save = NULL, *word;
	int ret = copy ? 0 : -ENOMEM;

	p9->line = line;
	for (word = ret ? NULL : strtok_r(copy, ",", &save); !ret && word; word = strtok_r(NULL, ",", &save))
		ret = one_setting(p, line, spec, word + strspn(word, " \t"), p9);
	free(copy);
	return ret ? ret : check(p, line, spec, p9);
}

int cfg_p9(struct cfg_parser *p)
{
	int line = cfg_line(p, "p9"), entries, i, ret = 0;
	XLU_ConfigList *list;
	const char *spec;

	if (!line)
		return 0;
	if (xlu_cfg_get_list(p->xlu, "p9", &list, &entries, 1))
		return cfg_fail(p, line, "p9", "must be a list: p9 = [ \"tag=...,path=...\" ]");
	if (entries > CFG_P9_MAX)
		return cfg_fail(p, line, "p9", "%d shares, at most %d are served", entries, CFG_P9_MAX);
	p->c->p9s = calloc((size_t)entries + 1, sizeof(*p->c->p9s));
	if (!p->c->p9s)
		return -ENOMEM;
	for (i = 0; !ret && i < entries; i++) {
		spec = xlu_cfg_get_listitem(list, i);
		if (!spec)
			return cfg_fail(p, line, "p9", "entry %d is not a string", i + 1);
		/* Counted first, so that domain_config_free sees it. */
		p->c->nr_p9s++;
		ret = one_share(p, line, spec, &p->c->p9s[i]);
	}
	return ret;
}
