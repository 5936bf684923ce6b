/* SPDX-License-Identifier: MIT */
/*
 * The file commands of the guest as a user types them, on a ramfs filled from an initrd and
 * on ext2, against what coreutils say.
 *
 * What would break: output that scripts compare with the host's (sha256sum), copies that lose
 * something, an initrd unpacked wrong or believed too much.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <pv/bcache.h>
#include <pv/errno.h>
#include <pv/shell.h>
#include <pv/vfs.h>
#include "fs/cpio.h"
#include "cmd/sha256.h"
#include "guestfs/disk.h"
#include "guestfs/image.h"
#include "guestfs/shim.h"

extern const struct shell_command __start_shell_commands[], __stop_shell_commands[];

static int run(const char *line)
{
	static char buf[1024];
	char *argv[16];
	int argc = 0;

	snprintf(buf, sizeof(buf), "%s", line);
	for (char *w = strtok(buf, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	for (const struct shell_command *c = __start_shell_commands; c < __stop_shell_commands; c++)
		if (!strcmp(c->name, argv[0]))
			return c->fn(argc, argv);
	cr_assert_fail("no command %s", argv[0]);
	return -1;
}

static const char *output(const char *line)
{
	shim_out_clear();
	cr_assert_eq(run(line), 0, "%s: %s", line, shim_log);
	return shim_out ? shim_out : "";
}

static void *archive;

/* An initrd as people make it. */
static void mount_initrd(const char *tree)
{
	const char *path = image_path("initrd");
	struct stat st;
	FILE *f;

	cr_assert_eq(image_run("cd %s && find . | cpio -o -H newc --quiet > %s", tree, path), 0);
	f = fopen(path, "r");
	fstat(fileno(f), &st);
	archive = malloc(st.st_size);
	cr_assert_eq(fread(archive, 1, st.st_size, f), (size_t)st.st_size);
	fclose(f);
	bcache_init(1 << 20);
	cr_assert_eq(fs_boot(NULL, false, archive, st.st_size), 0, "%s", shim_log);
}

static void small_tree(void)
{
	const char *dir = image_path("tree");

	image_run("mkdir -p %s/d/e && cd %s && printf hello > a && seq 5000 > d/seq && : > d/zero"
		  " && head -c 200000 /dev/urandom > d/e/rnd && ln -s ../a d/link && ln a hard"
		  " && printf x > 'na me' && chmod 600 a", dir, dir);
}

static void teardown(void)
{
	fs_shutdown();
	bcache_exit();
	free(archive);
	archive = NULL;
	image_cleanup();
}

static void setup(void)
{
	small_tree();
	mount_initrd(image_path("tree"));
}

TestSuite(guestfs_cmd, .init = setup, .fini = teardown);

Test(guestfs_cmd, initrd_is_what_was_packed)
{
	image_compare_times = false;
	/* /dev is ours. */
	cr_assert_eq(vfs_umount("/dev"), 0);
	cr_assert_eq(vfs_rmdir("/dev"), 0);
	cr_expect_eq(image_compare(image_path("tree"), "/"), 0);
}

