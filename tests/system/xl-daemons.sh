#!/bin/bash
# SPDX-License-Identifier: MIT
# Daemons on demand: xl starts the missing ones, finds those that run, and says it clearly when one
# cannot be had.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../xllib.sh"

# Every one of these processes has ended (a zombie has, too).
ended() {
	local p
	for p; do [ ! -e "/proc/$p" ] || grep -q '^State:.Z' "/proc/$p/status" || return 1; done
}
running() { [ -s "$PARAVANE_RUNDIR/$1.pid" ] && kill -0 "$(cat "$PARAVANE_RUNDIR/$1.pid")"; }

expect "list starts what it needs" xl list
expect "paravaned runs" running paravaned
expect "xenstored runs" running xenstored
before=$(cat "$PARAVANE_RUNDIR"/paravaned.pid)
expect "a second list" xl list
expect "starts nothing" test "$before" = "$(cat "$PARAVANE_RUNDIR"/paravaned.pid)"
if [ -x "$KERNEL" ]; then
	config g
	expect "create starts the rest" xl create -q "$WORK/g.cfg"
	expect "xenconsoled runs" running xenconsoled
	expect "paravane-blkback runs" running paravane-blkback
	expect "paravane-netback runs" running paravane-netback
	expect "destroy" xl destroy g
	nothing_left "nothing is left"
fi
# A console daemon that was killed: its terminal's number passes to a stranger.
if [ -x "$KERNEL" ]; then
	cat >"$WORK/stranger.py" <<'END'
import os, select, sys
want, name, got = sys.argv[1:4]
keep = []
while True:
    m, s = os.openpty()
    keep.append((m, s))
    if os.ttyname(s) == want:
        break
    if len(keep) > 200:
        sys.exit("the number is not to be had")
open(name, "w").write(os.ttyname(s))
while True:
    open(got, "ab").write(os.read(m, 100))
END
	config con
	expect "a domain with a console" xl create -q "$WORK/con.cfg"
	wait_for 30 log_says con 'guest main reached'
	tty=$(xenstore-read "/local/domain/$(xl domid con)/console/tty")
	kill -KILL "$(cat "$PARAVANE_RUNDIR/xenconsoled.pid")"
	wait_for 30 test ! -e "$tty"
	python3 "$WORK/stranger.py" "$tty" "$WORK/stranger" "$WORK/stranger.got" &
	stranger=$!
	wait_for 30 test -s "$WORK/stranger"
	current="xl console starts the console daemon that is missing"
	console_echoes con && running xenconsoled && pass || fail "it said: $(cat "$WORK/con.out")"
	xenstore-write "/local/domain/$(xl domid con)/console/tty" "$tty"
	expect_fail "a terminal that is not the daemon's is no console" 'the domain has no console terminal' \
		timeout 30 xl console con
	current="a stranger's terminal was not written to"
	[ -s "$WORK/stranger" ] && [ ! -s "$WORK/stranger.got" ] && pass || fail "$(cat "$WORK/stranger.got")"
	kill $stranger
	wait $stranger 2>/dev/null
	expect "destroy con" xl destroy con
	nothing_left "nothing is left of con"
