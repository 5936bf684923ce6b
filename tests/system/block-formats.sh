#!/bin/bash
# SPDX-License-Identifier: MIT
# Disks of other formats than raw: each image made, booted from and written to, then checked by the tools
# of its makers; and the helper that serves it: who may have the image, when it ends, what its
# death loses.  What would break: people's data, and helpers that outlive their disks.
. "${BASH_SOURCE[0]%/*}/../lib.sh"

console() { echo "$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { grep -aq -- "$2" "$(console "$1")"; }
said() { wait_for 60 says "$1" "$2"; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }
blklog() { cat "$PARAVANE_RUNDIR/log/paravane-blkback.log"; }
helpers() { pgrep -fa "qemu-nbd .*$WORK/$1"; }
no_helper() { ! helpers "$1" >/dev/null; }
for tool in qemu-img qemu-nbd; do
	command -v $tool >/dev/null || { case_begin "disks of other formats"; fail "$tool is not installed"; finish; }
done

# start NAME DISKS EXTRA
start() {
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = 32
		disk = [ $2 ]
		extra = "$3"
	CFG
	rm -f "$(console "$1")"
	xl create -q "$WORK/$1.cfg"
}

# ask NAME LINE PATTERN: what is typed at the guest's shell has an answer with the pattern.
ask() {
	local mark=mark$RANDOM$RANDOM
	printf '%s\r' "$2; echo $mark-end" >"$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")"
	wait_for "${4:-60}" says "$1" "^$mark-end" || { echo "no answer: $(tail -3 "$(console "$1")")"; return 1; }
	sed "1,/echo $mark-end/d" "$(console "$1")" | grep -aE -- "$3" || { tail -5 "$(console "$1")"; return 1; }
}
shell() { start "$@" && said "$1" '^pv#'; }

mkdir "$WORK/tree" "$WORK"/tree/{b,c,d,e,f}
head -c 3000000 /dev/urandom >"$WORK/tree/data"
want=$(sha256sum <"$WORK/tree/data" | cut -d' ' -f1)
mke2fs -q -F -t ext2 -d "$WORK/tree" "$WORK/plain.img" 16M
qemu_name() { [ "$1" = vhd ] && echo vpc || echo "$1"; }
new_image() { rm -f "$WORK/disk.$1" && qemu-img convert -q -f raw -O "$(qemu_name "$1")" "$WORK/plain.img" "$WORK/disk.$1"; }
# holds FORMAT FILE: the image is sound, and the file in it is what the guest was given.
holds() {
	local img=$WORK/disk.$1 out
	if [ "$1" != vhd ] && [ "$1" != qcow ]; then	# these drivers have no check
		out=$(qemu-img check -f "$(qemu_name "$1")" "$img" 2>&1) || { echo "check: $out"; return 1; }
	fi
	qemu-img convert -q -f "$(qemu_name "$1")" -O raw "$img" "$WORK/back.img" || return
	[ "$(debugfs -R "cat $2" "$WORK/back.img" 2>/dev/null | sha256sum | cut -d' ' -f1)" = "$want" ] ||
		{ echo "$2 is something else"; return 1; }
}

new_image qcow2
expect "a guest boots from qcow2" start root "'$WORK/disk.qcow2,qcow2,xvda,w'" \
	"root=/dev/xvda rw script='sha256sum /data; cp /data /copy; sync; echo copied' init=poweroff"
expect "it ends by itself" wait_for 60 gone root
case_begin "it has read what was there"
if says root "^$want"; then pass; else fail "$(tail -3 "$(console root)")"; fi
expect "the helper has ended with the disk" wait_for 30 no_helper disk.qcow2
expect "what it wrote is in a sound image" holds qcow2 /copy
expect "and so is the file system" e2fsck -fn "$WORK/back.img"

# The others, all at once.
others="vhd vmdk vhdx vdi qed qcow"
specs="'$WORK/plain.img,raw,xvda,r'" letter=b script=
for format in $others; do
	new_image $format
	specs="$specs,'$WORK/disk.$format,$format,xvd$letter,w'"
	script="$script mount /dev/xvd$letter /b; cp /data /b/copy; sync; sha256sum /b/data; umount /b;"
	letter=$(tr b-y c-z <<<$letter)
