/* SPDX-License-Identifier: MIT */
/*
 * The store nodes of a new domain.  Paths, values and owners are those of libxl; guests, backends
 * and other people's tools rely on them.  Called by create.c.
 *
 * A node inherits its parent's permissions, so only roots and exceptions carry their own.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "toolstack/lib/batch.h"
#include "toolstack/lib/layout.h"

static void roots(struct batch *b, uint32_t domid, const char *vm, const struct domain_config *c)
{
	/* A domid is used again; nothing of its last owner may be inherited. */
	batch_remove(b, "/local/domain/%u", domid);
	batch_remove(b, "/libxl/%u", domid);
	batch_remove(b, "/local/domain/0/backend/vbd/%u", domid);
	batch_remove(b, "/local/domain/0/backend/vif/%u", domid);
	batch_remove(b, "/local/domain/0/backend/9pfs/%u", domid);
	batch_remove(b, "/local/domain/0/backend/console/%u", domid);
	batch_remove(b, "%s", vm);
	batch_write(b, PERMS_READABLE, "", "/local/domain/%u", domid);
	batch_write(b, PERMS_READABLE, "", "%s", vm);
	batch_write(b, PERMS_CONTROL, "", "/libxl/%u", domid);
	batch_write(b, PERMS_INHERIT, "", "/libxl/%u/device", domid);
	batch_write(b, PERMS_INHERIT, "pv", "/libxl/%u/type", domid);
	batch_write(b, PERMS_INHERIT, vm, "/local/domain/%u/vm", domid);
	batch_write(b, PERMS_INHERIT, c->name, "/local/domain/%u/name", domid);
	batch_write_number(b, PERMS_INHERIT, domid, "/local/domain/%u/domid", domid);
	batch_write(b, PERMS_INHERIT, c->name, "%s/name", vm);
}

static void vm_nodes(struct batch *b, const char *vm, const char *uuid,
		     const struct domain_config *c)
{
	struct timespec now;
	char text[40];

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(text, sizeof(text), "%lld.%02ld", (long long)now.tv_sec, now.tv_nsec / 10000000);
	batch_write(b, PERMS_INHERIT, uuid, "%s/uuid", vm);
	batch_write(b, PERMS_INHERIT, "linux", "%s/image/ostype", vm);
	batch_write(b, PERMS_INHERIT, c->kernel, "%s/image/kernel", vm);
	if (c->ramdisk)
		batch_write(b, PERMS_INHERIT, c->ramdisk, "%s/image/ramdisk", vm);
	if (c->cmdline[0])
		batch_write(b, PERMS_INHERIT, c->cmdline, "%s/image/cmdline", vm);
	batch_write(b, PERMS_INHERIT, text, "%s/start_time", vm);
}

static void domain_nodes(struct batch *b, uint32_t domid, const struct domain_config *c)
{
	static const char *const guest_nodes[] = {
		"device/suspend/event-channel", "control/shutdown", "control/feature-poweroff",
		"control/feature-reboot", "control/feature-suspend", "control/sysrq", "data",
		"drivers", "feature", "attr", "error",
	};
	size_t i;
	unsigned int v;

	batch_write(b, PERMS_INHERIT, "", "/local/domain/%u/cpu", domid);
	batch_write(b, PERMS_INHERIT, "", "/local/domain/%u/memory", domid);
	batch_write(b, PERMS_INHERIT, "", "/local/domain/%u/device", domid);
	batch_write(b, PERMS_INHERIT, "", "/local/domain/%u/control", domid);
	for (i = 0; i < sizeof(guest_nodes) / sizeof(guest_nodes[0]); i++)
		batch_write(b, PERMS_GUEST, "", "/local/domain/%u/%s", domid, guest_nodes[i]);
	batch_write(b, PERMS_INHERIT, "1",
		    "/local/domain/%u/control/platform-feature-multiprocessor-suspend", domid);
	batch_write(b, PERMS_INHERIT, "1",
		    "/local/domain/%u/control/platform-feature-xs_reset_watches", domid);
	batch_write_number(b, PERMS_INHERIT, c->maxmem_kib, "/local/domain/%u/memory/static-max", domid);
	batch_write_number(b, PERMS_INHERIT, c->memory_kib, "/local/domain/%u/memory/target", domid);
	batch_write(b, PERMS_INHERIT, "0", "/local/domain/%u/memory/videoram", domid);
	for (v = 0; v < c->max_vcpus; v++)
		batch_write(b, PERMS_INHERIT, v < c->vcpus ? "online" : "offline",
			    "/local/domain/%u/cpu/%u/availability", domid, v);
}

