#!/bin/bash
# SPDX-License-Identifier: MIT
# paravaned as a person meets it: start, second start, stop, who may connect, what a killed domain
# leaves.  What would break: two machines in one run directory, a socket others can use, domains
# that stay in `xl list` when they are dead.
. "$(dirname "$0")/../lib.sh"

socket=$PARAVANE_RUNDIR/paravaned.sock

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
listed() { xl list "$1"; }
not_listed() { ! xl list "$1"; }

expect "a domain is made, with all daemons started on demand" domain d1
pid=$(domain_pid "$(xl domid d1)")
wait_for 30 grep -q "Seccomp:.*2" "/proc/$pid/status"
case_begin "its process has nothing of the host"
if [ -z "$pid" ]; then
	fail "no process paravane-d"
elif ! ls "/proc/$pid/fd/" >/dev/null 2>&1; then
	skip "this user may not look"
else
	s=/proc/$pid/status
	awk '/^NoNewPrivs/{n=$2} /^Seccomp:/{s=$2} /^CapEff/{c=$2} /^CapBnd/{b=$2} END{exit !(n==1 && s==2 && c ~ /^0+$/ && b ~ /^0+$/)}' $s &&
		[ "$(ls "/proc/$pid/root/" | wc -l)" -eq 0 ] &&
		[ "$(ls /proc/$pid/fd | sort -n | xargs)" = "3 4 5 6 7 8 9 10 11 12 13 24" ] &&
		pass || fail "$(grep -E 'NoNewPrivs|Seccomp|Cap' $s; ls "/proc/$pid/root/" | head -3; ls /proc/$pid/fd | xargs)"
fi
uid_of() { awk '/^Uid/{print $2, $3, $4, $5}' "/proc/$1/status"; }
case_begin "its process has a user of its own"
if [ "$(id -u)" -eq 0 ]; then
	u=$((0x70000000 + $(xl domid d1)))
	if grep -q 'no users from' "$PARAVANE_RUNDIR/log/paravaned.log"; then
		skip "this host has no such users, and the log says so"
	else
		[ "$(uid_of "$pid")" = "$u $u $u $u" ] && pass || fail "$(uid_of "$pid"), not $u"
	fi
else
	u=$(id -u) && skip "we are not root"
fi
as() { if [ "$(id -u)" -eq 0 ]; then setpriv --reuid "$u" --regid "$u" --clear-groups "$@"; else "$@"; fi; }
expect_fail "which may not look into it" 'denied' as ls "/proc/$pid/fd/"
expect_fail "nor at its memory" 'denied' as head -c 1 "/proc/$pid/mem"
if [ "$(id -u)" -eq 0 ]; then
	u=65534
	expect_fail "nobody may not signal it" 'not permitted' as kill -0 "$pid"
fi
expect_fail "stop refuses while a domain exists" 'domains are running' paravaned --stop
expect "the domain did not notice" listed d1

free=$(xl info free_memory)
domain d2
kill -KILL "$(domain_pid "$(xl domid d2)")"
case_begin "a killed domain is gone from the list at once"
[ "$(xl list | wc -l)" = 3 ] && pass || fail "$(xl list)"
case_begin "and its memory is back"
not_listed d2 && [ "$(xl info free_memory)" = "$free" ] && pass || fail "$free before, $(xl info free_memory) after"
expect "others live" listed d1

domain d3
kill -SEGV "$(domain_pid "$(xl domid d3)")" 2>/dev/null
domain d4
expect "others can be made meanwhile" listed d4

# The machine is killed.  What would break: processes and memory that nobody will ever end, or a
# stranger's process that is ended because it has the number of one of ours.
dead() { ! grep -Eqs '^State:[[:space:]]+[^ZX[:space:]]' "/proc/$1/status"; }
nr_dead() { local n=0 p; for p in "$@"; do dead "$p" && n=$((n + 1)); done; echo $n; }
log=$PARAVANE_RUNDIR/log/paravaned.log
machine=$(daemon_pid paravaned)
orphans=$(pgrep -P "$machine" | xargs)
case_begin "each process of a domain is recorded"
[ -n "$orphans" ] && [ "$(ls "$PARAVANE_RUNDIR/processes" | sort -n | xargs)" = "$(xargs -n1 <<<"$orphans" | sort -n | xargs)" ] &&
	pass || fail "$orphans run, recorded are $(ls "$PARAVANE_RUNDIR/processes" | xargs)"
paused=$(xl domid d4)
xl pause d4
kill -KILL "$machine"
wait_for 30 dead "$machine"
case_begin "a machine that is killed leaves domains behind"
[ "$(nr_dead $orphans)" = 0 ] && pass || fail "$orphans"
# Two that are not ours: the number and the start time of one, the number and the name of another.
sleep 1000 & stranger=$!
(exec -a "paravane-d$paused" sleep 1000) & namesake=$!
echo "$paused $(awk '{print $22}' "/proc/$stranger/stat")" >"$PARAVANE_RUNDIR/processes/$stranger"
wait_for 30 grep -qs paravane-d "/proc/$namesake/cmdline"
echo "$paused 12345" >"$PARAVANE_RUNDIR/processes/$namesake"
echo garbage >"$PARAVANE_RUNDIR/processes/1"
expect "another one starts" paravaned
case_begin "and has ended them"
[ "$(nr_dead $orphans)" = "$(wc -w <<<"$orphans")" ] && pass || fail "$(nr_dead $orphans) of $orphans"
case_begin "and says so once"
[ "$(grep -c 'domains\? (d.*former paravaned' "$log")" = 1 ] && xl dmesg | grep -q "ended $(wc -w <<<"$orphans") domains (.*d$paused" &&
	pass || fail "$(tail -3 "$log")"
case_begin "but no other process"
[ "$(nr_dead $stranger $namesake)" = 0 ] && pass || fail "$(nr_dead $stranger) $(nr_dead $namesake)"
kill "$stranger" "$namesake"
expect "nothing is recorded any more" test -z "$(ls "$PARAVANE_RUNDIR/processes")"

expect "a domain of the new machine" wait_for 30 domain d5
pid=$(domain_pid "$(xl domid d5)")
machine=$(daemon_pid paravaned)
kill -TERM "$machine"
case_begin "SIGTERM ends the machine and its domains"
if wait_for 30 dead "$machine" && wait_for 30 dead "$pid"; then pass; else fail "$pid or $machine is there"; fi

expect "a domain of the next machine" wait_for 30 domain d6
machine=$(daemon_pid paravaned)
pid=$(domain_pid "$(xl domid d6)")
expect "stop --force destroys them" paravaned --stop --force
case_begin "no process is left"
if wait_for 30 test ! -e "/proc/$pid" && [ ! -e "/proc/$machine" ]; then pass; else fail "$pid or $machine is there"; fi
case_begin "no daemon is left"
left=$(for f in "$PARAVANE_RUNDIR"/*.pid; do cat "$f"; done)
[ -z "$left" ] && pass || fail "$left"
finish
