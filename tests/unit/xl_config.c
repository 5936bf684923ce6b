/* SPDX-License-Identifier: MIT */
/*
 * The configuration parser: what is accepted, what is refused and on which line, and that no text
 * whatever makes it crash, leak or hang.  If it broke, `xl create' would start domains that are not
 * what the file says, or fall over a file from somebody else.
 */
#include "config.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/cfg_parser.h"
#include "toolstack/lib/domain_config.h"

/* libxlutil's grammar loses the values of a text that it refuses; ours must not. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:xlu__cfg\n";
}

#define BASE	"name=\"a\"\nkernel=\"/k\"\nmemory=32\n"

static int parse(struct domain_config *c, const char *text, char **error)
{
	return domain_config_parse(c, "t.cfg", text, strlen(text), strlen(text), error);
}

/* The text is accepted; *c to be freed. */
static void accepted(struct domain_config *c, const char *text)
{
	char *error;

	cr_assert_eq(parse(c, text, &error), 0, "refused: %s\n%s", error, text);
	cr_assert_null(error);
}

static void refused(const char *text, const char *says)
{
	struct domain_config c;
	char *error;

	cr_assert_neq(parse(&c, text, &error), 0, "accepted: %s", text);
	cr_assert_not_null(error);
	cr_assert_not_null(strstr(error, says), "`%s' does not say `%s'", error, says);
	cr_assert_null(strchr(error, '\n'), "more than a line: %s", error);
	cr_assert_null(c.text, "something is left in the configuration");
	free(error);
}

Test(xl_config, every_honoured_key)
{
	struct domain_config c;

	accepted(&c, "name='web'\ntype=\"pv\"\nuuid=\"6a0d8b1e-8d53-4f5e-9d0b-111111111111\"\n"
		     "kernel=\"/boot/k\"\nramdisk=\"/boot/r\"\nroot=\"/dev/xvda\"\nextra='ro quiet'\n"
		     "memory=64\nmaxmem=0x80\nvcpus=1\nmaxvcpus=1\non_poweroff='preserve'\n"
		     "on_reboot='destroy'\non_watchdog='restart'\non_crash='rename-restart'\n"
		     "on_soft_reset='preserve'\n"
		     "max_grant_frames=32\nmax_maptrack_frames=10\nmax_grant_version=1\n"
		     "max_event_channels=255\nnomigrate=1\nbuilder='generic'\n"
		     "disk=['/d.img,raw,xvda,w']");
	cr_assert_str_eq(c.name, "web");
	cr_assert(c.uuid_given);
	cr_assert_str_eq(c.kernel, "/boot/k");
	cr_assert_str_eq(c.ramdisk, "/boot/r");
	cr_assert_str_eq(c.cmdline, "root=/dev/xvda ro quiet");
	cr_assert_eq(c.memory_kib, 64 << 10);
	cr_assert_eq(c.maxmem_kib, 128 << 10);
	cr_assert_eq(c.on_poweroff, ACTION_PRESERVE);
	cr_assert_eq(c.on_reboot, ACTION_DESTROY);
	cr_assert_eq(c.on_watchdog, ACTION_RESTART);
	cr_assert_eq(c.on_crash, ACTION_RENAME_RESTART);
	cr_assert_eq(c.on_soft_reset, ACTION_PRESERVE);
	cr_assert_eq(c.max_grant_frames, 32);
	cr_assert_eq(c.max_maptrack_frames, 10);
	cr_assert_eq(c.max_event_channels, 255);
	cr_assert(c.nomigrate);
	cr_assert_eq(c.nr_disks, 1);
	domain_config_free(&c);
}

