#!/bin/bash
# SPDX-License-Identifier: MIT
# Guests on a bridge: interfaces by configuration and by xl network-attach, frames between guests whole and in
# order, and what destroy and detach leave.  What would break: guests without network,
# lost or corrupted frames, leftovers.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../xllib.sh"

if ! command -v xenstore-read >/dev/null; then
	case_begin "network between guests"
	skip "xenstore-utils is not installed"
	finish
fi
netlog() { cat "$PARAVANE_RUNDIR/log/paravane-netback.log"; }
console() { tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { console "$1" | grep -aqE -- "$2"; }
count() { console "$1" | grep -acE -- "$2"; }
typed() { printf '%s\r' "$2" >"$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")"; }
mac() { xl network-list "$1" | awk -v n="$2" 'NR > 1 && $1 == n { print $3 }'; }
node() { xenstore-read "/local/domain/0/backend/vif/$(xl domid "$1")/$2/$3"; }
up() { [ "$(node "$1" "$2" state 2>/dev/null)" = 4 ]; }

config a 'vif = [ "bridge=lan" ]'
config b 'vif = [ "bridge=lan,mac=00:16:3e:00:00:0b" ]'
expect "a domain with an interface" xl create -q "$WORK/a.cfg"
expect "and another" xl create -q "$WORK/b.cfg"
expect "both connect" wait_for 30 eval 'up a 0 && up b 0'
case_begin "network-list has Xen's columns"
d=$(xl domid b)
xl network-list b | tr -s ' ' | grep -Eq "^0 0 00:16:3e:00:00:0b 0 4 -?[0-9]+ [0-9-]+/[0-9-]+ /local/domain/0/backend/vif/$d/0" && pass ||
	fail "$(xl network-list b)"
case_begin "the guest has its address"
wait_for 30 says b '^(pv# )?eth0: 00:16:3e:00:00:0b' && pass || fail "$(console b | tail -3)"
case_begin "a generated address is of Xen's range"
[[ $(mac a 0) == 00:16:3e:* ]] && pass || fail "$(mac a 0)"
case_begin "the saved configuration has it"
xl list -l a | grep -q '"bridge": "lan"' && pass || fail "$(xl list -l a)"

# stream NAME SIZE [pktgen's words]: frames with contents from a to b, every one whole and in order.
stream() {
	local before size=$2
	before=$(count b 'pktsink dev=')
	case_begin "$1"
	typed b "pktsink -c -n 2000 -t 30"
	wait_for 30 eval "[ \$(count b 'pktsink listens') -gt $before ]"
	typed a "pktgen -c -m 00:16:3e:00:00:0b -n 2000 -t 30 -s $size $3"
	wait_for 60 eval "[ \$(count b 'pktsink dev=') -gt $before ]"
	console b | grep -a 'pktsink dev=' | tail -1 | grep -q 'frames=2000 .*lost=0 late=0 bad=0' && pass ||
		fail "$(console b | grep -a 'pktsink dev=' | tail -1) $(netlog | tail -3)"
}
stream "small frames" 64
stream "full frames" 1514
stream "large TCP frames" 64000 "-g 1448"

expect "an interface is attached" xl network-attach a bridge=dmz mac=00:16:3e:00:00:0a
expect "and connects" wait_for 30 up a 1
expect "the saved configuration has that too" eval 'xl list -l a | grep -q "00:16:3e:00:00:0a"'
expect_fail "words that are none" 'is not known' xl network-attach a speed=10
expect_fail "an address that no interface has" 'no such interface' xl network-detach a 00:16:3e:0f:0f:0f
expect "it is detached by its address" xl network-detach a 00:16:3e:00:00:0a
case_begin "and nothing of it is left"
xl network-list a | awk 'NR > 1' | grep -q '00:16:3e:00:00:0a' && fail "$(xl network-list a)" || pass

expect "destroy" xl destroy a
expect "the other" xl destroy b
nothing_left "nothing is left of them" 10
finish
