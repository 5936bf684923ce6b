/* SPDX-License-Identifier: MIT */
/*
 * The text of a configuration whose disks have changed since it was read: a last assignment to
 * `disk', which overrides what stands before it.  Called by block-attach and block-detach, so that a
 * restarted domain has the disks that the last one had.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/domain_config.h"

#define MARK	"# Disks as attached and detached since:\n"

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

int domain_config_write_disks(struct domain_config *c)
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