/* The console frontend: its directory is the control domain's, a guest only reads it. */
static void console_nodes(struct batch *b, uint32_t domid)
{
	char front[PATH_BYTES], back[PATH_BYTES], copy[PATH_BYTES];

	snprintf(front, sizeof(front), "/local/domain/%u/console", domid);
	snprintf(back, sizeof(back), "/local/domain/0/backend/console/%u/0", domid);
	snprintf(copy, sizeof(copy), "/libxl/%u/device/console/0", domid);
	batch_write(b, PERMS_READABLE, "", "%s", front);
	batch_write(b, PERMS_INHERIT, back, "%s/backend", front);
	batch_write(b, PERMS_FRONTEND, "0", "%s/backend-id", front);
	batch_write(b, PERMS_INHERIT, "1048576", "%s/limit", front);
	batch_write(b, PERMS_INHERIT, "xenconsoled", "%s/type", front);
	batch_write(b, PERMS_INHERIT, "pty", "%s/output", front);
	batch_write(b, PERMS_INHERIT, "", "%s/tty", front);
	batch_write(b, PERMS_READABLE, "", "%s", back);
	batch_write(b, PERMS_INHERIT, front, "%s/frontend", back);
	batch_write_number(b, PERMS_INHERIT, domid, "%s/frontend-id", back);
	batch_write(b, PERMS_INHERIT, "1", "%s/online", back);
	batch_write(b, PERMS_INHERIT, "1", "%s/state", back);
	batch_write(b, PERMS_INHERIT, "vt100", "%s/protocol", back);
	batch_write(b, PERMS_INHERIT, front, "%s/frontend", copy);
	batch_write(b, PERMS_INHERIT, back, "%s/backend", copy);
}

static void vbd_backend(struct batch *b, uint32_t domid, const char *path, const char *front,
			const struct disk_config *d, const char *state)
{
	bool raw = !strcmp(d->format, "raw");

	batch_write(b, PERMS_INHERIT, front, "%s/frontend", path);
	batch_write(b, PERMS_INHERIT, d->target, "%s/params", path);
	batch_write_number(b, PERMS_INHERIT, domid, "%s/frontend-id", path);
	batch_write(b, PERMS_INHERIT, "1", "%s/online", path);
	batch_write(b, PERMS_INHERIT, d->cdrom ? "1" : "0", "%s/removable", path);
	batch_write(b, PERMS_INHERIT, "1", "%s/bootable", path);
	batch_write(b, PERMS_INHERIT, state, "%s/state", path);
	batch_write(b, PERMS_INHERIT, d->vdev, "%s/dev", path);
	batch_write(b, PERMS_INHERIT, raw ? "phy" : "qdisk", "%s/type", path);
	if (!raw)
		batch_write(b, PERMS_INHERIT, d->format, "%s/format", path);
	batch_write(b, PERMS_INHERIT, d->readwrite ? "w" : "r", "%s/mode", path);
	batch_write(b, PERMS_INHERIT, d->cdrom ? "cdrom" : "disk", "%s/device-type", path);
	batch_write(b, PERMS_INHERIT, d->discard ? "1" : "0", "%s/discard-enable", path);
	batch_write(b, PERMS_INHERIT, "xen", "%s/specification", path);
	if (d->direct_io_safe)
		batch_write(b, PERMS_INHERIT, "1", "%s/direct-io-safe", path);
}

/* A disk that is connected already must not look like a new one: state 4 at both ends. */
static void vbd_nodes(struct batch *b, uint32_t domid, const struct disk_config *d, bool runs)
{
	const char *state = runs ? "4" : "1";
	char front[PATH_BYTES], back[PATH_BYTES], copy[PATH_BYTES];

	snprintf(front, sizeof(front), "/local/domain/%u/device/vbd/%u", domid, d->devid);
	snprintf(back, sizeof(back), "/local/domain/0/backend/vbd/%u/%u", domid, d->devid);
	snprintf(copy, sizeof(copy), "/libxl/%u/device/vbd/%u", domid, d->devid);
	batch_write(b, PERMS_FRONTEND, "", "%s", front);
	batch_write(b, PERMS_INHERIT, back, "%s/backend", front);
	batch_write(b, PERMS_INHERIT, "0", "%s/backend-id", front);
	batch_write(b, PERMS_INHERIT, state, "%s/state", front);
	batch_write_number(b, PERMS_INHERIT, d->devid, "%s/virtual-device", front);
	batch_write(b, PERMS_INHERIT, d->cdrom ? "cdrom" : "disk", "%s/device-type", front);
	batch_write(b, PERMS_INHERIT, d->trusted ? "1" : "0", "%s/trusted", front);
	batch_write(b, PERMS_INHERIT, "x86_64-abi", "%s/protocol", front);
	batch_write(b, PERMS_READABLE, "", "%s", back);
	vbd_backend(b, domid, back, front, d, state);
	batch_write(b, PERMS_INHERIT, front, "%s/frontend", copy);
	batch_write(b, PERMS_INHERIT, back, "%s/backend", copy);
}

