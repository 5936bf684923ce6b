/* SPDX-License-Identifier: MIT */
/*
 * The disks of a configuration: xl-disk-configuration(5) read by libxlutil's own parser, then
 * reduced to what the block backend can serve.  Called by the parser; the text is untrusted.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/cfg_parser.h"
#include "toolstack/lib/disk_words.h"
#include "toolstack/lib/toolstack.h"

static void free_libxl_disk(libxl_device_disk *d)
{
	free(d->backend_domname);
	free(d->pdev_path);
	free(d->vdev);
	free(d->script);
	free(d->colo_host);
	free(d->colo_export);
	free(d->active_disk);
	free(d->hidden_disk);
}

/* Run libxlutil's parser, its complaint into *said (freed by the caller). */
static int parse_spec(int nr, const char *const *specs, libxl_device_disk *d, char **said)
{
	size_t size;
	FILE *report = open_memstream(said, &size);
	XLU_Config *xlu;
	int err = ENOMEM;

	if (!report)
		return -ENOMEM;
	xlu = xlu_cfg_init(report, "disk");
	if (xlu) {
		err = xlu_disk_parse(xlu, nr, specs, d);
		xlu_cfg_destroy(xlu);
	}
	fclose(report);
	return -err;
}

/* `format' is the disk's by name; NULL: an empty drive. */
static const char *unsupported(const libxl_device_disk *d, const char *format)
{
	bool raw = format && !strcmp(format, "raw");

	if (d->backend_domid || d->backend_domname)
		return "backend=: backends run in the control domain only";
	if (!format)
		return "an empty drive needs removable media, which is not there yet";
	if (d->backend == LIBXL_DISK_BACKEND_PHY && !raw)
		return "backendtype=phy takes format raw only; leave it out, or say qdisk";
	if (d->backend != LIBXL_DISK_BACKEND_UNKNOWN && d->backend != LIBXL_DISK_BACKEND_PHY &&
	    d->backend != LIBXL_DISK_BACKEND_QDISK)
		return "backendtype: phy and qdisk are served, by one backend";
	if (d->script && !disk_script_is_nbd(d))
		return "script=: block scripts are not run, but for block-nbd, which the backend does itself";
	if (d->specification == LIBXL_DISK_SPECIFICATION_VIRTIO)
		return "specification=virtio: only Xen block devices are served";
	if (d->colo_enable.val > 0 || d->colo_restore_enable.val > 0)
		return "colo: replication is not there";
	if (!d->pdev_path || !d->pdev_path[0])
		return "target= is missing: name the file, block device or NBD server";
	if (!d->vdev || !d->vdev[0])
		return "vdev= is missing: name the guest's device, for example xvda";
	return NULL;
}

static int take(struct cfg_parser *p, int line, const char *spec, libxl_device_disk *d,
		struct disk_config *disk)
{
	const char *format = disk->format, *problem = unsupported(d, format);
	unsigned int i;

	disk->format = NULL;	/* it was lent */
	if (problem)
		return cfg_fail(p, line, "disk", "`%s': %s", spec, problem);
	problem = disk_target(d, &disk->target);
	if (problem)
		return cfg_fail(p, line, "disk", "`%s': target `%s': %s", spec, d->pdev_path, problem);
	if (disk->target[0] != '/' && strcmp(format, "raw"))
		return cfg_fail(p, line, "disk", "`%s': format %s at an NBD server is not served: let the server "
				"take it apart (qemu-nbd -f %s)", spec, format, format);
	if (vdev_to_devid(d->vdev, &disk->devid))
		return cfg_fail(p, line, "disk", "`%s': `%s' is not a device name (xvda, sdb1, hdc)",
				spec, d->vdev);
	for (i = 0; i < p->c->nr_disks; i++)
		if (p->c->disks[i].devid == disk->devid)
			return cfg_fail(p, line, "disk", "`%s': `%s' is already another disk", spec,
					d->vdev);
	disk->vdev = d->vdev;
	d->vdev = NULL;
	disk->format = strdup(format);
	if (!disk->format)
		return -ENOMEM;
	disk->cdrom = d->is_cdrom;
	disk->readwrite = d->readwrite && !d->is_cdrom;
	disk->direct_io_safe = d->direct_io_safe;
	disk->discard = d->discard_enable.val >= 0 && disk->readwrite;
	disk->trusted = d->trusted.val >= 0;
	disk->line = line;
	return 0;
}

/* The specification may come in parts; spec is all of them, for messages. */
static int one_disk(struct cfg_parser *p, int line, const char *spec, int nr, const char *const *parts)
{
	struct disk_config *disk = &p->c->disks[p->c->nr_disks];
	const char *newer;
	char **known = disk_words_newer_format(nr, parts, &newer), *said = NULL;
	libxl_device_disk d;
	int ret;

	memset(&d, 0, sizeof(d));
	ret = parse_spec(nr, known ? (const char *const *)known : parts, &d, &said);
	free(known);
	if (ret) {
		if (said)
			said[strcspn(said, "\n")] = 0;
		ret = cfg_fail(p, line, "disk", "`%s': %s", spec,
			       said && said[0] ? said : "not a disk specification");
	} else {
		/* Counted first, so that domain_config_free sees what take() has moved. */
		disk->format = (char *)(uintptr_t)(newer ? newer : disk_format_name(d.format));
		ret = take(p, line, spec, &d, disk);
		p->c->nr_disks++;
	}
	free(said);
	free_libxl_disk(&d);
	return ret;
}

int cfg_disks(struct cfg_parser *p)
{
	int line = cfg_line(p, "disk"), entries, i, ret;
	XLU_ConfigList *list;
	const char *spec;

	if (!line)
		return 0;
	if (xlu_cfg_get_list(p->xlu, "disk", &list, &entries, 1))
		return cfg_fail(p, line, "disk", "must be a list: disk = [ \"...\" ]");
	if (entries > CFG_DISKS_MAX)
		return cfg_fail(p, line, "disk", "%d disks, at most %d are served", entries,
				CFG_DISKS_MAX);
	p->c->disks = calloc(entries + 1, sizeof(*p->c->disks));
	if (!p->c->disks)
		return -ENOMEM;
	for (i = 0; i < entries; i++) {
		spec = xlu_cfg_get_listitem(list, i);
		if (!spec)
			return cfg_fail(p, line, "disk", "entry %d is not a string", i + 1);
		ret = one_disk(p, line, spec, 1, &spec);
		if (ret)
			return ret;
	}
	return 0;
}

int domain_config_add_disk(struct domain_config *c, const char *source, int nr, const char *const *parts,
			   char **error)
{
	struct cfg_parser p = {.c = c, .error = error};
	struct disk_config *disks = realloc(c->disks, (c->nr_disks + 1) * sizeof(*disks));
	char *saved = c->source, spec[PATH_BYTES * 8] = "";
	size_t used = 0;
	int i, ret;

	*error = NULL;
	if (!disks)
		return -ENOMEM;
	memset(&disks[c->nr_disks], 0, sizeof(*disks));
	c->disks = disks;
	for (i = 0; i < nr && used < sizeof(spec); i++)
		used += (size_t)snprintf(spec + used, sizeof(spec) - used, "%s%s", i ? "," : "", parts[i]);
	c->source = strdup(source);
	if (!c->source)
		ret = -ENOMEM;
	else if (c->nr_disks == CFG_DISKS_MAX)
		ret = cfg_fail(&p, 0, "disk", "it has %d, the most that are served", CFG_DISKS_MAX);
	else
		ret = one_disk(&p, 0, spec, nr, parts);
	free(c->source);
	c->source = saved;
	return ret;
}
