#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's PV GRUB, unmodified: its menu on the console, a key typed there, and the kernel it boots
# in its own place, with the console and store rings and the disks going on where it left them.
# What would break: the first guest nobody here wrote, and each that takes over a running domain.
. "${BASH_SOURCE[0]%/*}/../lib.sh"

grub=/usr/lib/grub-xen/grub-x86_64-xen.bin
log=$PARAVANE_RUNDIR/log/console/guest-grub.log
says() { grep -aq -- "$1" "$log" 2>/dev/null; }
said() { wait_for "${2:-60}" says "$1" || { tail -c 500 "$log"; return 1; }; }

cat >"$WORK/grub.cfg" <<-CFG
	name = "grub"
	kernel = "$grub"
	memory = 96
	disk = [ "$WORK/boot.img,raw,xvda,w", "$WORK/data.img,raw,xvdb,r" ]
CFG

# A disk as an installer leaves it: a partition table, an ext4 file system at 1 MiB with /boot.
mkdir -p "$WORK/boot/boot/grub" "$WORK/data"
cp "$BUILD/pv-guest/pv-guest" "$WORK/boot/boot/"
echo "a file of the initrd" >"$WORK/word"
(cd "$WORK" && echo word | cpio -o -H newc --quiet >boot/boot/initrd.img)
cat >"$WORK/boot/boot/grub/grub.cfg" <<'CFG'
set timeout=-1
menuentry "Not this one" {
	halt
}
menuentry "Paravane guest" {
	linux /boot/pv-guest "script=cat /word; mkdir /data; mount /dev/xvdb /data; sha256sum /data/random"
	initrd /boot/initrd.img
}
CFG
truncate -s 48M "$WORK/boot.img"
mke2fs -q -F -t ext4 -d "$WORK/boot" -E offset=1048576 "$WORK/boot.img" 47M
python3 - "$WORK/boot.img" <<'PY'
import struct, sys
with open(sys.argv[1], "r+b") as disk:
    disk.seek(446)	# one primary partition of type Linux
    disk.write(struct.pack("<BBBBBBBBII", 0x80, 0, 2, 0, 0x83, 0, 0, 0, 2048, 47 << 11))
    disk.seek(510)
    disk.write(b"\x55\xaa")
PY
head -c 3000000 /dev/urandom >"$WORK/data/random"
mke2fs -q -F -t ext2 -d "$WORK/data" "$WORK/data.img" 8M

expect "GRUB is installed" test -f "$grub"
min=$(cat /proc/sys/vm/mmap_min_addr)
if [ "$(id -u)" != 0 ] && [ "$min" -gt 0 ]; then
	expect_fail "an ordinary user is told what a kernel at address 0 needs" \
		'vm.mmap_min_addr.*run Paravane as root' xl create -q "$WORK/grub.cfg"
	finish
fi

expect "xl create" xl create -q "$WORK/grub.cfg"
expect "its menu is on the console" said 'Press enter to boot'
expect "with the entries read from the disk" says 'Paravane guest'
expect "a connected disk of one ring page" grep -q 'vbd/[0-9]*/51712: connected, 1 ring of 1 page,' \
	"$PARAVANE_RUNDIR/log/paravane-blkback.log"

# The least that lets a process have page 0, and no more.
machine=$(cat "$PARAVANE_RUNDIR/paravaned.pid")
for pid in $(pgrep -P "$machine"); do
	[ "$(cut -c1-10 "/proc/$pid/comm")" = paravane-d ] || continue
	caps=$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$pid/status")
	want=0000000000020000
	[ "$min" -gt 0 ] || want=0000000000000000
	expect "its process has CAP_SYS_RAWIO and nothing else" test "$caps" = "$want"
done

# Cursor down, Enter.
(sleep 1; printf '\033[B'; sleep 1; printf '\r'; sleep 3; printf '\035') |
	timeout 30 script -qec "xl console grub" /dev/null >/dev/null
expect "the kernel it chain-loads runs in the same domain" said 'paravane: guest main reached'
expect "with the command line of the menu" says 'command line: "script=cat /word'
expect "with its initrd" said 'a file of the initrd'
expect "a disk that GRUB had used reads right after the reconnect" said \
	"^$(sha256sum <"$WORK/data/random" | cut -d' ' -f1)"
domid=$(xl domid grub)
expect "it is connected to the store" test "$(xenstore-read "/local/domain/$domid/data/booted")" = 1
expect "the console goes on in both directions" timeout 30 bash -c \
	'(sleep 1; printf "echo typed-\$?-after\r"; sleep 4; printf "\035") |
	 script -qec "xl console grub" /dev/null | grep -aq "typed-0-after"'
expect "xl shutdown reaches it" timeout 30 xl shutdown -w grub
expect "the disk is in order" bash -c "dd if='$WORK/boot.img' of='$WORK/part.img' bs=1M skip=1 status=none &&
	e2fsck -fn '$WORK/part.img'"

# GRUB again and again in one domain's life would hide a leak: a second domain starts clean.
expect "a second domain starts from the same disk" xl create -q "$WORK/grub.cfg"
expect "and shows its menu" wait_for 60 bash -c "[ \$(grep -ac 'Press enter to boot' '$log') -ge 2 ]"
expect "and is destroyed there" xl destroy grub
finish
