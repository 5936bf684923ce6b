#!/bin/bash
# SPDX-License-Identifier: MIT
# Disks of real domains: data both ways on every path of the backend, read-only disks, locks on
# images, a full disk, a backend that is restarted under a running domain, domains that die while
# they read.  What would break: people's data.
. "${BASH_SOURCE[0]%/*}/../lib.sh"

console() { echo "$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { grep -aq -- "$2" "$(console "$1")"; }
said() { wait_for 60 says "$1" "$2"; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }
blklog() { cat "$PARAVANE_RUNDIR/log/paravane-blkback.log"; }

# config NAME DISKS EXTRA
config() {
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = 32
		disk = [ $2 ]
		extra = "$3"
	CFG
}
start() {
	config "$@"
	rm -f "$(console "$1")"
	xl create -q "$WORK/$1.cfg"
}

mkdir "$WORK/tree"
head -c 3000000 /dev/urandom >"$WORK/tree/data"
want=$(sha256sum <"$WORK/tree/data" | cut -d' ' -f1)
new_image() { rm -f "$1" && mke2fs -q -F -t ext2 -d "$WORK/tree" "$1" 16M; }

# read_write IMAGE: the guest sums a file that the host made, copies it, the host reads the copy back.
read_write() {
	new_image "$1" || return
	start rw "'$1,raw,xvda,w'" \
		"root=/dev/xvda rw script='sha256sum /data; cp /data /copy; sync; echo copied' init=poweroff" || return
	wait_for 60 gone rw || { echo "still there: $(tail -3 "$(console rw)")"; return 1; }
	says rw "^$want" || { echo "read: $(grep -a data "$(console rw)")"; return 1; }
	[ "$(debugfs -R 'cat /copy' "$1" 2>/dev/null | sha256sum | cut -d' ' -f1)" = "$want" ] ||
		{ echo "written: something else"; return 1; }
	e2fsck -fn "$1" >/dev/null 2>&1 || { echo "the file system is broken"; return 1; }
}

expect "read and write, file, direct I/O and io_uring" read_write "$WORK/disk.img"
shm=$(mktemp -d /dev/shm/pvn-test.XXXXXX)
expect "read and write, image in memory" read_write "$shm/disk.img"
current="the log says which way each disk is served"
if blklog | grep -q 'direct I/O$' && blklog | grep -q 'in memory$'; then pass; else skip "$(blklog | tail -4)"; fi

stop_backend() { # [SIGNAL]
	local pid
	pid=$(cat "$PARAVANE_RUNDIR/paravane-blkback.pid")
	kill "-${1:-TERM}" "$pid"
	wait_for 30 eval "! kill -0 $pid"
}
# Every fallback, each by hand and on a file.
for way in no-direct no-fixed no-uring no-direct,no-nowait no-uring,no-direct no-poll; do
	stop_backend
	PARAVANE_BLKBACK=$way paravane-blkback
	expect "read and write with $way" read_write "$WORK/disk.img"
done
stop_backend
(ulimit -l 0; paravane-blkback)
expect "read and write when no memory may be locked" read_write "$WORK/disk.img"

# A restart between two requests: the domain does not notice.
new_image "$WORK/disk.img"
start steady "'$WORK/disk.img,raw,xvda,w'" \
	"root=/dev/xvda rw script='sha256sum /data; sleep 2; cp /data /copy; sync; sha256sum /copy; echo all done'"
said steady "^$want"
stop_backend
paravane-blkback
expect "a restarted backend takes its disks over" said steady '^all done'
current="and serves the same data"
if [ "$(grep -ac "^$want" "$(console steady)")" = 2 ]; then pass; else fail "$(cat "$(console steady)")"; fi

# Locks, while steady has the image.
config second "'$WORK/disk.img,raw,xvda,w'" ""
expect_fail "a second writer is refused" 'in use' xl create -q "$WORK/second.cfg"
config second "'$WORK/disk.img,raw,xvda,r'" ""
expect_fail "a reader of what is written, too" 'in use' xl create -q "$WORK/second.cfg"
current="nothing is left of the refused ones"
left=$(xl list | tail -n +2 | grep -c second; xenstore-ls -f | grep -c hotplug-error)
if [ "$left" = $'0\n0' ]; then pass; else fail "$left: $(xenstore-ls -f | grep hotplug)"; fi
xl destroy steady
expect "the image is free as soon as its domain is gone" read_write "$WORK/disk.img"

# Read-only, and by two domains at once.
new_image "$WORK/disk.img"
before=$(sha256sum "$WORK/disk.img")
ro="root=/dev/xvda ro script='sha256sum /data; dd if=/data of=/dev/xvda bs=4096 count=1; echo dd \$?; echo end'"
start ro1 "'$WORK/disk.img,raw,xvda,r'" "$ro"
start ro2 "'$WORK/disk.img,raw,xvda,r'" "$ro"
expect "two domains read one read-only image" eval 'said ro1 "^$want" && said ro2 "^$want"'
said ro1 '^end'
said ro2 '^end'
current="a write to a read-only disk fails"
if says ro1 '^dd [1-9]'; then pass; else fail "$(tail -3 "$(console ro1)")"; fi
xl destroy ro1
xl destroy ro2
current="and the image is what it was"
if [ "$(sha256sum "$WORK/disk.img")" = "$before" ]; then pass; else fail "it changed"; fi

# Images that are none.
for bad in "$WORK/absent.img" "$WORK" /dev/null; do
	config bad "'$bad,raw,xvda,w'" ""
	expect_fail "no disk: $bad" "$bad" xl create -q "$WORK/bad.cfg"
done

# Domains that die in the middle of things; another goes on.
new_image "$WORK/disk.img"
new_image "$WORK/other.img"
start busy "'$WORK/disk.img,raw,xvda,w'" "root=/dev/xvda rw script='cp /data /a; cp /data /b; cp /data /c; sha256sum /a /b /c; cp /a /d; cp /b /e; sync; echo too late'"
start calm "'$WORK/other.img,raw,xvda,w'" "root=/dev/xvda rw script='sha256sum /data; sleep 1; cp /data /x; sync; sha256sum /x; echo calm end'"
sleep 0.1
xl destroy busy
expect "a neighbour that dies is not noticed" said calm '^calm end'
expect "the dead one's image is free" read_write "$WORK/disk.img"
pid=$(cat "$PARAVANE_RUNDIR/paravane-blkback.pid")
expect "the backend is alive" kill -0 "$pid"
xl destroy calm
sleep 0.3
current="no descriptor of an image is left open"
open=$(ls -l "/proc/$pid/fd" 2>/dev/null | grep -c '\.img')
if [ "$open" = 0 ]; then pass; else fail "$open left"; fi
current="no store node of a disk is left"
if xenstore-ls -f | grep -q '/vbd/[0-9]'; then fail "$(xenstore-ls -f | grep '/vbd/[0-9]' | head -3)"; else pass; fi

# A store that crashes and comes back empty takes no disk away.
new_image "$WORK/disk.img"
start orphan "'$WORK/disk.img,raw,xvda,w'" \
	"root=/dev/xvda rw script='sha256sum /data; sleep 2; cp /data /copy; sync; sha256sum /copy; echo all done'"
said orphan "^$want"
orphan=$(xl domid orphan)
kill -9 "$(cat "$PARAVANE_RUNDIR/xenstored.pid")"
sleep 0.2
xenstored
expect "a disk is served on when the store is lost" said orphan '^all done'
expect "new domains get disks from the new store" read_write "$WORK/other.img"
xl destroy "$orphan"
expect "the orphan's image is free when its domain is gone" \
	wait_for 30 eval '! ls -l /proc/$pid/fd | grep -q disk.img'

# A sparse image whose file system is full.
if mkdir "$WORK/small" && mount -t tmpfs -o size=2m none "$WORK/small" 2>/dev/null; then
	truncate -s 16M "$WORK/small/sparse.img"
	mke2fs -q -F -t ext2 "$WORK/small/sparse.img"
	start full "'$WORK/small/sparse.img,raw,xvda,w','$WORK/disk.img,raw,xvdb,r'" \
		"root=/dev/xvdb ro script='dd if=/dev/zero of=/dev/xvda bs=4096 count=2048; sync; echo filled'"
	expect "a guest that fills the host's disk goes on" said full '^filled'
	current="the backend says once that the disk is full"
	said_full=$(blklog | grep -c 'No space left')
	if [ "$said_full" = 1 ]; then pass; else fail "$said_full times"; fi
	xl destroy full
	wait_for 30 eval '! ls -l /proc/$pid/fd | grep -q small'
	umount "$WORK/small"
else
	skip "a full disk: may not mount a small tmpfs here"
fi
rm -rf "$shm"
finish