Test(xl_config, defaults)
{
	struct domain_config c;

	accepted(&c, "name='a'\nkernel='/k'");
	cr_assert_eq(c.memory_kib, 32 << 10);
	cr_assert_eq(c.maxmem_kib, 32 << 10);
	cr_assert_eq(c.vcpus, 1);
	cr_assert_eq(c.on_poweroff, ACTION_DESTROY);
	cr_assert_eq(c.on_reboot, ACTION_RESTART);
	cr_assert_eq(c.on_crash, ACTION_DESTROY);
	cr_assert_eq(c.max_event_channels, 1023);
	cr_assert_eq(c.max_grant_frames, 64);
	cr_assert(!c.uuid_given);
	cr_assert(!uuid_is_null(c.uuid));
	cr_assert_str_eq(c.cmdline, "");
	domain_config_free(&c);
}

Test(xl_config, later_assignment_wins)
{
	struct domain_config c;

	accepted(&c, BASE "memory=48; memory=64 # last\ncmdline='a'\ncmdline+=' b'\n");
	cr_assert_eq(c.memory_kib, 64 << 10);
	cr_assert_str_eq(c.cmdline, "a b");
	domain_config_free(&c);
}

/* cmdline is the whole truth; root and extra count only without it. */
Test(xl_config, cmdline_beats_root)
{
	struct domain_config c;

	accepted(&c, BASE "cmdline='x'\nroot='/dev/xvda'\nextra='y'\n");
	cr_assert_str_eq(c.cmdline, "x");
	domain_config_free(&c);
}

static void prints(const char *set, unsigned int nr, const char *want)
{
	char *text = NULL, why[128];
	struct cpumap m;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	cr_assert_eq(cpumap_parse(&m, set, why, sizeof(why)), 0, "%s: %s", set, why);
	cpumap_print(&m, nr, f);
	fclose(f);
	cr_assert_str_eq(text, want, "`%s' is `%s', not `%s'", set, text, want);
	free(text);
}

Test(xl_config, sets_of_cpus_are_those_of_xen)
{
	prints("3", 8, "3");
	prints("0-2,5,7", 8, "0-2,5,7");
	prints("5,0-2,4", 8, "0-2,4-5");
	prints("all", 8, "all");
	prints("all,^3", 8, "0-2,4-7");
	prints("^3,all", 8, "all");
	prints("0-7,^2-4,3", 8, "0-1,3,5-7");
	prints("node:0,^7", 8, "0-6");
	prints("nodes:1-3", 8, "none");
	prints("^0", 8, "none");
	prints("", 8, "none");
	prints("6-4000000000000000000000", 8, "6-7");
	prints("511,600", 512, "511");
	prints("0", 1, "all");
}

Test(xl_config, cpus_are_for_all_vcpus_or_for_each)
{
	struct domain_config c;

	accepted(&c, BASE "vcpus=2\nmaxvcpus=3\ncpus='0,^1'\ncpus_soft=['2','3-4']\n");
	cr_assert(c.nr_cpus == 3 && c.cpus[0].bits[0] == 1 && c.cpus[2].bits[0] == 1);
	cr_assert(c.nr_cpus_soft == 2 && c.cpus_soft[0].bits[0] == 4 && c.cpus_soft[1].bits[0] == 0x18);
	domain_config_free(&c);
	accepted(&c, BASE "cpus=['1','2','3']\n");
	cr_assert(c.nr_cpus == 1, "a list longer than there are vCPUs");
	domain_config_free(&c);
	accepted(&c, BASE "cpus=2\n");
	cr_assert(c.nr_cpus == 1 && c.cpus[0].bits[0] == 4, "a bare number");
	domain_config_free(&c);
}

Test(xl_config, neutral_values_of_refused_keys_pass)
{
	struct domain_config c;

	accepted(&c, BASE "vif=[]\nvfb=[ ]\npci=[]\ncpus='all'\ncpu_weight=256\ncap=0\n"
			  "pool='Pool-0'\nbootloader=''\nacpi=0\nvnc=0\ntsc_mode='native'\n");
	domain_config_free(&c);
}

