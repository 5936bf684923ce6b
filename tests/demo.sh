#!/bin/bash
# SPDX-License-Identifier: MIT
# The demonstration, and the proof of the main job: a PV domain boots from a disk image made
# of a real directory tree, prints checksums that equal the host's, writes a file the host
# reads back, and shuts down when asked.  Times of each step, then "paravane: demo passed".
#   tests/demo.sh [--beside N] [--keep]     BUILD = build tree, or PREFIX = an installed copy
# --beside N: N idle domains run meanwhile.
set -euo pipefail

SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
beside=0 keep=
while [ $# -gt 0 ]; do
	case $1 in
	--beside) beside=$2; shift 2 ;;
	--keep) keep=1; shift ;;
	*) echo "usage: demo.sh [--beside N] [--keep]" >&2; exit 2 ;;
	esac
done
if [ -n "${PREFIX:-}" ]; then
	PATH=$PREFIX/bin:$PREFIX/sbin:$PATH
	kernel=$PREFIX/share/paravane/pv-guest
else
	BUILD=${BUILD:-$SRC/build}
	PATH=$BUILD/toolstack:$BUILD/paravaned:$BUILD/xenstored:$BUILD/backends:$PATH
	kernel=$BUILD/pv-guest/pv-guest
fi
PATH=$PATH:/usr/sbin:/sbin

work=$(mktemp -d "${TMPDIR:-/tmp}/pvn-demo.XXXXXX")
export PARAVANE_RUNDIR=$work/run
mkdir -m 0700 "$PARAVANE_RUNDIR"
cleanup() {
	paravaned --stop --force >/dev/null 2>&1 || true
	[ -n "$keep" ] && echo "kept: $work" || rm -rf "$work"
}
trap cleanup EXIT

start=
step() { # end the step that runs, begin the next
	local now=${EPOCHREALTIME/./}
	[ -z "$start" ] || printf '  %-52s %6d ms\n' "$what" $(((now - start) / 1000))
	what=$1 start=$now
}
die() {
	echo "paravane: demo FAILED: $*" >&2
	echo "--- console of the domain:" >&2
	tail -30 "$console" >&2 2>/dev/null || true
	echo "--- log of paravaned:" >&2
	tail -10 "$PARAVANE_RUNDIR/log/paravaned.log" >&2 2>/dev/null || true
	keep=1
	exit 1
}
wait_line() { # PATTERN SECONDS
	local n=$(($2 * 50))
	until grep -aq "$1" "$console" 2>/dev/null; do
		n=$((n - 1))
		[ $n -gt 0 ] || die "the guest did not print '$1' within $2 s"
		sleep 0.02
	done
}
console=$PARAVANE_RUNDIR/log/console/guest-demo.log

step "image: a directory tree becomes an ext2 file system"
mkdir "$work/tree"
cp -r "$SRC/man" "$SRC/tests" "$work/tree/"
head -c 3000000 /dev/urandom >"$work/tree/random.bin"
: >"$work/tree/empty"
ln -s random.bin "$work/tree/link"
mke2fs -q -t ext2 -d "$work/tree" "$work/disk.img" 32M >/dev/null 2>&1
(cd "$work/tree" && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum | sed 's|  \./|  |') >"$work/host.sums"

cat >"$work/demo.cfg" <<CFG
name = "demo"
type = "pv"
kernel = "$kernel"
memory = 64
vcpus = 1
disk = [ "$work/disk.img,raw,xvda,w" ]
extra = "root=/dev/xvda rw script='sha256sum -rx /; echo written by the guest > /from-guest.txt; sync; echo script done'"
on_crash = "preserve"
CFG

step "daemons: paravaned, xenstored, xenconsoled, paravane-blkback"
xl list >/dev/null || die "xl list failed"

if [ "$beside" -gt 0 ]; then
	step "$beside other domains"
	for i in $(seq "$beside"); do
		printf 'name = "idle%d"\ntype = "pv"\nkernel = "%s"\nmemory = 32\n' "$i" "$kernel" >"$work/idle$i.cfg"
		xl create -q "$work/idle$i.cfg" || die "xl create idle$i failed"
	done
fi

step "xl create: the domain is built and runs"
xl create -q "$work/demo.cfg" || die "xl create failed"
step "the guest boots, mounts its disk, sums every file, writes one"
wait_line '^script done' 60

step "xl shutdown -w: it goes when asked"
xl list demo | sed 's|^|    |' || die "xl list demo failed"
timeout 60 xl shutdown -w demo >/dev/null || die "xl shutdown -w failed"

step "the host compares checksums and reads the written file back"
tr -d '\r' <"$console" | grep -aE '^[0-9a-f]{64}  ' | sed 's|  /|  |' | grep -v 'lost+found' |
	LC_ALL=C sort -k2 >"$work/guest.sums"
LC_ALL=C sort -k2 "$work/host.sums" >"$work/host.sorted"
cmp "$work/host.sorted" "$work/guest.sums" || die "checksums differ: $(diff "$work/host.sorted" "$work/guest.sums" | head -5)"
[ "$(debugfs -R 'cat /from-guest.txt' "$work/disk.img" 2>/dev/null)" = "written by the guest" ] ||
	die "the file the guest wrote is not in the image"
e2fsck -fn "$work/disk.img" >"$work/fsck.log" 2>&1 || die "e2fsck finds errors: $(tail -3 "$work/fsck.log")"
step end
echo "  $(wc -l <"$work/guest.sums") checksums equal the host's"
echo "paravane: demo passed"
