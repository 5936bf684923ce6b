/* SPDX-License-Identifier: MIT */
/*
 * The text of a configuration whose devices have changed since it was read: last assignments to
 * `disk' and `vif', which override what stands before them.  Called by hotplug.c, so that a restarted
 * domain has the devices that the last one had.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/domain_config.h"

#define MARK	"# Devices as attached and detached since:\n"

/* Inside of double quotes, as libxlutil takes them apart. */
static void put_quoted(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			fprintf(f, "\\x%02x", *s);
		else
			fputc(*s, f);
	}
}

/* target= is the last: it takes what follows as it is. */
static void put_disk(FILE *f, const struct disk_config *d)
{
	fprintf(f, "\"format=%s,vdev=%s,access=%s%s%s%s%s,target=", d->format, d->vdev,
		d->readwrite ? "rw" : "ro", d->cdrom ? ",devtype=cdrom" : "",
		d->direct_io_safe ? ",direct-io-safe" : "", d->discard ? "" : ",no-discard",
		d->trusted ? "" : ",untrusted");
	put_quoted(f, d->target);
	fputs("\", ", f);
}

static void put_word(FILE *f, const char *key, const char *value)
{
	if (!value)
		return;
	fprintf(f, ",%s=", key);
	put_quoted(f, value);
}

static void put_nic(FILE *f, const struct nic_config *n)
{
	fprintf(f, "\"devid=%u", n->devid);
	if (n->mac[0])
		put_word(f, "mac", n->mac);
	put_word(f, "bridge", n->bridge);
	put_word(f, "vifname", n->vifname);
	put_word(f, "script", n->script);
	put_word(f, "ip", n->ip);
	put_word(f, "gatewaydev", n->gatewaydev);
	put_word(f, "model", n->model);
	if (n->rate_bytes)	/* exact only in these units */
		fprintf(f, ",rate=%lluB/s@%uus",
			(unsigned long long)(n->rate_bytes * 1000000 / n->rate_usecs), n->rate_usecs);
	if (n->mtu)
		fprintf(f, ",mtu=%u", n->mtu);
	fprintf(f, "%s\", ", n->trusted ? "" : ",trusted=0");
}

int domain_config_write_devices(struct domain_config *c)
{
	const char *mark = strstr(c->text, MARK);
	size_t keep = mark ? (size_t)(mark - c->text) : c->text_len, size = 0;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);
	unsigned int i;

	if (!f)
		return -ENOMEM;
	fwrite(c->text, 1, keep, f);
	if (keep && c->text[keep - 1] != '\n')
		fputc('\n', f);
	fputs(MARK "disk = [ ", f);
	for (i = 0; i < c->nr_disks; i++)
		put_disk(f, &c->disks[i]);
	fputs("]\nvif = [ ", f);
	for (i = 0; i < c->nr_nics; i++)
		put_nic(f, &c->nics[i]);
	fputs("]\n", f);
	if (fclose(f) || size > CFG_TEXT_MAX) {
		free(text);
		return size > CFG_TEXT_MAX ? -E2BIG : -ENOMEM;
	}
	free(c->text);
	c->text = text;
	c->text_len = size;
	return 0;
}