static const struct {
	const char *text, *says;
} bad[] = {
	{"", "name: is missing"},
	{"name=\"a\"\n", "kernel: is missing"},
	{"kernel='/k'\n", "name: is missing"},
	{"name=\"a\nkernel='/k'", "t.cfg:1:"},
	{"name='a'\nkernel=k\n", "t.cfg:2:"},
	{BASE "disk = [ 'a',\n 'b',\n", "t.cfg:5:"},
	{BASE "memory=x", "t.cfg:4:"},
	{BASE "frob = 1", "t.cfg:4: frob: unknown key"},
	{BASE "\n# memory\n  Memory=3", "t.cfg:6:"},
	{BASE "memory='64 MiB'", "t.cfg:4: memory: `64 MiB' is not a number"},
	{BASE "memory='-1'", "t.cfg:4: memory: `-1' is not a number"},
	{BASE "memory=99999999999999999999", "t.cfg:4: memory: 99999999999999999999 is out of range"},
	{BASE "memory=2", "t.cfg:4: memory: 2 is out of range"},
	{BASE "memory=[1]", "t.cfg:4: memory: must be one value"},
	{BASE "maxmem=16", "t.cfg:4: maxmem: is less than memory"},
	{BASE "vcpus=33", "t.cfg:4: vcpus: 33: a domain has at most 32 vCPUs"},
	{BASE "vcpus=1\nmaxvcpus=40", "t.cfg:5: maxvcpus: 40: a domain has at most 32 vCPUs"},
	{BASE "vcpus=0", "t.cfg:4: vcpus: 0 is out of range"},
	{BASE "type='hvm'", "t.cfg:4: type: `hvm': only PV guests"},
	{BASE "type=''", "t.cfg:4: type:"},
	{BASE "builder='hvm'", "t.cfg:4: builder:"},
	{BASE "uuid='1234'", "t.cfg:4: uuid: `1234' is not a UUID"},
	{BASE "on_crash='explode'", "t.cfg:4: on_crash: `explode' is not an action"},
	{BASE "on_crash='coredump-destroy'", "t.cfg:4: on_crash: coredump-destroy: core dumps are not"},
	{BASE "on_crash='coredump-restart'", "t.cfg:4: on_crash: coredump-restart: core dumps are not"},
	{BASE "on_soft_reset='soft-reset'", "t.cfg:4: on_soft_reset: soft-reset is for HVM"},
	{BASE "vif='bridge=a'", "t.cfg:4: vif: must be a list"},
	{BASE "vif=[['a']]", "t.cfg:4: vif: entry 1 is not a string"},
	{BASE "vif=['bridge']", "t.cfg:4: vif: `bridge': `bridge' is not KEY=VALUE"},
	{BASE "vif=['zebra=1']", "vif: `zebra=1': `zebra' is not known; xl-network-configuration(5)"},
	{BASE "vif=['mac=00:16:3e:1:2']", "is not an address like"},
	{BASE "vif=['mac=01:16:3e:01:02:03']", "is a multicast address"},
	{BASE "vif=['mac=00:16:3e:01:02:03:04']", "is not an address like"},
	{BASE "vif=['rate=fast']", "is not a rate like"},
	{BASE "vif=['mtu=67']", "less than an IP packet needs"},
	{BASE "vif=['mtu=65522']", "is not a number that is possible"},
	{BASE "vif=['type=ioemu']", "must be vif: there is no device model"},
	{BASE "vif=['backend=net']", "backends run in the control domain only"},
	{BASE "vif=['vifname=../x']", "is not a name that an interface can have"},
	{BASE "vif=['devid=1','devid=1']", "devid 1 is already another interface"},
	{BASE "vif=['','','','','','','','','']", "9 interfaces, at most 8"},
	{BASE "vfb=['vnc=1']", "t.cfg:4: vfb: there is no framebuffer backend"},
	{BASE "pci=['01:00.0']", "t.cfg:4: pci: is for PCI passthrough"},
	{BASE "bootloader='pygrub'", "t.cfg:4: bootloader: no boot loader"},
	{BASE "cpus='1-0'", "t.cfg:4: cpus: Invalid pcpu range: 1-0"},
	{BASE "vcpus=2\ncpus_soft=['0','^all']", "t.cfg:5: cpus_soft: Can't combine"},
	{BASE "cpus=[['0']]", "t.cfg:4: cpus: entry 1 is not a set of CPUs"},
	{BASE "cpu_weight=512", "t.cfg:4: cpu_weight: weights are not enforced"},
	{BASE "hap=1", "t.cfg:4: hap: is for HVM"},
	{BASE "max_grant_version=3", "t.cfg:4: max_grant_version: 3 is out of range"},
	{BASE "max_grant_frames=65", "t.cfg:4: max_grant_frames: 65 is out of range"},
	{BASE "max_event_channels=4096", "t.cfg:4: max_event_channels: 4096 is out of range"},
	{BASE "firmware='uefi'", "t.cfg:4: firmware: `uefi': only pvgrub64"},
	{BASE "firmware='pvgrub64'", "t.cfg:4: firmware: contradicts kernel"},
	{BASE "name=''", "name: is missing"},
	{BASE "name='a/b'", "t.cfg:4: name: has a blank, a slash"},
	{BASE "name='a b'", "t.cfg:4: name: has a blank"},
	{BASE "name='a\\nb'", "t.cfg:4: name: has a blank"},
	{BASE "name='17'", "t.cfg:4: name: is a number"},
	{BASE "name='..'", "t.cfg:4: name: begins with"},
	{BASE "disk='/d.img,raw,xvda,w'", "t.cfg:4: disk: must be a list"},
	{BASE "disk=[['a']]", "t.cfg:4: disk: entry 1 is not a string"},
	{BASE "disk=['/d.img']", "disk: `/d.img'"},
	{BASE "disk=['/d.img,raw']", "t.cfg:4: disk:"},
	{BASE "disk=['raw:/d.img,xvda,q']", "t.cfg:4: disk:"},
	{BASE "disk=['/d.img,qcow2,xvda,w,backendtype=phy']", "takes format raw only"},
	{BASE "disk=['/d.img,raw,xvda,w,backendtype=standalone']", "t.cfg:4: disk:"},
	{BASE "disk=['/d.img,raw,xvda,w,backendtype=tap']", "phy and qdisk are served"},
	{BASE "disk=['format=zebra,vdev=xvda,target=/d.img']", "t.cfg:4: disk:"},
	{BASE "disk=['format=vmdk,format=raw,vdev=xvda,target=/d.img']", "t.cfg:4: disk:"},
	{BASE "disk=['vdev=xvda,target=nbd:unix:relative']", "absolute path of at most 107"},
	{BASE "disk=['vdev=xvda,target=nbds://host/x']", "TLS is not served"},
	{BASE "disk=['nbd:host,xvda,w']", "port is missing"},
	{BASE "disk=['format=qcow2,vdev=xvda,target=nbd:h:1']", "format qcow2 at an NBD server"},
	{BASE "disk=['/d.img,raw,xvd,w']", "is not a device name"},
	{BASE "disk=['/d.img,raw,xvda,w','/e.img,raw,xvda,w']", "is already another disk"},
	{BASE "disk=['/d.img,raw,xvda,w,backend=5']", "backends run in the control domain"},
	{BASE "disk=['/d.img,raw,xvda,w,script=block-iscsi']", "block scripts are not run"},
	{BASE "disk=['/d.img,raw,xvda,w,specification=virtio']", "only Xen block devices"},
	{BASE "disk=['vdev=xvda,access=r']", "t.cfg:4: disk:"},
	{BASE "disk=['vdev=hdc,cdrom,access=r']", "t.cfg:4: disk:"},
	{BASE "disk=['/d.img,raw,xvda,w,frob=1']", "t.cfg:4: disk:"},
};

