#!/bin/bash
# SPDX-License-Identifier: MIT
# A PV disk end to end: an image made from a real tree by mke2fs -d is mounted by the guest, whose
# checksums equal the host's; what the guest writes, e2fsck finds nothing wrong with and debugfs
# reads back. For each block size, on a read-only disk, on two disks, from an initrd.
. "$(dirname "$0")/../lib.sh"

tree=$WORK/tree
mkdir -p "$tree/dir/deep/er" "$tree/many"
head -c 3000000 /dev/urandom >"$tree/dir/random"
seq 100000 >"$tree/dir/deep/seq"
: >"$tree/empty"
head -c 1 /dev/zero | dd of="$tree/sparse" bs=1 seek=70M 2>/dev/null
ln -s dir/random "$tree/link"
for i in $(seq 300); do echo "$i" >"$tree/many/file-$i"; done
(cd "$tree" && find . -type f -exec sha256sum {} + | sed 's|  \./|  /|' | sort) >"$WORK/host.sums"

# guest NAME SCRIPT CONFIG-LINE...: runs a guest to its end; its console is in $WORK/NAME.log.
guest() {
	local name=$1 script=$2
	shift 2
	{
		printf 'name = "%s"\ntype = "pv"\nkernel = "%s"\nmemory = 64\n' "$name" "$BUILD/pv-guest/pv-guest"
		printf 'on_poweroff = "destroy"\non_crash = "destroy"\non_reboot = "destroy"\n'
		printf '%s\n' "$@"
		printf 'extra = "%s init=poweroff script='\''%s'\''"\n' "$extra" "$script"
	} >"$WORK/$name.cfg"
	xl create -q "$WORK/$name.cfg" >"$WORK/$name.out" 2>&1 || { cat "$WORK/$name.out"; return 1; }
	if ! wait_for 60 gone "$name"; then
		echo "still running; console:"
		tail -5 "$PARAVANE_RUNDIR/log/console/guest-$name.log"
		xl destroy "$name"
		return 1
	fi
	tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-$name.log" >"$WORK/$name.log"
	grep -q "script ended with status 0" "$WORK/$name.log" || { tail -5 "$WORK/$name.log"; return 1; }
}
gone() { ! xl domid "$1"; }
sums() { grep -E '^[0-9a-f]{64}  /' "$WORK/$1.log" | grep -v '  /dev/' | sort; }
fsck() { e2fsck -fn "$1" >"$WORK/fsck" 2>&1 || { cat "$WORK/fsck"; return 1; }; }

extra="quiet root=/dev/xvda rw"
for bs in 1024 2048 4096; do
	image=$WORK/disk$bs.img
	mke2fs -q -t ext2 -b $bs -d "$tree" "$image" 98304k >/dev/null 2>&1
	expect "a guest runs from an image of $bs-byte blocks" guest "fs$bs" \
		"sha256sum -rx /; mkdir /out; echo written by the guest > /out/hello; cp -r /dir /out; rm -r /many; mv /empty /out/moved; sync" \
		"disk = [ '$image,raw,xvda,w' ]"
	case_begin "its checksums equal the host's ($bs)"
	if sums "fs$bs" | diff - "$WORK/host.sums" >"$WORK/diff"; then pass; else fail "$(head -5 "$WORK/diff")"; fi
	expect "e2fsck finds nothing ($bs)" fsck "$image"
	case_begin "debugfs reads what the guest wrote ($bs)"
	if [ "$(debugfs -R 'cat /out/hello' "$image" 2>/dev/null)" = "written by the guest" ] &&
		debugfs -R "dump /out/dir/random $WORK/back" "$image" 2>/dev/null &&
		cmp -s "$WORK/back" "$tree/dir/random"; then pass; else
		fail "$(debugfs -R 'ls -l /out' "$image" 2>&1)"
	fi
	rm -f "$image"
done

image=$WORK/ro.img second=$WORK/second.img
mke2fs -q -t ext2 -d "$tree" "$image" 98304k >/dev/null 2>&1
before=$(sha256sum <"$image")
expect "a read-only disk can be root" guest ro "cat /many/file-7; mount; touch /x || echo refused" \
	"disk = [ '$image,raw,xvda,r' ]"
case_begin "and stays what it was"
if grep -q refused "$WORK/ro.log" && [ "$(sha256sum <"$image")" = "$before" ]; then pass; else
	fail "$(tail -5 "$WORK/ro.log")"
fi

mke2fs -q -t ext2 "$second" 16384k >/dev/null 2>&1
mkdir "$WORK/rd" && echo "from the initrd" >"$WORK/rd/file" && mkdir "$WORK/rd/mnt"
(cd "$WORK/rd" && find . | cpio -o -H newc --quiet) >"$WORK/initrd"
extra=quiet
expect "an initrd and two disks" guest two \
	"cat /file; lsblk; mount -r xvda /mnt; cat /mnt/many/file-9; umount /mnt; mount /dev/xvdb /mnt; cp /file /mnt; umount /mnt" \
	"ramdisk = '$WORK/initrd'" "disk = [ '$image,raw,xvda,r', '$second,raw,xvdb,w' ]"
expect "the second disk has the file" \
	sh -c "debugfs -R 'cat /file' '$second' 2>/dev/null | grep -q 'from the initrd'"
expect "and is clean" fsck "$second"

head -c 1048576 /dev/urandom >"$WORK/noise.img"
expect "a disk without a file system is refused in words" guest noise \
	"mount xvda /dev || echo not mounted; bench blk xvda randread 4096 4 1; bench blk xvda write 65536 8 1" \
	"disk = [ '$WORK/noise.img,raw,xvda,w' ]"
case_begin "and measured raw without errors"
if grep -q "not mounted" "$WORK/noise.log" && [ "$(grep -c 'bench blk.*errors=0' "$WORK/noise.log")" = 2 ]; then pass; else
	fail "$(tail -5 "$WORK/noise.log")"
fi
finish
