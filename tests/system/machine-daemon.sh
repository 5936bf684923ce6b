#!/bin/bash
# SPDX-License-Identifier: MIT
# paravaned as a person meets it: start, second start, stop, who may connect, what a killed domain
# leaves.  What would break: two machines in one run directory, a socket others can use, domains
# that stay in `xl list` when they are dead.
. "$(dirname "$0")/../lib.sh"

socket=$PARAVANE_RUNDIR/paravaned.sock
daemon_pid() { cat "$PARAVANE_RUNDIR/$1.pid" 2>/dev/null; }

expect "it starts and returns when it serves" paravaned
expect "the socket is there at once" test -S "$socket"
case_begin "the socket is for its user only"
[ "$(stat -c %a "$socket")" = 600 ] && pass || fail "mode $(stat -c %a "$socket")"
case_begin "a second start says who runs and succeeds"
out=$(paravaned 2>&1) && [ "$out" = "paravaned: already running (pid $(daemon_pid paravaned))" ] && pass || fail "$out"
expect_fail "unknown options are usage errors" 'usage:' paravaned --nonsense
expect_fail "force is for stop only" 'usage:' paravaned --force
case_begin "usage errors exit 2"
paravaned --nonsense >/dev/null 2>&1
[ $? -eq 2 ] && pass || fail "exit $?"
expect "it says its version" bash -c 'paravaned --version | grep -q "^paravaned [0-9]"'

expect "it stops" paravaned --stop
expect "and is gone" bash -c '! test -S "$PARAVANE_RUNDIR/paravaned.sock"'
case_begin "stopping what does not run is fine"
out=$(paravaned --stop 2>&1) && [ "$out" = "paravaned: not running" ] && pass || fail "$out"

# A domain that sleeps.
kernel=$BUILD/pv-guest/pv-guest
domain() {
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		kernel = "$kernel"
		memory = 32
		on_crash = "preserve"
	CFG
	xl create -q "$WORK/$1.cfg"
}
domain_pid() {
	local p
	for p in $(pgrep -f "^paravane-d$1\$"); do
		[ "$(awk '/^PPid/{print $2}' "/proc/$p/status")" = "$(daemon_pid paravaned)" ] && echo "$p"
	done
}
listed() { xl list "$1"; }
not_listed() { ! xl list "$1"; }

expect "a domain is made, with all daemons started on demand" domain d1
pid=$(domain_pid "$(xl domid d1)")
case_begin "its process has nothing of the host"
if [ -z "$pid" ]; then
	fail "no process paravane-d"
else
	s=/proc/$pid/status
	awk '/^NoNewPrivs/{n=$2} /^Seccomp:/{s=$2} /^CapEff/{c=$2} /^CapBnd/{b=$2} END{exit !(n==1 && s==2 && c ~ /^0+$/ && b ~ /^0+$/)}' $s &&
		[ "$(ls "/proc/$pid/root/" | wc -l)" -eq 0 ] &&
		[ "$(ls /proc/$pid/fd | sort -n | xargs)" = "3 4 5 6 7 8 9 10 11 12 13" ] &&
		pass || fail "$(grep -E 'NoNewPrivs|Seccomp|Cap' $s; ls "/proc/$pid/root/" | head -3; ls /proc/$pid/fd | xargs)"
fi
case_begin "its process is not root's"
if [ "$(id -u)" -eq 0 ]; then
	[ "$(stat -c %u "/proc/$pid/task")" != 0 ] || [ "$(awk '/^Uid/{print $2}' "/proc/$pid/status")" = 65534 ] && pass || fail "uid 0"
else
	skip "we are not root"
fi
expect_fail "stop refuses while a domain exists" 'domains are running' paravaned --stop
expect "the domain did not notice" listed d1

free=$(xl info free_memory)
domain d2
kill -KILL "$(domain_pid "$(xl domid d2)")"
expect "a killed domain is gone from the list" wait_for 5 not_listed d2
case_begin "and its memory is back"
[ "$(xl info free_memory)" = "$free" ] && pass || fail "$free before, $(xl info free_memory) after"
expect "others live" listed d1

domain d3
kill -SEGV "$(domain_pid "$(xl domid d3)")" 2>/dev/null
domain d4
expect "others can be made meanwhile" listed d4

machine=$(daemon_pid paravaned)
pid=$(domain_pid "$(xl domid d1)")
expect "stop --force destroys them" paravaned --stop --force
case_begin "no process is left"
if wait_for 5 test ! -e "/proc/$pid" && [ ! -e "/proc/$machine" ]; then pass; else fail "$pid or $machine is there"; fi
case_begin "no daemon is left"
left=$(for f in "$PARAVANE_RUNDIR"/*.pid; do cat "$f"; done)
[ -z "$left" ] && pass || fail "$left"
finish
