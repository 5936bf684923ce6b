#!/bin/bash
# SPDX-License-Identifier: MIT
# The stock programs of xenstore-utils and xen-utils-4.17 against our xenstored, unchanged; then
# clients that break the protocol, and that nobody else notices.  Fails if a program written for
# Xen's daemon would behave otherwise with ours.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

hostile=$BUILD/tests/system/store_hostile
# Versioned directories only: xen-common has wrappers that want a running Xen.
XENBIN=$(dirname "$(ls /usr/lib/xen-[0-9]*/bin/test-xenstore 2>/dev/null | tail -1)")

if ! command -v xenstore-read >/dev/null; then
	case_begin "stock tools"
	skip "xenstore-utils is not installed"
	finish
fi

expect "xenstored starts without a machine" xenstored --no-machine
expect "its socket is ours alone" test "$(stat -c %a "$XENSTORED_PATH")" = 600
expect "a second start says so and succeeds" bash -c 'xenstored --no-machine 2>&1 | grep -q "already running"'
expect_fail "an unknown option is refused" usage xenstored --nonsense

# say WHAT WANT COMMAND...: its output is exactly WANT
say() {
	current=$1
	local want=$2 out rc
	shift 2
	out=$(timeout 20 "$@" 2>&1)
	rc=$?
	if [ "$out" = "$want" ] && [ $rc -eq 0 ]; then pass; else fail "\`$*' exited $rc, said '$out', not '$want'"; fi
}

say "write" "" xenstore-write /test/a hello /test/b world
say "read" "hello" xenstore-read /test/a
say "read two" "hello
world" xenstore-read /test/a /test/b
say "read with path" "/test/a: hello" xenstore-read -p /test/a
expect_fail "read of nothing" "couldn't read path /test/none" xenstore-read /test/none
say "list" "a
b" xenstore-list /test
expect "exists" xenstore-exists /test/a
case_begin "exists not"
if xenstore-exists /test/none; then fail "exists"; else pass; fi
say "chmod" "" xenstore-chmod /test/a n0 r5
say "ls with permissions" "/test/a = \"hello\"   (n0,r5)
/test/b = \"world\"   (n0)" xenstore-ls -fp /test
say "ls with paths" "/test/a = \"hello\"
/test/b = \"world\"" xenstore-ls -f /test
say "chmod recursively" "" xenstore-chmod -r /test r0
say "rm" "" xenstore-rm /test/a
expect_fail "rm of nothing below nothing" "could not remove path" xenstore-rm /none/at/all
say "rm tidies" "" xenstore-rm -t /test/b
case_begin "rm -t took the empty parent"
if xenstore-exists /test; then fail "/test is still there"; else pass; fi
say "relative paths are the control domain's" "Domain-0" xenstore-read name
say "initial contents" "domain" xenstore-list /local

case_begin "a directory of 10000 children lists whole"
for i in $(seq 0 99); do
	args=()
	for j in $(seq 0 99); do args+=("/big/n$i-$j" x); done
	xenstore-write "${args[@]}"
done
n=$(xenstore-list /big | sort -u | wc -l)
if [ "$n" -eq 10000 ]; then pass; else fail "$n names"; fi
say "and goes" "" xenstore-rm /big

case_begin "watch"
xenstore-watch -n 3 /w >"$WORK/watch" 2>&1 &
watcher=$!
wait_for 30 grep -q '^/w$' "$WORK/watch"
xenstore-write /w/x 1
xenstore-rm /w
wait $watcher
if [ "$(cat "$WORK/watch")" = "/w
/w/x
/w" ]; then pass; else fail "$(cat "$WORK/watch")"; fi

if [ -x "$XENBIN/test-xenstore" ]; then
	expect "test-xenstore" timeout 60 "$XENBIN/test-xenstore" -i 200
	expect "test-xenstore at random" timeout 60 "$XENBIN/test-xenstore" -r 1
else
	case_begin "test-xenstore"
	skip "xen-utils-4.17 is not installed"
fi
if [ -x "$XENBIN/xenstore-control" ]; then
	say "control check" "OK" "$XENBIN/xenstore-control" check
	expect "control help" bash -c "'$XENBIN/xenstore-control' help | grep -q memreport"
	expect "control quota" bash -c "'$XENBIN/xenstore-control' quota | grep -Eq 'nodes *: *1000'"
	say "control sets a quota" "OK" "$XENBIN/xenstore-control" quota set nodes 500
	expect "control quota tells" bash -c "'$XENBIN/xenstore-control' quota | grep -Eq 'nodes *: *500'"
	expect "control memreport" "$XENBIN/xenstore-control" memreport "$WORK/memreport"
	expect "memreport wrote" grep -q "^domain 0:" "$WORK/memreport"
else
	case_begin "xenstore-control"
	skip "xen-utils-4.17 is not installed"
fi

# A well-behaved client watches all the while.
xenstore-write /steady ok
xenstore-watch -n 2 /steady >"$WORK/steady" 2>&1 &
steady=$!
wait_for 30 grep -q '^/steady$' "$WORK/steady"

for mode in long half header type garbage; do
	expect "hostile: $mode" timeout 20 "$hostile" $mode
	say "others read after: $mode" ok xenstore-read /steady
done
for mode in flood deaf many; do
	timeout 20 "$hostile" $mode >"$WORK/$mode" 2>&1 &
	pid=$!
	wait_for 30 test -s "$WORK/$mode"
	expect "others write during: $mode" timeout 30 xenstore-write /other/$mode 1
	say "others read during: $mode" ok xenstore-read /steady
	case_begin "hostile: $mode"
	if wait $pid; then pass; else fail "$(cat "$WORK/$mode")"; fi
done
xenstore-write /steady changed
case_begin "the steady watcher saw its node and nothing else"
wait $steady
if [ "$(cat "$WORK/steady")" = "/steady
/steady" ]; then pass; else fail "$(cat "$WORK/steady")"; fi
if [ -x "$XENBIN/xenstore-control" ]; then
	say "the store is consistent" "OK" "$XENBIN/xenstore-control" check
fi

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	case_begin "another user is refused"
	chmod 0711 "$WORK" "$PARAVANE_RUNDIR" "$PARAVANE_RUNDIR/xenstored"
	chmod 0666 "$XENSTORED_PATH"
	out=$(setpriv --reuid 65534 --regid 65534 --clear-groups timeout 30 xenstore-read /steady 2>&1)
	if [ $? -ne 0 ] && [ "$out" != changed ]; then pass; else fail "it read '$out'"; fi
fi

case_begin "SIGTERM ends it and takes the socket away"
kill "$(cat "$PARAVANE_RUNDIR/xenstored.pid")"
if wait_for 30 test ! -e "$XENSTORED_PATH"; then pass; else fail "the socket is still there"; fi

expect_fail "without paravaned it says so" "^xenstored: paravaned does not run" xenstored
finish
