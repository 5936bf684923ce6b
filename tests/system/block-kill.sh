#!/bin/bash
# SPDX-License-Identifier: MIT
# The block backend is killed (SIGKILL), KILLS times, under domains that write and check every byte: it comes
# back by itself, takes its disks over with what was in flight, and the domains see a pause and
# nothing else.  What would break: people's data.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
kills=${KILLS:-12}

console() { tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { console "$1" | grep -aqE -- "$2"; }
backend() { daemon_pid paravane-blkback; }
blklog() { cat "$PARAVANE_RUNDIR/log/paravane-blkback.log"; }
alive() { replaced paravane-blkback "$1"; }

# create NAME DISKS SCRIPT [LINES]
create() {
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = 64
		vcpus = 2
		disk = [ $2 ]
		extra = "$3"
	CFG
	xl create -q "$WORK/$1.cfg"
}
mkdir "$WORK/tree"
head -c 3000000 /dev/urandom >"$WORK/tree/data"
want=$(sha256sum <"$WORK/tree/data" | cut -d' ' -f1)
mke2fs -q -F -t ext2 -d "$WORK/tree" "$WORK/fs.img" 32M >/dev/null 2>&1
truncate -s 16M "$WORK/raw.img"
shm=$(mktemp -d /dev/shm/pvn-test.XXXXXX)
trap 'stop_all; rm -rf "$shm"; [ -n "${KEEP:-}" ] || rm -rf "$WORK"' EXIT
truncate -s 8M "$shm/mem.img"

seconds=$((4 + kills * 2 / 3))
expect "a domain that checks a raw disk" create raw "'$WORK/raw.img,raw,xvda,w'" \
	"script='blkverify xvda $seconds 32; echo all checked'"
expect "a domain that checks one in memory" create mem "'$shm/mem.img,raw,xvda,w'" \
	"script='blkverify xvda $seconds 8; echo all checked'"
expect "a domain that copies files" create files "'$WORK/fs.img,raw,xvda,w'" \
	"root=/dev/xvda rw script='cp /data /a; sync; cp /a /b; sync; sleep 2; cp /b /c; sync; cp /c /d; sync; sleep 2; cp /d /e; sync; sha256sum /data /e; echo all copied'"
wait_for 60 says raw 'blkverify: flushed' || fail "$(console raw | tail -3)"
case_begin "killed $kills times it comes back each time, without anybody asking"
n=0
while [ $n -lt "$kills" ]; do
	pid=$(backend)
	sleep "0.$((RANDOM % 6 + 1))$((RANDOM % 10))"
	kill -KILL "$pid" || break
	wait_for 30 alive "$pid" || break
	n=$((n + 1))
done
[ $n = "$kills" ] && pass || fail "$n times: $(tail -3 "$PARAVANE_RUNDIR"/log/xl-raw.log)"
for d in raw mem; do
	expect "every byte of $d is checked" wait_for $((seconds + 120)) says $d '^all checked'
	case_begin "and is what was written"
	says $d '^blkverify: writes=.*errors=0$' && pass || fail "$(console $d | grep -a 'blkverify: [^f]' | head -5)"
done
expect "the files are copied" wait_for 120 says files '^all copied'
case_begin "and are the same"
[ "$(console files | grep -ac "^$want")" = 2 ] && pass || fail "$(console files | tail -4)"
case_begin "requests were in flight at some of the kills"
blklog | grep -q 'taken over with [1-9][0-9]* requests' && pass || fail "$(blklog | grep 'taken over' | tail -3)"
case_begin "the one that took them over is in the sandbox"
if grep -q 'no sandbox: a sanitizer' "$PARAVANE_RUNDIR/log/paravane-blkback.log"; then
	skip "this build has a sanitizer, which works by calls that a sandbox refuses"
elif [ "$(grep -h '^Seccomp:' /proc/"$(backend)"/task/*/status | sort -u | cut -f2)" = 2 ]; then pass
else fail "$(grep -h '^Seccomp:' /proc/"$(backend)"/task/*/status)"; fi
case_begin "nothing was refused that it wanted"
if blklog | grep -Ei 'not permitted|cannot'; then fail "see its log"; else pass; fi
case_begin "no guest saw more than a pause"
if says raw 'closed|broke|not connected' || says mem 'closed|broke|not connected' || says files 'closed|broke'; then
	fail "$(tail -n 4 "$PARAVANE_RUNDIR"/log/console/*)"
else
	pass
fi
case_begin "one that is stopped stays stopped"
pid=$(backend)
kill -TERM "$pid"
wait_for 10 eval "! kill -0 $pid"
sleep 3
[ -z "$(backend)" ] && pass || fail "$(backend)"
paravane-blkback
for d in files raw mem; do xl destroy $d; done
case_begin "the file system on the image is whole"
e2fsck -fn "$WORK/fs.img" >"$WORK/fsck" 2>&1 && pass || fail "$(tail -5 "$WORK/fsck")"
case_begin "the host reads what was written"
out=$(for f in data e; do debugfs -R "cat /$f" "$WORK/fs.img" 2>/dev/null | sha256sum | cut -d' ' -f1; done | sort -u)
[ "$out" = "$want" ] && pass || fail "$out"
expect "and on the raw disks" python3 "$SRC/tests/blkverify.py" "$WORK/raw.img" "$PARAVANE_RUNDIR/log/console/guest-raw.log"
expect "and in memory" python3 "$SRC/tests/blkverify.py" "$shm/mem.img" "$PARAVANE_RUNDIR/log/console/guest-mem.log"
case_begin "no journal is left"
wait_for 30 eval '[ ! -s "$PARAVANE_RUNDIR/blk/journal" ]' && pass || fail "$(ls -s "$PARAVANE_RUNDIR/blk")"
finish