Test(guestfs_cmd, sha256sum_is_that_of_coreutils)
{
	FILE *f;

	f = fopen(image_path("sums"), "w");
	fputs(output("sha256sum -r /d"), f);
	fputs(output("sha256sum /a"), f);
	fclose(f);
	cr_expect_eq(image_run("cd %s && sed 's| /| |' ../sums | sha256sum -c --quiet", image_path("tree")), 0);
	cr_expect_eq(image_run("test $(wc -l < %s) = 4", image_path("sums")), 0);
	cr_expect_str_eq(output("sha256sum /d/zero"),
			 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  /d/zero\n");
	cr_expect_eq(run("sha256sum /none"), 1);
	cr_expect(strstr(shim_log, "No such file"));
}

/* Lengths around the padding, in pieces: against the host's sha256sum. */
Test(guestfs_cmd, sha256_of_every_length)
{
	static uint8_t data[300];
	char command[256], hex[65];
	uint8_t digest[32];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = 'a' + i % 26;
	for (unsigned n = 50; n < 300; n += n > 130 ? 29 : 1) {
		struct sha256 s;
		FILE *p;

		sha256_start(&s);
		for (unsigned done = 0, len; done < n; done += len) {
			len = 1 + done % 70;
			if (len > n - done)
				len = n - done;
			sha256_add(&s, data + done, len);
		}
		sha256_end(&s, digest);
		snprintf(command, sizeof(command), "printf '%.*s' | sha256sum", (int)n, data);
		if (n > 200)
			continue;
		p = popen(command, "r");
		cr_assert(fgets(hex, sizeof(hex), p));
		pclose(p);
		for (unsigned i = 0; i < 32; i++) {
			char two[3];

			snprintf(two, sizeof(two), "%02x", digest[i]);
			cr_assert_eq(memcmp(two, hex + 2 * i, 2), 0, "length %u", n);
		}
	}
}

Test(guestfs_cmd, copies_moves_removes)
{
	struct vfs_stat st;

	cr_expect_eq(run("cp -r /d /copy"), 0, "%s", shim_log);
	image_compare_times = false;
	cr_expect_eq(image_compare(image_path("tree/d"), "/copy"), 0);
	cr_expect_eq(run("cp -r /copy /copy/inside"), 1);
	cr_expect_eq(run("cp /a /copy"), 0);
	cr_expect_str_eq(output("cat /copy/a"), "hello");
	cr_expect_eq(run("cp /a /a"), 1);
	cr_expect_str_eq(output("cat /a"), "hello");
	cr_expect_eq(run("cp /d /x"), 1);
	cr_expect_eq(run("mv /copy/a /copy/b"), 0);
	cr_expect_eq(run("rm /copy"), 1);
	cr_expect_eq(run("rm -r /copy"), 0);
	cr_expect_eq(vfs_stat("/copy", &st), -ENOENT);
	cr_expect_eq(run("rm /copy"), 1);
	cr_expect_eq(run("rm -f /copy"), 0);
	cr_expect_eq(run("mkdir -p /m/n/o"), 0);
	cr_expect_eq(run("mkdir /m"), 1);
	cr_expect_eq(run("touch /m/n/o/f"), 0);
	cr_expect_eq(run("ln -s f /m/n/o/l"), 0);
	cr_expect_eq(run("rmdir /m/n"), 1);
	cr_expect_str_eq(output("find /m"), "/m\n/m/n\n/m/n/o\n/m/n/o/f\n/m/n/o/l\n");
	cr_expect_str_eq(output("find / -name s*q"), "/d/seq\n");
	cr_expect_str_eq(output("find /m -type l"), "/m/n/o/l\n");
	cr_expect_str_eq(output("wc /d/seq"), "5000 5000 23893 /d/seq\n");
	cr_expect_str_eq(output("ls /d"), "e\nlink\nseq\nzero\n");
	cr_expect(strstr(output("ls -l /d"), "link -> ../a"));
	cr_expect_str_eq(output("head -c 3 /a"), "hel");
	cr_expect_str_eq(output("hexdump /a"),
			 "00000000  68 65 6c 6c 6f                                    |hello|\n");
}

/* What an initrd file is written over, it is not in the archive. */
Test(guestfs_cmd, initrd_files_are_copied_when_written)
{
	struct file *f;

	cr_assert_eq(vfs_open("/a", VFS_WRONLY, 0, &f), 0);
	cr_expect_eq(vfs_pwrite(f, "J", 1, 0), 1);
	cr_expect_eq(vfs_pwrite(f, "!", 1, 9000), 1);
	vfs_close(f);
	cr_expect_eq(memmem(archive, 4096, "Jello", 5), NULL);
	cr_expect_str_eq(output("head -c 5 /a"), "Jello");
	cr_expect_str_eq(output("head -c 5 /hard"), "Jello", "the other name of the file");
	cr_expect_eq(vfs_truncate("/a", 2), 0);
	cr_expect_eq(vfs_truncate("/a", 5), 0);
	cr_expect_eq(memcmp(output("cat /a"), "Je\0\0\0", 5), 0);
}

/* A disk beside the ramfs: dd in and out, mount, copy over, umount; e2fsck agrees. */
Test(guestfs_cmd, works_with_a_disk)
{
	const char *image = image_make("disk", 8192, 1024, NULL, "");
	struct disk *d = disk_open("xvdb", image, NULL, 0, 2);

	cr_expect_eq(run("mkdir /mnt"), 0);
	cr_expect_eq(run("mount /dev/xvdb /mnt"), 0, "%s", shim_log);
	cr_expect_eq(run("mount /dev/xvdb /d"), 1, "once is enough");
	cr_expect(strstr(output("mount"), "xvdb on /mnt type ext2 (rw)"));
	cr_expect(strstr(output("df"), "/mnt"));
	cr_expect(strstr(output("lsblk"), "mounted"));
	cr_expect_eq(run("cp -r /d /mnt"), 0, "%s", shim_log);
	cr_expect_eq(run("mv /hard /mnt"), 0, "%s", shim_log);
	cr_expect_eq(run("dd if=/dev/zero of=/dev/xvdb bs=1k count=1"), 1, "mounted");
	cr_expect_eq(run("rmdir /mnt"), 1);
	cr_expect_eq(run("cd /mnt/d"), 0);
	cr_expect_str_eq(output("pwd"), "/mnt/d\n");
	cr_expect_str_eq(output("cat ../hard"), "hello");
	cr_expect_eq(run("cd /"), 0);
	image_compare_times = false;
	cr_expect_eq(image_compare(image_path("tree/d"), "/mnt/d"), 0);
	cr_expect_eq(run("umount /mnt"), 0);
	cr_expect_eq(run("umount /mnt"), 1);
	cr_expect_eq(image_check(image), 0);
	cr_expect_eq(run("dd if=/dev/xvdb of=/image bs=64k count=16"), 0);
	cr_expect_eq(run("dd if=/image of=/dev/xvdb bs=512 skip=2 count=2 seek=2"), 0);
	cr_expect_eq(run("sync"), 0);
	cr_expect_eq(image_check(image), 0);
	fs_shutdown();
	disk_close(d);
}

/* A directory that contains itself, many times over. */
Test(guestfs_cmd, walks_of_damaged_disks_end)
{
	const char *image = image_make("disk", 8192, 1024, image_path("tree"), "");
	struct disk *d;

	for (unsigned i = 0; i < 20; i++)
		image_run("debugfs -w -R 'ln /d /d/e/again-%u' %s 2>/dev/null", i, image);
	d = disk_open("xvdb", image, NULL, 0, 0);
	run("mkdir /mnt");
	cr_assert_eq(run("mount -r /dev/xvdb /mnt"), 0);
	cr_expect_eq(run("find /mnt"), 1);
	cr_expect(strstr(shim_log, "in several places"), "%s", shim_log);
	cr_expect_eq(run("sha256sum -r /mnt/d"), 1);
	cr_expect_eq(run("sha256sum -rx /"), 0, "-x does not enter what is mounted");
	cr_expect_eq(run("umount /mnt"), 0);
	fs_shutdown();
	disk_close(d);
}

/* Cut off anywhere, and with every header field out of bounds. */
Test(guestfs_cmd, hostile_initrds)
{
	static const char *const fields[] = { "ffffffff", "7fffffff", "80000000", "0000zz00", "00001001", "00000000" };
	const char *path = image_path("initrd");
	static uint8_t data[1 << 19], copy[1 << 19];
	size_t n;
	FILE *f;

	fs_shutdown();
	cr_assert_eq(vfs_mount(NULL, "/", "ramfs", false), 0);
	image_run("cd %s && rm -r d/e && find . | cpio -o -H newc --quiet > %s", image_path("tree"), path);
	f = fopen(path, "r");
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	for (size_t cut = 1; cut < n; cut += cut < 2000 ? 1 : 997) {
		uint8_t *p = malloc(cut);

		memcpy(p, data, cut);
		cpio_unpack(p, cut);
		vfs_umount("/");
		vfs_mount(NULL, "/", "ramfs", false);
		free(p);
	}
	for (unsigned field = 0; field < 13; field++) {
		for (unsigned v = 0; v < 6; v++) {
			for (unsigned member = 0; member < 2; member++) {
				uint8_t *h = copy;

				memcpy(copy, data, n);
				if (member)
					h = memmem(copy + 6, n - 6, "070701", 6);
				memcpy(h + 6 + 8 * field, fields[v], 8);
				cpio_unpack(copy, n);
				vfs_umount("/");
				vfs_mount(NULL, "/", "ramfs", false);
			}
		}
	}
	cr_expect_eq(cpio_unpack("\037\213\010\000garbage", 12), -EINVAL);
}