fi
# A store that was killed under domains: the next xl fills a new one and says so, once.
if [ -x "$KERNEL" ]; then
	say() { printf '%s\n' "$2" >"$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")"; }
	up() { [ "$(guest_log "$1" | grep -ac 'guest main reached')" -ge "$2" ]; }
	dd if=/dev/zero of="$WORK/disk.img" bs=1M count=4 status=none
	mke2fs -q -F -t ext2 "$WORK/disk.img"
	config store "disk = [ '$WORK/disk.img,raw,xvda,w' ]" 'extra = "root=/dev/xvda rw"'
	expect "a domain with a disk" xl create -q "$WORK/store.cfg"
	wait_for 30 up store 1
	expect "by another name" xl rename store shop
	domid=$(xl domid shop)
	pid=$(cat "$PARAVANE_RUNDIR/xenstored.pid")
	kill -KILL "$pid"
	wait_for 30 ended "$pid"
	sleep 1
	current="the new store is announced in one line"
	out=$(xl domid shop 2>&1 >"$WORK/out")
	[ "$(wc -l <<<"$out")" -eq 1 ] && grep -q "^xl: xenstored had been lost .* domains restored: $domid " <<<"$out" && pass || fail "$out"
	expect "the domain has its name" test "$(cat "$WORK/out")" = "$domid"
	expect "it is said once" test -z "$(xl list 2>&1 >/dev/null)"
	expect "it is introduced" test "$(xl list | awk -v d="$domid" '$2 == d { print $1 }')" = shop
	expect "it has its nodes" test "$(xenstore-read "$(xenstore-read "/local/domain/$domid/vm")/name")" = shop
	current="its console has a terminal again"
	console_echoes shop && pass || fail "it said: $(cat "$WORK/shop.out")"
	say shop 'echo written later >/later; sync; cat /later'
	current="its disk is still served"
	wait_for 30 log_says store '^written later' && pass || fail "$(guest_log store | tail -3)"
	config other
	expect "another domain" xl create -q "$WORK/other.cfg"
	expect "is destroyed" xl destroy other
	say shop 'echo and later >/later; sync; cat /later'
	current="the disk is served on"
	wait_for 30 log_says store '^and later' && pass || fail "$(guest_log store | tail -3)"
	say shop reboot
	current="its monitor is there"
	wait_for 30 up shop 1 && [ "$(xl domid shop)" != "$domid" ] && pass || fail "$(xl list)"
	pid=$(cat "$PARAVANE_RUNDIR/xenstored.pid")
	kill -KILL "$pid"
	wait_for 30 ended "$pid"
	sleep 1
	rm "$PARAVANE_RUNDIR"/userdata/*
	domid=$(xl list 2>"$WORK/err" | awk 'NR > 2 { print $2 }')
	current="what cannot be restored is said"
	grep -q "^xl: xenstored had been lost .*not restored, for .xl destroy. by id alone: $domid" "$WORK/err" && pass || fail "$(cat "$WORK/err")"
	sleep 1	# its monitor is back at the store and has to hear of the end
	expect "destroy by id" xl destroy "$domid"
	nothing_left "nothing is left of it"
fi
expect "Domain-0 has its name in the store" test "$(xenstore-read /local/domain/0/name)" = Domain-0
# When the machine is stopped under a domain, its monitor leaves, too.
if [ -x "$KERNEL" ]; then
	expect "a domain" xl create -q "$WORK/g.cfg"
	expect "the machine is stopped under it" paravaned --stop --force
	current="nothing is left of the domain"
	left() { pgrep -af "xl create -q $WORK/g.cfg"; find "$PARAVANE_RUNDIR/userdata" -type f; }
	none_left() { [ -z "$(left)" ]; }
	wait_for 30 none_left && pass || fail "$(left)"
fi
all=$(cat "$PARAVANE_RUNDIR"/*.pid)
stop_all
wait_for 30 ended $all

# A machine of another version: something that answers the socket with other words.
cat >"$WORK/other.py" <<'END'
import socket, sys, struct
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
s.listen(5)
open(sys.argv[2], "w").write("x")
while True:
    c, _ = s.accept()
    m = c.recv(4096)
    op, seq, n, ret = struct.unpack("=IIIi", m[:16])
    c.send(struct.pack("=IIIi", op, seq, 8, 0) + struct.pack("=II", 9999, 1))
END
rm -f "$PARAVANE_RUNDIR/paravaned.sock"
# The lock of the pid file says that it runs.
python3 - "$PARAVANE_RUNDIR/paravaned.pid" "$WORK/lock.up" <<'END' &
import fcntl, struct, sys, time
f = open(sys.argv[1], "w")
for i in range(300):
    try:
        fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
        break
    except BlockingIOError:     # the kernel may drop the old one a moment after its owner's end
        time.sleep(0.1)
f.write("1\n")
f.flush()
open(sys.argv[2], "w").write("x")
time.sleep(120)
END
lock=$!
python3 "$WORK/other.py" "$PARAVANE_RUNDIR/paravaned.sock" "$WORK/other.up" &
other=$!
wait_for 30 test -e "$WORK/other.up"
wait_for 30 test -e "$WORK/lock.up"
expect_fail "a machine of another version" 'xl: paravaned: it is of another version than this xl' xl list
kill $other $lock 2>/dev/null
wait $other $lock 2>/dev/null
rm -f "$PARAVANE_RUNDIR"/paravaned.{sock,pid}

# A daemon that cannot start: the line names the log.
rm -rf "$PARAVANE_RUNDIR/xenstored"
echo "in the way" >"$PARAVANE_RUNDIR/xenstored"
expect_fail "a daemon that cannot start" "xl: xenstored: it could not be started; its log is $PARAVANE_RUNDIR/log/xenstored.log" xl list
rm -f "$PARAVANE_RUNDIR/xenstored"
expect "starts when the way is free" xl list

# A run directory that is not to be had.
expect_fail "a run directory that is a file" 'xl: run directory: cannot be used' \
	env PARAVANE_RUNDIR=/dev/null xl list
finish
