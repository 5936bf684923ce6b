/* SPDX-License-Identifier: MIT */
/*
 * The network interfaces of a configuration: the words of xl-network-configuration(5), separated by commas.
 * libxlutil has a parser for the rate only; the rest is xl's own there and ours here.  Called by the
 * parser and by network-attach; the text is untrusted.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/cfg_parser.h"
#include "toolstack/lib/toolstack.h"

#define SPEC_BYTES	1024
#define DEFAULT_BRIDGE	"xenbr0"
#define MTU_MAX		65521

void nic_free(struct nic_config *n)
{
	free(n->bridge);
	free(n->vifname);
	free(n->script);
	free(n->ip);
	free(n->gatewaydev);
	free(n->model);
}

const char *nic_mac(const struct domain_config *c, const struct nic_config *n, char buf[MAC_BYTES])
{
	uint64_t hash = 0xcbf29ce484222325;	/* FNV-1a of the uuid and the number */
	size_t i;

	if (n->mac[0]) {
		memcpy(buf, n->mac, MAC_BYTES);
		return buf;
	}
	for (i = 0; i < sizeof(uuid_t); i++)
		hash = (hash ^ c->uuid[i]) * 0x100000001b3;
	hash = (hash ^ n->devid) * 0x100000001b3;
	hash ^= hash >> 32;
	snprintf(buf, MAC_BYTES, "00:16:3e:%02x:%02x:%02x", (unsigned int)(hash >> 16 & 0x7f),
		 (unsigned int)(hash >> 8 & 0xff), (unsigned int)(hash & 0xff));
	return buf;
}

static const char *take_mac(struct nic_config *n, const char *value)
{
	unsigned int b[6];
	int end = 0;

	if (sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 ||
	    value[end] || strspn(value, "0123456789abcdefABCDEF:") != strlen(value))
		return "is not an address like 00:16:3e:01:02:03";
	if (b[0] & 1)
		return "is a multicast address";
	snprintf(n->mac, sizeof(n->mac), "%02hhx:%02hhx:%02hhx:%02hhx:%02hhx:%02hhx", (unsigned char)b[0],
		 (unsigned char)b[1], (unsigned char)b[2], (unsigned char)b[3], (unsigned char)b[4],
		 (unsigned char)b[5]);
	return NULL;
}

static const char *take_number(const char *value, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(value, &end, 10);
	return value[0] < '0' || value[0] > '9' || *end || errno || *out > max ? "is not a number that is possible"
									       : NULL;
}

static const char *take_rate(struct nic_config *n, const char *value)
{
	libxl_device_nic nic;
	FILE *nowhere = fopen("/dev/null", "we");
	XLU_Config *xlu = nowhere ? xlu_cfg_init(nowhere, "vif") : NULL;
	int err = ENOMEM;

	memset(&nic, 0, sizeof(nic));
	if (xlu)
		err = xlu_vif_parse_rate(xlu, value, &nic);
	if (xlu)
		xlu_cfg_destroy(xlu);
	if (nowhere)
		fclose(nowhere);
	if (err || !nic.rate_bytes_per_interval || !nic.rate_interval_usecs)
		return "is not a rate like 10Mb/s or 1MB/s@20ms";
	n->rate_bytes = nic.rate_bytes_per_interval;
	n->rate_usecs = nic.rate_interval_usecs;
	return NULL;
}

static const char *take_text(char **out, const char *value)
{
	free(*out);
	*out = *value ? strdup(value) : NULL;
	return NULL;
}

/* What may become a file or interface name of the host. */
static const char *take_name(char **out, const char *value, size_t max)
{
	if (strlen(value) > max || strchr(value, '/') || strpbrk(value, " \t") || !strcmp(value, "..") || !strcmp(value, "."))
		return "is not a name that an interface can have";
	return take_text(out, value);
}

/* NULL, or what is wrong with the value. */
static const char *take_word(struct nic_config *n, const char *key, const char *value, bool *known)
{
	const char *problem;
	unsigned long number;

	*known = true;
	if (!strcmp(key, "mac"))
		return take_mac(n, value);
	if (!strcmp(key, "bridge"))
		return take_name(&n->bridge, value, 63);
	if (!strcmp(key, "vifname"))
		return take_name(&n->vifname, value, 15);
	if (!strcmp(key, "script"))
		return take_text(&n->script, value);
	if (!strcmp(key, "ip"))
		return take_text(&n->ip, value);
	if (!strcmp(key, "gatewaydev") || !strcmp(key, "netdev"))
		return take_name(&n->gatewaydev, value, 15);
	if (!strcmp(key, "model"))
		return take_text(&n->model, value);
	if (!strcmp(key, "rate"))
		return take_rate(n, value);
	if (!strcmp(key, "type"))
		return strcmp(value, "vif") ? "must be vif: there is no device model for ioemu" : NULL;
	if (!strcmp(key, "backend"))
		return strcmp(value, "0") && strcmp(value, "Domain-0") ?
			"must be 0: backends run in the control domain only" : NULL;
	if (!strcmp(key, "mtu")) {
		problem = take_number(value, MTU_MAX, &number);
		n->mtu = (unsigned int)number;
		return problem ? problem : number < 68 ? "is less than an IP packet needs (68)" : NULL;
	}
	if (!strcmp(key, "devid")) {
		problem = take_number(value, 255, &number);
		n->devid = (uint32_t)number;
		return problem;
	}
	if (!strcmp(key, "trusted")) {
		problem = take_number(value, 1, &number);
		n->trusted = number;
		return problem;
	}
	*known = false;
	return NULL;
}

