#!/bin/bash
# SPDX-License-Identifier: MIT
# Domains write disks at random, read them back, flush, and check every byte, for VERIFY_SECONDS; one is
# destroyed in the middle.  The host then looks whether what was flushed is there.  What would break:
# people's data.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
seconds=${VERIFY_SECONDS:-4}
log() { echo "$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { tr -d '\r' <"$(log "$1")" | grep -aqE -- "$2"; }
create() { # NAME IMAGE LANES SECONDS
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = 64
		vcpus = 2
		disk = [ "$2,raw,xvda,w" ]
		extra = "script='blkverify xvda $4 $3; echo all checked'"
	CFG
	xl create -q "$WORK/$1.cfg"
}
check() { python3 "$SRC/tests/blkverify.py" "$1" "$(log "$2")" "$WORK/$2.seen"; }
shm=$(mktemp -d /dev/shm/pvn-test.XXXXXX)
trap 'stop_all; rm -rf "$shm"; [ -n "${KEEP:-}" ] || rm -rf "$WORK"' EXIT
truncate -s 16M "$WORK/file.img"
truncate -s 8M "$shm/mem.img"
expect "a domain with a file" create file "$WORK/file.img" 32 "$seconds"
expect "a domain with an image in memory" create mem "$shm/mem.img" 8 "$seconds"
case_begin "each has a queue for each vCPU"
both() { local d; for d in file mem; do says $d ' 2 x ring of ' || return 1; done; }
wait_for 30 both && pass || fail "$(grep -ah 'ring of' "$(log file)" "$(log mem)")"
# What is on its way to a vCPU that goes comes to another.
expect "xl vcpu-set takes one" xl vcpu-set file 1
expect "it goes" wait_for 30 says file 'vCPU 1 is offline'
case_begin "and the disk is in use all the while"
if says file '^all checked'; then fail "blkverify ended too early to tell"; else pass; fi
for d in file mem; do
	expect "every byte of $d is checked" wait_for $((seconds + 60)) says $d '^all checked'
	case_begin "and is what was written"
	says $d '^blkverify: writes=[1-9].*errors=0$' && pass || fail "$(grep -a 'blkverify: [^f]' "$(log $d)" | head -5)"
	xl destroy $d
done
expect "the host finds all that was flushed, file" check "$WORK/file.img" file
expect "and in memory" check "$shm/mem.img" mem
rm -f "$(log file)"
expect "a domain that will be destroyed" create file "$WORK/file.img" 32 60
expect "has flushed" wait_for 30 eval '[ "$(grep -ac "blkverify: flushed" "$(log file)")" -ge 5 ]'
expect "is destroyed" xl destroy file
expect "what it flushed is there" check "$WORK/file.img" file
case_begin "a byte that is lost is noticed"
was=$(od -An -tu1 -j40000 -N1 "$WORK/file.img")
printf "\\x$(printf %x $((was ^ 255)))" | dd of="$WORK/file.img" bs=1 seek=40000 conv=notrunc status=none
if out=$(check "$WORK/file.img" file); then fail "$out"; else pass; fi
finish
