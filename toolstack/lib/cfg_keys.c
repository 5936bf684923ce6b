/* SPDX-License-Identifier: MIT */
/*
 * Every key of xl.cfg(5) that Paravane knows, and what becomes of it.  Called by the parser for
 * each statement.  A key is honoured, or refused by name with a reason; nothing is ignored in
 * silence, because a disk or a limit that quietly is not there costs more than an error.
 *
 * A refused key may still say what is the case anyway (its neutral values: "0", "", an empty
 * list), so that generated configurations with every default spelled out are accepted.
 */
#include "config.h"
#include <string.h>

#include "toolstack/lib/cfg_parser.h"

struct cfg_key {
	const char *name;
	const char *neutral;	/* honoured: NULL; else values accepted, separated by '|' */
	const char *reason;	/* honoured: NULL */
};

#define HVM	"is for HVM and PVH guests; a PV guest has no such thing"
#define QEMU	"is for a device model; none runs for PV guests here"
#define PCI	"is for PCI passthrough; there is none without a Xen underneath"
#define ARM	"is for Arm hosts"
#define SCHED	"is not a parameter of this scheduler; domains are host processes"

static const struct cfg_key keys[] = {
	/* Honoured: cfg_fill.c, cfg_cpus.c, cfg_disks.c, cfg_nics.c and cfg_p9.c read them. */
	{"name", NULL, NULL}, {"uuid", NULL, NULL}, {"type", NULL, NULL}, {"builder", NULL, NULL},
	{"kernel", NULL, NULL}, {"ramdisk", NULL, NULL}, {"cmdline", NULL, NULL},
	{"root", NULL, NULL}, {"extra", NULL, NULL}, {"firmware", NULL, NULL},
	{"memory", NULL, NULL}, {"maxmem", NULL, NULL},
	{"vcpus", NULL, NULL}, {"maxvcpus", NULL, NULL}, {"cpus", NULL, NULL}, {"cpus_soft", NULL, NULL},
	{"on_poweroff", NULL, NULL}, {"on_reboot", NULL, NULL}, {"on_watchdog", NULL, NULL},
	{"on_crash", NULL, NULL}, {"on_soft_reset", NULL, NULL},
	{"max_grant_frames", NULL, NULL}, {"max_maptrack_frames", NULL, NULL},
	{"max_grant_version", NULL, NULL}, {"max_event_channels", NULL, NULL},
	{"nomigrate", NULL, NULL}, {"disk", NULL, NULL}, {"vif", NULL, NULL},
	{"p9", NULL, NULL},

	/* Identity and placement. */
	{"pool", "Pool-0", "there is one CPU pool, Pool-0"},
	{"seclabel", "", "there are no security labels here"},
	{"init_seclabel", "", "there are no security labels here"},
	{"cpu_weight", "256", "weights are not enforced yet; only the default, 256, is true"},
	{"cap", "0", "caps are not enforced yet; only the default, 0, is true"},
	{"extratime", "0|1", SCHED}, {"period", "0", SCHED}, {"slice", "0", SCHED},
	{"latency", "0", SCHED}, {"budget", "0", SCHED},
	{"cpuid", "", "guests see the host's CPUID"},
	{"tsc_mode", "default|native|0|2|native_paravirt",
	 "the guest reads the host's time stamp counter; say \"default\" or \"native\""},
	{"vnuma", "", "a PV guest here has one memory node"},

	/* Boot. */
	{"bootloader", "", "no boot loader is run in the control domain; set kernel= to PV GRUB"},
	{"bootloader_args", "", "no boot loader is run in the control domain"},
	{"bootloader_restrict", "0", "no boot loader is run in the control domain"},
	{"bootloader_user", "", "no boot loader is run in the control domain"},
	{"device_model_args_pv", "", QEMU},

	/* Limits and modes. */
	{"xenstore_feature_mask", "", "the store offers every feature to every domain"},
	{"xenstore_quota", "", "the store's quotas are global"},
	{"driver_domain", "0", "backends run in the control domain only"},
	{"xend_suspend_evtchn_compat", "0", "there is no xend compatibility here"},
	{"msr_relaxed", "0", "unknown MSRs are refused, never passed through"},
	{"vpmu", "0", "there is no virtual performance counter here"},
	{"vmtrace_buf_kb", "0", "there is no processor trace here"},
	{"localtime", "0", "the wall clock given to guests is UTC"},
	{"rtc_timeoffset", "0", "the wall clock given to guests is the host's"},
	{"trap_unmapped_accesses", "0", ARM},

	/* Devices other than disks and interfaces. */
	{"vif2", "", "is of another time: say vif="},
	{"vtpm", "", "there is no TPM backend"},
	{"pvcalls", "", "there is no pvcalls backend"},
	{"vfb", "", "there is no framebuffer backend yet"},
	{"vkb", "", "there is no keyboard backend yet"},
	{"vdispl", "", "there is no display backend"},
	{"vsnd", "", "there is no sound backend"},
	{"channel", "", "there is no channel backend yet"},
	{"usbctrl", "", "there is no USB backend"},
	{"usbdev", "", "there is no USB backend"},
	{"virtio", "", "there is no virtio backend"},

	/* Passthrough. */
	{"pci", "", PCI}, {"pci_permissive", "0", PCI}, {"pci_seize", "0", PCI},
	{"pci_msitranslate", "0|1", PCI}, {"pci_power_mgmt", "0", PCI},
	{"e820_host", "0", PCI}, {"ioports", "", PCI}, {"iomem", "", PCI}, {"irqs", "", PCI},
	{"passthrough", "disabled|0", PCI}, {"rdm", "", PCI}, {"rdm_mem_boundary", "", PCI},
	{"dtdev", "", ARM}, {"device_tree", "", ARM}, {"gic_version", "default", ARM},
	{"vuart", "", ARM}, {"tee", "none", ARM},

	/* Keys of the other guest types. */
	{"pvshim", "0", HVM}, {"pvshim_path", "", HVM}, {"pvshim_cmdline", "", HVM},
	{"pvshim_extra", "", HVM}, {"boot", "", HVM}, {"hdtype", "", HVM}, {"hap", "", HVM},
	{"oos", "", HVM}, {"shadow_memory", "0", HVM}, {"bios", "", HVM},
	{"bios_path_override", "", HVM}, {"hvmloader", "", HVM}, {"pae", "0|1", HVM},
	{"acpi", "0", HVM}, {"acpi_s3", "0", HVM}, {"acpi_s4", "0", HVM},
	{"acpi_laptop_slate", "0", HVM}, {"apic", "0", HVM}, {"nx", "0|1", HVM},
	{"hpet", "0", HVM}, {"altp2m", "disabled|0", HVM}, {"altp2mhvm", "0", HVM},
	{"nestedhvm", "0", HVM}, {"smbios_firmware", "", HVM}, {"smbios", "", HVM},
	{"acpi_firmware", "", HVM}, {"ms_vm_genid", "none", HVM}, {"vpt_align", "", HVM},
	{"timer_mode", "", HVM}, {"mmio_hole", "0", HVM}, {"xen_platform_pci", "0", HVM},
	{"viridian", "0", HVM}, {"videoram", "0", HVM}, {"stdvga", "0", HVM}, {"vga", "none", HVM},
	{"mca_caps", "", HVM}, {"firmware_override", "", HVM}, {"vendor_device", "none", HVM},
	{"gfx_passthru", "0", HVM}, {"suppress_vmdesc", "0", HVM},

	/* Keys of the device model. */
	{"vnc", "0", QEMU}, {"vnclisten", "", QEMU}, {"vncdisplay", "0", QEMU},
	{"vncunused", "0", QEMU}, {"vncpasswd", "", QEMU}, {"sdl", "0", QEMU},
	{"opengl", "0", QEMU}, {"keymap", "", QEMU}, {"nographic", "0|1", QEMU},
	{"spice", "0", QEMU}, {"spiceport", "0", QEMU}, {"spicetls_port", "0", QEMU},
	{"spicehost", "", QEMU}, {"spicedisable_ticketing", "0", QEMU}, {"spicepasswd", "", QEMU},
	{"spiceagent_mouse", "0", QEMU}, {"spicevdagent", "0", QEMU},
	{"spice_clipboard_sharing", "0", QEMU}, {"spiceusbredirection", "0", QEMU},
	{"spice_image_compression", "", QEMU}, {"spice_streaming_video", "", QEMU},
	{"serial", "none|", QEMU}, {"usb", "0", QEMU}, {"usbversion", "0", QEMU},
	{"usbdevice", "", QEMU}, {"vkb_device", "0", QEMU}, {"soundhw", "", QEMU},
	{"device_model", "", QEMU}, {"device_model_version", "", QEMU},
	{"device_model_override", "", QEMU}, {"device_model_user", "", QEMU},
	{"device_model_args", "", QEMU}, {"device_model_args_hvm", "", QEMU},
	{"device_model_stubdomain_override", "0", QEMU},
	{"device_model_stubdomain_seclabel", "", QEMU}, {"stubdomain_kernel", "", QEMU},
	{"stubdomain_ramdisk", "", QEMU}, {"stubdomain_cmdline", "", QEMU},
	{"stubdomain_memory", "0", QEMU}, {"dm_restrict", "0", QEMU},
};