Test(xl_config, what_is_wrong_and_where)
{
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i].text, bad[i].says);
}

Test(xl_config, long_command_line_is_refused_not_cut)
{
	char text[2048];
	struct domain_config c;

	snprintf(text, sizeof(text), "%scmdline='%01023d'", BASE, 1);
	accepted(&c, text);
	domain_config_free(&c);
	snprintf(text, sizeof(text), "%scmdline='%01024d'", BASE, 1);
	refused(text, "t.cfg:4: cmdline: the kernel command line has 1024 bytes");
	snprintf(text, sizeof(text), "%sroot='%01020d'", BASE, 1);
	refused(text, "t.cfg:4: root: the kernel command line has 1025 bytes");
}

Test(xl_config, override_lines_are_told_apart)
{
	struct domain_config c;
	const char *text = BASE "memory=none\n";
	char *error;

	/* The last line came from the command line. */
	cr_assert_neq(domain_config_parse(&c, "t.cfg", BASE "frob=1\n", strlen(BASE "frob=1\n"),
					  strlen(BASE), &error), 0);
	cr_assert_not_null(strstr(error, "t.cfg: command line: frob"), "%s", error);
	free(error);
	refused(text, "t.cfg:4:");
	/* So does libxlutil's own complaint. */
	cr_assert_neq(domain_config_parse(&c, "t.cfg", text, strlen(text), strlen(BASE), &error), 0);
	cr_assert_eq(strncmp(error, "t.cfg: command line: ", 21), 0, "%s", error);
	free(error);
}