done
expect "a guest has a disk of each other format" start all "$specs" "root=/dev/xvda ro script='$script' init=poweroff"
expect "it ends by itself, too" wait_for 90 gone all
case_begin "it has read all"
if [ "$(grep -ac "^$want" "$(console all)")" = 6 ]; then pass; else fail "$(cat "$(console all)")"; fi
expect "and no helper is left" wait_for 30 no_helper ""
for format in $others; do
	expect "$format: what it wrote is in a sound image" holds $format /copy
done

# Who may have it.
new_image qcow2
expect "an image is served" shell one "'$WORK/disk.qcow2,qcow2,xvda,w'" "root=/dev/xvda rw"
expect_fail "a second writer is refused" 'in use' start two "'$WORK/disk.qcow2,qcow2,xvda,w'" ""
expect_fail "as a raw disk, too" 'in use' start two "'$WORK/disk.qcow2,raw,xvda,r'" ""
case_begin "the helper's socket has no name that others could use"
left=$(find "$PARAVANE_RUNDIR" -path '*disk.*')
if [ -z "$left" ] && [ "$(helpers disk.qcow2 | wc -l)" = 1 ]; then pass; else fail "$left $(helpers disk.qcow2)"; fi
case_begin "nothing hands a flush on as done before it is"
if helpers disk.qcow2 | grep -Eq -- '--cache=(writeback|none)'; then pass; else fail "$(helpers disk.qcow2)"; fi

# The helper dies after a flush that was answered.
cp "$WORK/plain.img" "$WORK/calm.img"
expect "a neighbour on a raw disk" shell calm "'$WORK/calm.img,raw,xvda,w'" "root=/dev/xvda rw"
expect "a guest writes and flushes" ask one "cp /data /copy; sync" ""
kill -9 "$(pgrep -f "qemu-nbd .*$WORK/disk.qcow2")"
expect "a helper that dies is said to" wait_for 30 eval "blklog | grep -q 'disk.qcow2 has gone: all requests of this disk fail'"
expect "its guest has errors, and lives" ask one "dd if=/dev/xvda of=/x bs=4096 skip=2000 count=1" 'error'
expect "the neighbour is not disturbed" ask calm "cp /data /x; sync; sha256sum /x" "^$want"
xl destroy one
xl destroy calm
expect "what was flushed is there" wait_for 30 holds qcow2 /copy

# The backend is killed: its helpers go, and come again with the next one.
new_image qcow2
expect "an image is served again" shell three "'$WORK/disk.qcow2,qcow2,xvda,w'" "root=/dev/xvda rw"
old=$(pgrep -f "qemu-nbd .*$WORK/disk.qcow2")
kill -9 "$(cat "$PARAVANE_RUNDIR/paravane-blkback.pid")"
expect "a backend that is killed takes its helpers with it" wait_for 30 eval "! kill -0 $old"
paravane-blkback
expect "the next one serves on, the same data" ask three "cp /data /copy; sync; sha256sum /copy" "^$want"
xl destroy three
expect "its image is sound" wait_for 30 holds qcow2 /copy

# What cannot be served has its reason.
expect_fail "an image that has another format" 'not in qcow2 format' start bad "'$WORK/plain.img,qcow2,xvda,w'" ""
expect_fail "an image that is not there" 'cannot open' start bad "'$WORK/none.img,qcow2,xvda,w'" ""
expect "read-only it is shared" eval 'start r1 "\"$WORK/disk.qcow2,qcow2,xvda,r\"" "" && start r2 "\"$WORK/disk.qcow2,qcow2,xvda,r\"" ""'
expect_fail "but not with a writer" 'in use' start w "'$WORK/disk.qcow2,qcow2,xvda,w'" ""
xl destroy r1
xl destroy r2
expect "no helper is left" wait_for 30 no_helper ""
finish