/* Is value one of the words of list "a|b|c"? */
static bool neutral_value(const char *list, const char *value)
{
	size_t len = strlen(value), n;

	for (;;) {
		n = strcspn(list, "|");
		if (n == len && !memcmp(list, value, n))
			return true;
		if (!list[n])
			return false;
		list += n + 1;
	}
}

static bool says_nothing(struct cfg_parser *p, const struct cfg_key *key)
{
	const char *value;
	int entries;

	if (!xlu_cfg_get_list(p->xlu, key->name, NULL, &entries, 1))
		return entries == 0;
	if (xlu_cfg_get_string(p->xlu, key->name, &value, 1))
		return false;
	return neutral_value(key->neutral, value);
}

static const struct cfg_key *find_key(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

int cfg_check_keys(struct cfg_parser *p)
{
	const struct cfg_statement *s;
	const struct cfg_key *key;
	size_t i;

	for (i = 0; i < p->nr_statements; i++) {
		s = &p->statements[i];
		key = find_key(s->name);
		if (!key)
			return cfg_fail(p, s->line, s->name,
					"unknown key; xl.cfg(5) lists the keys");
		if (key->reason && !says_nothing(p, key))
			return cfg_fail(p, s->line, s->name, "%s", key->reason);
	}
	return 0;
}