Test(xl_config, nul_bytes_and_size_are_refused)
{
	static char big[CFG_TEXT_MAX + 2];
	struct domain_config c;
	char *error;

	cr_assert_neq(domain_config_parse(&c, "t.cfg", "a\0b", 3, 3, &error), 0);
	cr_assert_not_null(strstr(error, "NUL"));
	free(error);
	memset(big, '\n', sizeof(big) - 1);
	refused(big, "larger than 1 MiB");
}

Test(xl_config, a_file_that_is_not_there)
{
	struct domain_config c;
	char *error;

	cr_assert_eq(domain_config_load(&c, "/nonexistent/x.cfg", NULL, 0, &error), -ENOENT);
	cr_assert_str_eq(error, "/nonexistent/x.cfg: cannot read the configuration: "
				"No such file or directory");
	free(error);
	cr_assert_eq(domain_config_load(&c, "/tmp", NULL, 0, &error), -EISDIR);
	free(error);
}

/* xl-disk-configuration(5): the same disk said in its different ways. */
Test(xl_config, disk_specifications)
{
	static const char *const same[] = {
		"/dev/vg/guest-volume,,xvda", "/dev/vg/guest-volume,raw,xvda,rw",
		"format=raw, vdev=xvda, access=rw, target=/dev/vg/guest-volume",
		"raw:/dev/vg/guest-volume,xvda,w", "phy:/dev/vg/guest-volume,xvda,w",
		"access=w,vdev=xvda,target=/dev/vg/guest-volume",
	};
	struct domain_config c;
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		snprintf(text, sizeof(text), "%sdisk=[\"%s\"]", BASE, same[i]);
		accepted(&c, text);
		cr_assert_eq(c.nr_disks, 1);
		cr_assert_str_eq(c.disks[0].target, "/dev/vg/guest-volume", "%s", same[i]);
		cr_assert_str_eq(c.disks[0].vdev, "xvda", "%s", same[i]);
		cr_assert_eq(c.disks[0].devid, 51712);
		cr_assert(c.disks[0].readwrite);
		cr_assert(!c.disks[0].cdrom);
		domain_config_free(&c);
	}
	accepted(&c, BASE "disk=['/root/image.iso,,hdc,cdrom','/a.img,raw,xvdb,r,direct-io-safe',\n"
			  "'vdev=xvdc,access=ro,target=/with,comma and blank.img',]");
	cr_assert_eq(c.nr_disks, 3);
	cr_assert(c.disks[0].cdrom);
	cr_assert(!c.disks[0].readwrite);
	cr_assert_eq(c.disks[0].devid, 22 << 8);
	domain_config_free(&c);
}

