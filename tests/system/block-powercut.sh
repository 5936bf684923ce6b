#!/bin/bash
# SPDX-License-Identifier: MIT
# The power goes, POWER_CUTS times, each time somewhere else: a domain that writes a disk at random is
# killed, or the block backend under it (which comes back, or the domain is killed while it does), with a
# file or with a connection to an NBD server, or that server, or the machine.  The server keeps what it is told in
# a cache until it is told to flush, as a drive does, and so loses the rest.  Whatever a flush covered that the
# guest saw completed has to be on the disk.  What would break: people's data.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
cuts=${POWER_CUTS:-10}
kinds=(domain backend server connection machine)

console() { echo "$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
flushes() { grep -ac 'blkverify: flushed' "$(console "$1")" || true; }
flushed() { [ "$(flushes "$1")" -ge "$2" ]; }
backend() { daemon_pid paravane-blkback; }
back() { replaced paravane-blkback "$1"; }
gone() { ! xl domid "$1"; }
command -v nbdkit >/dev/null || { case_begin "a disk with a cache"; fail "nbdkit is not installed"; finish; }
servers=()
trap 'kill -KILL "${servers[@]}" 2>/dev/null; stop_all; [ -n "${KEEP:-}" ] || rm -rf "$WORK"' EXIT

# create NAME DISK
create() {
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = 32
		vcpus = 2
		disk = [ $2 ]
		extra = "script='blkverify xvda 600 16'"
	CFG
	xl create -q "$WORK/$1.cfg"
}
# serve CACHE: the drive, which keeps what it is told to keep or (unsafe) says so.
serve() {
	rm -f "$WORK/drive.sock" "$WORK/drive.pid"
	nbdkit --exit-with-parent -f -U "$WORK/drive.sock" -P "$WORK/drive.pid" --filter=cache \
		file "$WORK/drive.img" cache="$1" >>"$WORK/drive.log" 2>&1 </dev/null &
	servers=($!)
	wait_for 30 test -s "$WORK/drive.pid" || { tail -3 "$WORK/drive.log"; return 1; }
}
drive="'vdev=xvda,access=w,target=nbd:unix:$WORK/drive.sock'"
dies() { kill -KILL "$1" && wait_for 30 eval "! kill -0 $1 || grep -q '^State:.Z' /proc/$1/status"; }
server_ended() { [ ${#servers[@]} -gt 0 ] && { ! kill -0 "${servers[0]}" || grep -q '^State:.Z' "/proc/${servers[0]}/status"; }; }
dies_domain() { dies "$(domain_pid "$(xl domid "$1")")" && wait_for 30 gone "$1"; }
a_while() { sleep "0.$((RANDOM % 6))$((RANDOM % 10))"; }

# cut KIND NAME: of which there is a domain that has flushed
cut_domain() { dies_domain "$1"; }
cut_backend() {
	local pid n
	pid=$(backend)
	dies "$pid" || return 1
	if [ $((RANDOM % 2)) = 0 ]; then
		a_while
	else
		wait_for 30 back "$pid" || { echo "it did not come back"; return 1; }
		n=$(flushes "$1")
		# (A server may die of its client's death; the disk has failed then, as it has to.)
		wait_for 60 eval "flushed $1 $((n + 3)) || server_ended" || { echo "no flush after it came back"; return 1; }
	fi
	dies_domain "$1"
}
cut_machine() { dies "$(cat "$PARAVANE_RUNDIR/paravaned.pid")" && xl list; }
cut_connection() { cut_backend "$1" && { server_ended || dies "${servers[0]}"; }; }
cut_server() { dies "${servers[0]}" && dies_domain "$1"; }

# check NAME IMAGE: of the domain, once nobody writes the image any more.  What fails after the cut fails.
check() {
	wait_for 30 flock -n "$2" true || { echo "the image is still in use"; return 1; }
	grep -av 'blkverify: a [a-z]* failed' "$(console "$1")" >"$WORK/$1.log"
	python3 "$SRC/tests/blkverify.py" "$2" "$WORK/$1.log" "$2.seen"
}
# power_cut KIND NAME
power_cut() {
	local image=$WORK/disk.img disk="'$WORK/disk.img,raw,xvda,w'"
	servers=()
	[[ $1 = server || $1 = connection ]] && image=$WORK/drive.img disk=$drive && { serve writeback || return 1; }
	create "$2" "$disk" || return 1
	wait_for 60 flushed "$2" 2 || { echo "it does not flush"; tail -3 "$(console "$2")"; return 1; }
	a_while
	"cut_$1" "$2" || { echo "cutting failed"; return 1; }
	check "$2" "$image" || return 1
	grep -a 'blkverify: something else' "$(console "$2")" && return 1
	return 0
}

truncate -s 4M "$WORK/disk.img" "$WORK/drive.img"
for ((n = 0; n < cuts; n++)); do
	kind=${kinds[n % ${#kinds[@]}]}
	expect "cut $n: what was flushed outlives the end of the $kind" power_cut "$kind" "cut$n"
done
# Does any of this notice a flush that does nothing?
current="a drive that only says that it flushed"
if serve unsafe && create lie "$drive" && wait_for 60 flushed lie 3 && cut_server lie; then
	expect_fail "a drive that only says that it flushed is found out" 'was flushed' check lie "$WORK/drive.img"
else
	fail "$(tail -3 "$WORK/drive.log")"
fi
finish
