#!/bin/bash
# SPDX-License-Identifier: MIT
# The block backend is in its sandbox, all of its threads, on each of its ways to work, and serves from
# there: disks that come later, formats with helpers, a store that was restarted.  What it refuses is tested by
# tests/unit/blkback_sandbox.c.  What would break: nothing that anybody notices, until a domain takes the backend over.
. "${BASH_SOURCE[0]%/*}/../lib.sh"

console() { echo "$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { grep -aq -- "$2" "$(console "$1")"; }
said() { wait_for 60 says "$1" "$2"; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }
backend() { cat "$PARAVANE_RUNDIR/paravane-blkback.pid"; }
# confined PID: NoNewPrivs and a filter, in each thread.
confined() {
	local t
	for t in /proc/"$1"/task/*/status; do
		grep -q '^NoNewPrivs:[[:space:]]*1$' "$t" && grep -q '^Seccomp:[[:space:]]*2$' "$t" || { grep -E 'Name|NoNew|Seccomp:' "$t"; return 1; }
	done
}
start() { # NAME DISKS EXTRA
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
stop_backend() {
	local pid
	pid=$(backend)
	kill "$pid"
	wait_for 30 eval "! kill -0 $pid"
}

mkdir "$WORK/tree"
head -c 1000000 /dev/urandom >"$WORK/tree/data"
want=$(sha256sum <"$WORK/tree/data" | cut -d' ' -f1)
mke2fs -q -F -t ext2 -d "$WORK/tree" "$WORK/disk.img" 16M
qemu-img convert -q -f raw -O qcow2 "$WORK/disk.img" "$WORK/disk.qcow2"
serves() { # FORMAT: a guest reads and writes a disk that the backend had not when it went into its sandbox
	start g "'$WORK/disk.${2:-img},$1,xvda,w'" "root=/dev/xvda rw script='sha256sum /data; cp /data /copy; sync; sha256sum /copy' init=poweroff" || return
	wait_for 60 gone g || { tail -3 "$(console g)"; return 1; }
	[ "$(grep -ac "^$want" "$(console g)")" = 2 ] || { tail -5 "$(console g)"; return 1; }
}

xl list >/dev/null
expect "a disk is served" serves raw
if grep -q 'no sandbox: a sanitizer' "$PARAVANE_RUNDIR/log/paravane-blkback.log"; then
	case_begin "the sandbox"
	skip "this build has a sanitizer, which works by calls that a sandbox refuses"
	finish
fi
expect "from the sandbox" confined "$(backend)"
case_begin "by more than one thread"
if [ "$(ls /proc/"$(backend)"/task | wc -l)" -gt 1 ]; then pass; else fail "the store's has none"; fi
expect "an image with a helper, too" serves qcow2 qcow2
case_begin "nothing was refused that it wanted"
if grep -Ei 'not permitted|cannot' "$PARAVANE_RUNDIR/log/paravane-blkback.log"; then fail "see its log"; else pass; fi
for way in no-uring no-direct no-fixed,no-nowait,no-poll; do
	stop_backend
	PARAVANE_BLKBACK=$way paravane-blkback
	expect "with $way" eval 'serves raw && confined "$(backend)"'
done
stop_backend
PARAVANE_NO_IO_URING=1 paravane-blkback
expect "with a loop on epoll" eval 'serves raw && confined "$(backend)"'
kill -9 "$(cat "$PARAVANE_RUNDIR/xenstored.pid")"
wait_for 30 eval '! xenstore-ls'
xenstored
expect "a store that comes back is found from there" wait_for 30 serves raw
expect "by the same process" confined "$(backend)"
case_begin "whoever asks for none has none, and a warning"
stop_backend
PARAVANE_BLKBACK=no-sandbox paravane-blkback
if confined "$(backend)" >/dev/null; then fail "it has one"
elif grep -q 'no sandbox, as PARAVANE_BLKBACK says' "$PARAVANE_RUNDIR/log/paravane-blkback.log"; then pass
else fail "no word of it"; fi
finish