/* What a disk stands on, by every way of saying it; and what is saved says the same. */
Test(xl_config, disk_formats_and_places)
{
	static const struct {
		const char *spec, *format, *target;
	} disks[] = {
		{"/d.img,,xvda", "raw", "/d.img"},
		{"vg/lv,,xvda", "raw", "/dev/vg/lv"},
		{"/d.img,qcow2,xvda", "qcow2", "/d.img"},
		{"format=qcow2,vdev=xvda,backendtype=qdisk,target=/d.img", "qcow2", "/d.img"},
		{"qcow2:/d.img,xvda,w", "qcow2", "/d.img"},
		{"tap:qcow2:/d.img,xvda,w", "qcow2", "/d.img"},
		{"vhd:/d.img,xvda,w", "vhd", "/d.img"},
		{"/d.img,vmdk,xvda,w", "vmdk", "/d.img"},
		{"cdrom, /d.img, vhdx ,xvda", NULL, NULL},	/* no blank behind a word, as in Xen */
		{"discard, /d.img,vhdx,xvda", "vhdx", "/d.img"},
		{"vdev=xvda, format=vdi, target=/x,vmdk,y", "vdi", "/x,vmdk,y"},
		{"vdev=xvda,target=/x,format=vmdk", "raw", "/x,format=vmdk"},
		{"/d.img,qed,xvda", "qed", "/d.img"},
		{"/d.img,qcow,xvda", "qcow", "/d.img"},
		{"vdev=xvda,target=nbd:unix:/run/s:exportname=a,b", "raw", "nbd:unix:/run/s:exportname=a,b"},
		{"vdev=xvda,target=nbd://host:10810/x", "raw", "nbd://host:10810/x"},
		{"vdev=xvda,target=nbd+unix:///x?socket=/run/s", "raw", "nbd+unix:///x?socket=/run/s"},
		{"nbd:10.0.0.1:9999,xvda,w", "raw", "nbd:10.0.0.1:9999"},
		{"script=block-nbd,vdev=xvda,target=10.0.0.1:9999", "raw", "nbd:10.0.0.1:9999"},
	};
	struct domain_config c, again;
	char text[512], *error;
	size_t i;

	for (i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		snprintf(text, sizeof(text), "%sdisk=[\"%s\"]", BASE, disks[i].spec);
		if (!disks[i].format) {
			cr_assert_lt(domain_config_parse(&c, "t.cfg", text, strlen(text), strlen(text), &error), 0);
			free(error);
			continue;
		}
		accepted(&c, text);
		cr_assert_str_eq(c.disks[0].format, disks[i].format, "%s", disks[i].spec);
		cr_assert_str_eq(c.disks[0].target, disks[i].target, "%s", disks[i].spec);
		cr_assert_eq(domain_config_write_devices(&c), 0);
		accepted(&again, c.text);
		cr_assert_str_eq(again.disks[0].format, disks[i].format, "%s, saved", disks[i].spec);
		cr_assert_str_eq(again.disks[0].target, disks[i].target, "%s, saved", disks[i].spec);
		domain_config_free(&again);
		domain_config_free(&c);
	}
}

Test(xl_config, device_names)
{
	static const struct {
		const char *name;
		uint32_t devid;		/* 0: refused */
	} names[] = {
		{"xvda", 51712}, {"xvda1", 51713}, {"xvdb", 51728}, {"xvdp15", 51967},
		{"xvdq", 1 << 28 | 16 << 8}, {"xvda16", 1 << 28 | 16}, {"xvdaa", 1 << 28 | 26 << 8},
		{"d0", 51712}, {"d1p2", 51730}, {"d16", 1 << 28 | 16 << 8}, {"sda", 2048},
		{"sdb3", 2067}, {"hda", 768}, {"hdb1", 833}, {"hdc", 5632}, {"hdd2", 5698},
		{"51712", 51712}, {"0xca00", 51712},
		{"xvd", 0}, {"xvda0", 0}, {"xvda256", 0}, {"xvdA", 0}, {"sdq", 0}, {"sda16", 0},
		{"hde", 0}, {"hda64", 0}, {"", 0}, {"d", 0}, {"d1048576", 0}, {"d0p", 0}, {"d0p256", 0},
		{"vda", 0}, {"51712x", 0}, {"-1", 0}, {"4294967296", 0}, {"xvda1x", 0},
		{"xvdzzzzzzzzzzzzzzzzzzzz", 0}, {"99999999999999999999999", 0},
	};
	uint32_t devid;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		devid = 0;
		cr_assert_eq(vdev_to_devid(names[i].name, &devid) == 0, names[i].devid != 0, "%s",
			     names[i].name);
		cr_assert_eq(devid, names[i].devid, "%s: %u", names[i].name, devid);
	}
}