static void p9_nodes(struct batch *b, uint32_t domid, const struct p9_config *p9, unsigned int devid, bool runs)
{
	const char *state = runs ? "4" : "1";
	char front[PATH_BYTES], back[PATH_BYTES], copy[PATH_BYTES];

	snprintf(front, sizeof(front), "/local/domain/%u/device/9pfs/%u", domid, devid);
	snprintf(back, sizeof(back), "/local/domain/0/backend/9pfs/%u/%u", domid, devid);
	snprintf(copy, sizeof(copy), "/libxl/%u/device/9pfs/%u", domid, devid);
	batch_write(b, PERMS_FRONTEND, "", "%s", front);
	batch_write(b, PERMS_INHERIT, back, "%s/backend", front);
	batch_write(b, PERMS_INHERIT, "0", "%s/backend-id", front);
	batch_write(b, PERMS_INHERIT, state, "%s/state", front);
	batch_write(b, PERMS_INHERIT, p9->tag, "%s/tag", front);
	batch_write(b, PERMS_READABLE, "", "%s", back);
	batch_write(b, PERMS_INHERIT, front, "%s/frontend", back);
	batch_write_number(b, PERMS_INHERIT, domid, "%s/frontend-id", back);
	batch_write(b, PERMS_INHERIT, "1", "%s/online", back);
	batch_write(b, PERMS_INHERIT, state, "%s/state", back);
	batch_write(b, PERMS_INHERIT, p9->path, "%s/path", back);
	batch_write(b, PERMS_INHERIT, "none", "%s/security_model", back);
	batch_write(b, PERMS_INHERIT, front, "%s/frontend", copy);
	batch_write(b, PERMS_INHERIT, back, "%s/backend", copy);
}

int layout_domain(struct toolstack *t, uint32_t domid, const struct domain_config *c, bool runs)
{
	struct batch *b = batch_new(domid);
	char uuid[UUID_STR_LEN], vm[PATH_BYTES];
	unsigned int i;
	int ret;

	if (!b)
		return ts_fail(t, -ENOMEM, "xl: out of memory");
	uuid_unparse_lower(c->uuid, uuid);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	roots(b, domid, vm, c);
	vm_nodes(b, vm, uuid, c);
	domain_nodes(b, domid, c);
	console_nodes(b, domid);
	for (i = 0; i < c->nr_disks; i++)
		vbd_nodes(b, domid, &c->disks[i], runs);
	for (i = 0; i < c->nr_p9s; i++)
		p9_nodes(b, domid, &c->p9s[i], i, runs);
	for (i = 0; i < c->nr_nics; i++)
		layout_vif_nodes(b, domid, c, &c->nics[i], runs);
	ret = batch_commit(t, b);
	batch_free(b);
	return ret;
}

int layout_disk(struct toolstack *t, uint32_t domid, const struct disk_config *d)
{
	struct batch *b = batch_new(domid);
	int ret;

	if (!b)
		return ts_fail(t, -ENOMEM, "xl: out of memory");
	vbd_nodes(b, domid, d, false);
	ret = batch_commit(t, b);
	batch_free(b);
	return ret;
}

int layout_device_remove(struct toolstack *t, uint32_t domid, const char *kind, uint32_t devid)
{
	struct batch *b = batch_new(domid);
	int ret;

	if (!b)
		return ts_fail(t, -ENOMEM, "xl: out of memory");
	batch_remove(b, "/local/domain/%u/device/%s/%u", domid, kind, devid);
	batch_remove(b, "/local/domain/0/backend/%s/%u/%u", kind, domid, devid);
	batch_remove(b, "/libxl/%u/device/%s/%u", domid, kind, devid);
	ret = batch_commit(t, b);
	batch_free(b);
	return ret;
}

int layout_rings(struct toolstack *t, uint32_t domid, const struct layout_rings *r)
{
	struct batch *b = batch_new(domid);
	int ret;

	if (!b)
		return ts_fail(t, -ENOMEM, "xl: out of memory");
	batch_write_number(b, PERMS_INHERIT, r->store_port, "/local/domain/%u/store/port", domid);
	batch_write_number(b, PERMS_INHERIT, r->store_mfn, "/local/domain/%u/store/ring-ref", domid);
	batch_write_number(b, PERMS_INHERIT, r->console_port, "/local/domain/%u/console/port", domid);
	batch_write_number(b, PERMS_INHERIT, r->console_mfn, "/local/domain/%u/console/ring-ref", domid);
	ret = batch_commit(t, b);
	batch_free(b);
	return ret;
}
