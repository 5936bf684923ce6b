#!/bin/bash
# SPDX-License-Identifier: MIT
# The network backend is killed (SIGKILL), KILLS times in each stream, between guests that send frames with
# contents: the one that is started then takes the interfaces over, no frame is corrupted, and the guests see a
# pause and nothing else.  What would break: the network of every guest, whenever the backend is upgraded or dies.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../xllib.sh"
kills=${KILLS:-4}

if ! command -v xenstore-read >/dev/null; then
	case_begin "a network backend that is killed"
	skip "xenstore-utils is not installed"
	finish
fi
netlog() { cat "$PARAVANE_RUNDIR/log/paravane-netback.log"; }
console() { tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
count() { console "$1" | grep -acE -- "$2"; }
last() { console "$1" | grep -aE -- "$2" | tail -1; }
field() { sed -nE "s/.* $1=([0-9]+).*/\1/p"; }
typed() { printf '%s\r' "$2" >"$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")"; }
up() { [ "$(xenstore-read "/local/domain/0/backend/vif/$(xl domid "$1")/$2/state" 2>/dev/null)" = 4 ]; }
backend() { daemon_pid paravane-netback; }
back() { replaced paravane-netback "$1"; }
taken_over() { [ "$(netlog | grep -c 'taken over')" -ge "$1" ]; }

# killed: once; without anybody asking the next one comes, and has both guests' interfaces.
takeovers=0
killed() {
	local pid
	pid=$(backend)
	kill -KILL "$pid" || { echo "it was not there"; return 1; }
	wait_for 30 back "$pid" || { echo "it does not come back"; return 1; }
	takeovers=$((takeovers + 2))
	wait_for 30 taken_over $takeovers || { netlog | tail -4; return 1; }
}

config a 'vcpus = 2' 'vif = [ "bridge=lan,mac=00:16:3e:00:00:0a" ]'
config b 'vcpus = 2' 'vif = [ "bridge=lan,mac=00:16:3e:00:00:0b" ]'
expect "a domain with an interface" xl create -q "$WORK/a.cfg"
expect "and another" xl create -q "$WORK/b.cfg"
expect "both connect" wait_for 30 eval 'up a 0 && up b 0'

# stream NAME WORDS-OF-PKTGEN: frames for some seconds, the backend killed meanwhile.
stream() {
	local begun ended n=0
	local sunk
	begun=$(count b 'pktsink listens') ended=$(count a 'pktgen dev=') sunk=$(count b 'pktsink dev=')
	typed b "pktsink -c -t 300"
	wait_for 30 eval "[ \$(count b 'pktsink listens') -gt $begun ]"
	typed a "pktgen -c -m 00:16:3e:00:00:0b -t 5 $2"
	while [ $n -lt "$kills" ]; do
		sleep "0.$((RANDOM % 4 + 1))$((RANDOM % 10))"
		expect "$1: killed, it takes the interfaces over ($n)" killed
		n=$((n + 1))
	done
	expect "$1: the sender sends to its end" wait_for 60 eval "[ \$(count a 'pktgen dev=') -gt $ended ]"
	wait_for 30 eval "[ \$(count b 'pktsink dev=') -gt $sunk ]"
	case_begin "$1: what came is what was sent"
	[ "$(last b 'pktsink dev=' | field bad)" = 0 ] && [ "$(last b 'pktsink dev=' | field frames)" -gt 0 ] && pass ||
		fail "$(last b 'pktsink dev=') $(last a 'pktgen dev=')"
}
stream "full frames" "-s 1514"
stream "large TCP frames" "-s 64000 -g 1448"

begun=$(count b 'pktsink listens')
typed b "pktsink -c -e -t 300"
wait_for 30 eval "[ \$(count b 'pktsink listens') -gt $begun ]"
typed a "pktgen -l -c -s 64 -n 500 -t 60 -m 00:16:3e:00:00:0b"
case_begin "echoes come back after all of that"
wait_for 90 eval "[ \$(count a 'echoes=') -gt 0 ]"
[ "$(last a 'echoes=' | field echoes)" -ge 450 ] && pass || fail "$(last a 'echoes=')"
case_begin "no guest saw more than a pause"
if console a | grep -aE 'closed|broke|not connected|lost$' || console b | grep -aE 'closed|broke|not connected'; then
	fail "see above"
else
	pass
fi
expect "an interface that was taken over is detached" xl network-detach a 00:16:3e:00:00:0a
case_begin "and nothing of it is left"
xl network-list a | awk 'NR > 1' | grep -q '00:16:3e:00:00:0a' && fail "$(xl network-list a)" || pass
expect "a new one is attached" xl network-attach a bridge=lan mac=00:16:3e:00:00:0c
expect "and connects" wait_for 30 up a 0
case_begin "one that is stopped is followed as well, when somebody starts it"
pid=$(backend)
kill -TERM "$pid"
wait_for 30 eval "! kill -0 $pid"
paravane-netback
takeovers=$((takeovers + 2))
wait_for 30 back "$pid" && wait_for 30 taken_over $takeovers && pass || fail "$(netlog | tail -4)"
expect "destroy" xl destroy a
expect "the other" xl destroy b
nothing_left "nothing is left of them" 10
finish