/* Keys in strings, comments and lists are not statements. */
Test(xl_config, statements_are_found)
{
	const char *text = "a=1;b='x;c=2'\n#d=3\n e = [ 'f=1',\n 'g' ] ; h=\"\\\"i=1\"\nj_.2 += 1";
	static const struct {
		const char *name;
		int line;
	} want[] = {{"a", 1}, {"b", 1}, {"e", 3}, {"h", 4}, {"j_.2", 5}};
	struct cfg_statement *s;
	size_t nr, i;

	cr_assert_eq(cfg_scan(text, strlen(text), &s, &nr), 0);
	cr_assert_eq(nr, 5, "%zu statements", nr);
	for (i = 0; i < nr; i++) {
		cr_assert_str_eq(s[i].name, want[i].name);
		cr_assert_eq(s[i].line, want[i].line, "%s on line %d", s[i].name, s[i].line);
	}
	free(s);
}

/* What the configuration says of interfaces, what it leaves to us, and that the text of a changed one says the
 * same again. */
Test(xl_config, interfaces)
{
	struct domain_config c, again;
	char *error, mac[MAC_BYTES], other[MAC_BYTES];

	accepted(&c, BASE "uuid='11111111-2222-3333-4444-555555555555'\nvif=['', ' mac=00:16:3E:0a:0B:0c ,bridge=lan,"
		 "vifname=web0,rate=10MB/s@20ms,mtu=9000,ip=10.0.0.1 10.0.0.2,untrusted,script=vif-bridge', 'devid=7,model=e1000']\n");
	cr_assert_eq(c.nr_nics, 3);
	cr_assert_str_eq(c.nics[0].bridge, "xenbr0");
	cr_assert_eq(c.nics[0].devid, 0);
	cr_assert(c.nics[0].trusted);
	cr_assert_str_eq(c.nics[1].mac, "00:16:3e:0a:0b:0c");
	cr_assert_str_eq(c.nics[1].bridge, "lan");
	cr_assert_eq(c.nics[1].rate_bytes, 200000);
	cr_assert_eq(c.nics[1].rate_usecs, 20000);
	cr_assert_eq(c.nics[1].mtu, 9000);
	cr_assert_not(c.nics[1].trusted);
	cr_assert_eq(c.nics[2].devid, 7);
	cr_assert_eq(strncmp(nic_mac(&c, &c.nics[0], mac), "00:16:3e:", 9), 0);
	cr_assert_str_eq(nic_mac(&c, &c.nics[0], other), mac, "the same each time");
	cr_assert_str_neq(nic_mac(&c, &c.nics[2], other), mac);
	cr_assert_eq(domain_config_write_devices(&c), 0);
	cr_assert_eq(domain_config_parse(&again, "t.cfg", c.text, c.text_len, c.text_len, &error), 0, "%s", error);
	cr_assert_eq(again.nr_nics, 3);
	cr_assert_str_eq(again.nics[1].mac, c.nics[1].mac);
	cr_assert_str_eq(again.nics[1].ip, "10.0.0.1 10.0.0.2");
	cr_assert_str_eq(again.nics[1].script, "vif-bridge");
	cr_assert_eq(again.nics[1].rate_bytes, 200000);
	cr_assert_eq(again.nics[2].devid, 7);
	cr_assert_not(again.nics[1].trusted);
	domain_config_free(&c);
	domain_config_free(&again);
}
