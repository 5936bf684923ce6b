/* SPDX-License-Identifier: MIT */
/*
 * What a configuration file asks for, checked: the one form of a domain's configuration that the
 * rest of the toolstack reads.
 *
 * The text (file plus key=value overrides) is the truth that is kept in RUNDIR/userdata; this
 * structure is derived from it whenever somebody needs it.  Text is untrusted: it may be any bytes.
 */
#ifndef PARAVANE_DOMAIN_CONFIG_H
#define PARAVANE_DOMAIN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uuid/uuid.h>

#include <paravane/shared.h>
#include "toolstack/lib/cpumap.h"

#define CFG_TEXT_MAX		(1u << 20)	/* bytes of configuration text */
#define CFG_NAME_MAX		64		/* bytes of a domain's name */
#define CFG_CMDLINE_MAX		1023		/* start_info has 1024 with the NUL */
#define CFG_DISKS_MAX		64
#define CFG_P9_MAX		16
#define CFG_NICS_MAX		8
#define MAC_BYTES		18	/* of its text */

enum domain_action {
	ACTION_DESTROY,
	ACTION_RESTART,
	ACTION_RENAME_RESTART,
	ACTION_PRESERVE,
	ACTION_COREDUMP_DESTROY,
	ACTION_COREDUMP_RESTART,
	ACTION_SOFT_RESET,
	NR_ACTIONS
};

/* One PV disk.  The words are xl-disk-configuration(5)'s. */
struct disk_config {
	char *target;		/* path in the control domain, or place of an NBD server (no `/' first) */
	char *vdev;		/* as written: xvda, sdb1, hdc, 51712 */
	uint32_t devid;		/* number of vdev: the device's name in the store */
	char *format;		/* raw, qcow2, ... */
	bool readwrite;
	bool cdrom;
	bool direct_io_safe;
	bool discard;
	bool trusted;
	int line;
};

/* One PV network interface.  The words are xl-network-configuration(5)'s. */
struct nic_config {
	uint32_t devid;		/* its number, and its name in the store */
	char mac[MAC_BYTES];	/* "" : nic_mac() makes one */
	char *bridge;
	char *vifname, *script, *ip, *gatewaydev, *model;	/* NULL: not given */
	uint64_t rate_bytes;	/* per interval; 0: no limit */
	uint32_t rate_usecs;
	unsigned int mtu;	/* 0: not given, 1500 */
	bool trusted;
	int line;
};

/* One shared directory, as xl.cfg(5) says of p9. */
struct p9_config {
	char *tag;		/* what the guest mounts it by */
	char *path;		/* directory in the control domain */
	int line;
};

struct domain_config {
	char *source;		/* file name for messages */
	int file_lines;		/* lines of the text after these came from the command line */
	char *text;		/* the whole text, overrides included */
	size_t text_len;

	char *name;
	uuid_t uuid;		/* generated when the file has none */
	bool uuid_given;
	char *kernel;
	int kernel_line;
	char *ramdisk;
	int ramdisk_line;
	char *cmdline;
	uint64_t memory_kib;
	uint64_t maxmem_kib;	/* >= memory_kib */
	int memory_line;
	unsigned int vcpus;
	unsigned int max_vcpus;
	struct cpumap cpus[PVN_MAX_VCPUS], cpus_soft[PVN_MAX_VCPUS];
	unsigned int nr_cpus, nr_cpus_soft;	/* vCPUs they are given for */
	unsigned int max_grant_frames;
	unsigned int max_maptrack_frames;
	unsigned int max_grant_version;
	unsigned int max_event_channels;
	bool nomigrate;
	enum domain_action on_poweroff, on_reboot, on_watchdog, on_crash, on_soft_reset;
	struct disk_config *disks;
	unsigned int nr_disks;
	struct p9_config *p9s;	/* their places are their numbers in the store */
	unsigned int nr_p9s;
	struct nic_config *nics;
	unsigned int nr_nics;
};

/*
 * Read a file and append the overrides ("key=value", one per line after the file, later wins).
 * On failure *error is one line without newline, to be freed, naming file and line where there
 * is one; the structure then holds nothing.  Returns 0 or -errno.
 */
int domain_config_load(struct domain_config *c, const char *path, const char *const *overrides,
		       int nr_overrides, char **error);

/* The same from text in memory.  `source` stands in messages; lines after the first file_len
 * bytes are said to be "command line". */
int domain_config_parse(struct domain_config *c, const char *source, const char *text, size_t len,
			size_t file_len, char **error);

/* One more disk, its specification in parts as they stand on a command line; it becomes the last of
 * c->disks (which is not the text's any more).  0 or -errno with *error, a line that begins with source. */
int domain_config_add_disk(struct domain_config *c, const char *source, int nr, const char *const *parts,
			   char **error);

/* The same for one more network interface. */
int domain_config_add_nic(struct domain_config *c, const char *source, int nr, const char *const *parts,
			  char **error);

/* The address of an interface: the one it was given, or one of 00:16:3e that is always the same for this
 * domain and interface.  Returns buf. */
const char *nic_mac(const struct domain_config *c, const struct nic_config *n, char buf[MAC_BYTES]);
void nic_free(struct nic_config *n);	/* what it points to */

/* Make the text say what c->disks and c->nics say.  0, -ENOMEM, or -E2BIG: it would be longer than CFG_TEXT_MAX. */
int domain_config_write_devices(struct domain_config *c);

void domain_config_free(struct domain_config *c);

/* Where a line of the text is from, as messages begin: "p.cfg:4", "p.cfg: command line", or
 * "p.cfg" for line 0.  Returns buf. */
const char *domain_config_where(const struct domain_config *c, int line, char *buf, size_t size);

const char *domain_action_name(enum domain_action action);

/* A name a domain may have: 1..CFG_NAME_MAX bytes, printable, no '/', not all digits (it would
 * be taken for a domain id).  Returns NULL, or what is wrong with it. */
const char *domain_name_problem(const char *name);

/* "xvda1", "sdb", "hdc", "d0p1", "51712" to a device number; -EINVAL for anything else.
 * The rules are those of xen-vbd-interface(7). */
int vdev_to_devid(const char *vdev, uint32_t *devid);


#endif