static int one_word(struct cfg_parser *p, int line, const char *spec, char *word, struct nic_config *n)
{
	char *value, *end;
	const char *problem;
	bool known;

	word += strspn(word, " \t");
	end = word + strlen(word);
	while (end > word && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	if (!*word)
		return 0;
	value = strchr(word, '=');
	if (!value && !strcmp(word, "untrusted")) {
		n->trusted = false;
		return 0;
	}
	if (!value)
		return cfg_fail(p, line, "vif", "`%s': `%s' is not KEY=VALUE", spec, word);
	*value++ = 0;
	problem = take_word(n, word, value, &known);
	if (!known)
		return cfg_fail(p, line, "vif",
				"`%s': `%s' is not known; xl-network-configuration(5) lists the keys", spec, word);
	return problem ? cfg_fail(p, line, "vif", "`%s': %s `%s' %s", spec, word, value, problem) : 0;
}

static bool devid_taken(const struct domain_config *c, uint32_t devid)
{
	unsigned int i;

	for (i = 0; i < c->nr_nics; i++)
		if (c->nics[i].devid == devid)
			return true;
	return false;
}

static int one_nic(struct cfg_parser *p, int line, const char *spec)
{
	struct nic_config *n = &p->c->nics[p->c->nr_nics];
	char text[SPEC_BYTES], *word, *rest = text;
	int ret = 0;

	*n = (struct nic_config){.trusted = true, .line = line, .devid = UINT32_MAX};
	if (strlen(spec) >= sizeof(text))
		return cfg_fail(p, line, "vif", "a specification of more than %d bytes", SPEC_BYTES - 1);
	strcpy(text, spec);
	while (!ret && (word = strsep(&rest, ",")))
		ret = one_word(p, line, spec, word, n);
	if (!ret && n->devid == UINT32_MAX)
		for (n->devid = 0; devid_taken(p->c, n->devid);)
			n->devid++;
	else if (!ret && devid_taken(p->c, n->devid))
		ret = cfg_fail(p, line, "vif", "`%s': devid %u is already another interface", spec, n->devid);
	if (!ret && !n->bridge && !(n->bridge = strdup(DEFAULT_BRIDGE)))
		ret = -ENOMEM;
	p->c->nr_nics++;	/* domain_config_free() frees what it has */
	return ret;
}

int cfg_nics(struct cfg_parser *p)
{
	int line = cfg_line(p, "vif"), entries, i, ret = 0;
	XLU_ConfigList *list;
	const char *spec;

	if (!line)
		return 0;
	if (xlu_cfg_get_list(p->xlu, "vif", &list, &entries, 1))
		return cfg_fail(p, line, "vif", "must be a list: vif = [ \"...\" ]");
	if (entries > CFG_NICS_MAX)
		return cfg_fail(p, line, "vif", "%d interfaces, at most %d are served", entries, CFG_NICS_MAX);
	p->c->nics = calloc((size_t)entries + 1, sizeof(*p->c->nics));
	if (!p->c->nics)
		return -ENOMEM;
	for (i = 0; !ret && i < entries; i++) {
		spec = xlu_cfg_get_listitem(list, i);
		ret = spec ? one_nic(p, line, spec) :
			cfg_fail(p, line, "vif", "entry %d is not a string", i + 1);
	}
	return ret;
}

int domain_config_add_nic(struct domain_config *c, const char *source, int nr, const char *const *parts,
			  char **error)
{
	struct cfg_parser p = {.c = c, .error = error};
	struct nic_config *nics = realloc(c->nics, (c->nr_nics + 1) * sizeof(*nics));
	char *saved = c->source, spec[SPEC_BYTES] = "";
	size_t used = 0;
	int i, ret;

	*error = NULL;
	if (!nics)
		return -ENOMEM;
	c->nics = nics;
	for (i = 0; i < nr && used < sizeof(spec); i++)
		used += (size_t)snprintf(spec + used, sizeof(spec) - used, "%s%s", i ? "," : "", parts[i]);
	c->source = strdup(source);
	if (!c->source)
		ret = -ENOMEM;
	else if (c->nr_nics == CFG_NICS_MAX)
		ret = cfg_fail(&p, 0, "vif", "it has %d, the most that are served", CFG_NICS_MAX);
	else if (used >= sizeof(spec))
		ret = cfg_fail(&p, 0, "vif", "a specification of more than %d bytes", SPEC_BYTES - 1);
	else
		ret = one_nic(&p, 0, spec);
	free(c->source);
	c->source = saved;
	return ret;
}
