/* SPDX-License-Identifier: MIT */
/* Sets of CPUs: the grammar and the words are those of Xen's xl. */
#include "config.h"
#include "toolstack/lib/cpumap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The host is one node. */
#define NODES	1

/* A number at *s, which moves on.  Larger than any CPU: CPUMAP_CPUS. */
static bool number(const char **s, unsigned int *out)
{
	unsigned long v;
	char *end;

	if (**s < '0' || **s > '9')
		return false;
	v = strtoul(*s, &end, 10);
	*out = v < CPUMAP_CPUS ? (unsigned int)v : CPUMAP_CPUS;
	*s = end;
	return true;
}

/* "3" or "3-7" and nothing behind it. */
static bool range(const char *s, unsigned int *first, unsigned int *last)
{
	if (!number(&s, first))
		return false;
	*last = *first;
	if (*s == '-') {
		s++;
		if (!number(&s, last) || *last < *first)
			return false;
	}
	return !*s;
}

static bool skip(const char **s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*s, word, n))
		return false;
	*s += n;
	return true;
}

static void put(struct cpumap *m, unsigned int cpu, bool in)
{
	if (in)
		m->bits[cpu / 8] |= (uint8_t)(1U << (cpu % 8));
	else
		m->bits[cpu / 8] &= (uint8_t)~(1U << (cpu % 8));
}

static int part(struct cpumap *m, const char *s, char *why, size_t size)
{
	bool out = skip(&s, "^"), nodes = skip(&s, "nodes:") || skip(&s, "node:");
	unsigned int first, last, i;

	if (!strcmp(s, "all")) {
		if (out) {
			snprintf(why, size, "Can't combine \"^\" and \"all\".");
			return -EINVAL;
		}
		memset(m, 0xff, sizeof(*m));
		return 0;
	}
	if (!range(s, &first, &last)) {
		snprintf(why, size, "Invalid pcpu range: %.60s.", s);
		return -EINVAL;
	}
	if (nodes && first >= NODES)
		return 0;
	if (nodes) {
		first = 0;
		last = CPUMAP_CPUS - 1;
	}
	for (i = first; i <= last && i < CPUMAP_CPUS; i++)
		put(m, i, !out);
	return 0;
}

int cpumap_parse(struct cpumap *m, const char *text, char *why, size_t size)
{
	char *copy = strdup(text), *at, *word;
	int ret = 0;

	memset(m, 0, sizeof(*m));
	if (!copy)
		return -ENOMEM;
	for (word = strtok_r(copy, ",", &at); !ret && word; word = strtok_r(NULL, ",", &at))
		ret = part(m, word, why, size);
	free(copy);
	return ret;
}

void cpumap_print(const struct cpumap *m, unsigned int nr, FILE *f)
{
	const char *comma = "";
	unsigned int i, first, n = 0;

	for (i = 0; i < nr; i++)
		n += cpumap_has(m, i);
	if (n == 0 || n == nr) {
		fputs(n ? "all" : "none", f);
		return;
	}
	for (i = 0; i < nr; i++) {
		if (!cpumap_has(m, i))
			continue;
		for (first = i; i + 1 < nr && cpumap_has(m, i + 1); i++)
			;
		fprintf(f, first == i ? "%s%u" : "%s%u-%u", comma, first, i);
		comma = ",";
	}
}
