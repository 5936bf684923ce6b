#!/bin/bash
# SPDX-License-Identifier: MIT
# The ways out of the host's switch: a tap in a Linux bridge (as root, in a network namespace of the test's own),
# and passt. What would break: guests that cannot reach anything but each other.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../xllib.sh"

console() { tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { console "$1" | grep -aqE -- "$2"; }
typed() { printf '%s\r' "$2" >"$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")"; }
node() { xenstore-read "/local/domain/0/backend/vif/$(xl domid "$1")/$2/$3"; }
up() { [ "$(node "$1" "$2" state 2>/dev/null)" = 4 ]; }
netlog() { cat "$PARAVANE_RUNDIR/log/paravane-netback.log"; }

for tool in xenstore-read ip python3; do
	command -v $tool >/dev/null && continue
	case_begin "ways out"
	skip "no $tool"
	finish
done

# What a bridge of the host sees, counted by the kernel.
packets() { cat "/sys/class/net/$1/statistics/$2" 2>/dev/null || echo 0; }

# In the network namespace: a Linux bridge with an address, and a guest whose vif is a tap in it.
in_bridge() {
	mount -t sysfs sysfs /sys && ip link set lo up && ip link add pvbr0 type bridge && ip link set pvbr0 up ||
		return
	config t 'vif = [ "bridge=pvbr0,vifname=webtap,mac=00:16:3e:00:00:01", "bridge=pvbr0" ]'
	expect "a domain in a Linux bridge" xl create -q "$WORK/t.cfg"
	expect "connects" wait_for 30 eval 'up t 0 && up t 1'
	case_begin "its tap is in the bridge, by its name"
	[ -e /sys/class/net/pvbr0/brif/webtap ] && pass || fail "$(ip link) $(netlog)"
	case_begin "one without a name has Xen's"
	[ -e "/sys/class/net/pvbr0/brif/vif$(xl domid t).1" ] && pass || fail "$(ip link)"
	case_begin "what the guest sends the bridge gets"
	wait_for 30 says t '^(pv# )?eth0: '
	typed t "pktgen -d eth0 -n 500 -s 1000 -t 20"
	wait_for 40 eval '[ "$(packets webtap rx_packets)" -ge 500 ]' && pass ||
		fail "$(packets webtap rx_packets) frames; $(console t | tail -2)"
	case_begin "large TCP frames reach it whole"
	bytes=$(packets webtap rx_bytes) frames=$(packets webtap rx_packets)
	typed t "pktgen -d eth0 -n 100 -s 60000 -g 1448 -t 20"
	wait_for 40 eval '[ $(($(packets webtap rx_bytes) - bytes)) -ge 6000000 ]' &&
		[ $(($(packets webtap rx_packets) - frames)) -lt 1000 ] && pass ||
		fail "$(($(packets webtap rx_packets) - frames)) frames of $(($(packets webtap rx_bytes) - bytes)) bytes"
	case_begin "what the bridge sends the guest gets"
	typed t "pktsink -d eth0 -t 20"
	wait_for 30 says t 'pktsink listens'
	python3 - <<-'END'
	import socket
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	s.bind(("pvbr0", 0))
	for i in range(200):
	    s.send(bytes.fromhex("00163e000001" "02000000aaaa" "88b5") + bytes(100))
	END
	wait_for 40 says t 'pktsink dev=.*other=[1-9][0-9][0-9]' && pass || fail "$(console t | tail -3)"
	expect "destroy" xl destroy t
	case_begin "and the taps are gone"
	wait_for 30 eval '[ ! -e /sys/class/net/pvbr0/brif/webtap ]' && pass || fail "$(ip link)"
	nothing_left "nothing is left" 10
}

if [ "$1" = in_bridge ]; then
	in_bridge
	finish
fi
if [ "$(id -u)" != 0 ]; then
	case_begin "a tap in a Linux bridge"
	skip "needs root"
elif ! unshare -nm true 2>/dev/null || [ ! -c /dev/net/tun ] || ! unshare -n ip link add pvbr0 type bridge 2>/dev/null; then
	case_begin "a tap in a Linux bridge"
	skip "no network namespace, /dev/net/tun or bridge on this host"
else
	if out=$(unshare -nm "$0" in_bridge 2>&1); then
		passed=$((passed + $(grep -c '^ok' <<<"$out")))
		grep '^ok' <<<"$out"
	else
		case_begin "a tap in a Linux bridge"
		fail "$out"
	fi
fi

# passt answers DHCP, so it answers; that it runs and gets the guest's frames is what can be seen without.
config p 'vif = [ "bridge=passt" ]'
if ! command -v passt >/dev/null; then
	case_begin "passt"
	skip "passt is not installed"
elif [ -z "$(ip route show default; ip -6 route show default)" ]; then
	case_begin "passt"
	skip "this host has no route to anywhere, which passt needs"
else
	expect "a domain with passt" xl create -q "$WORK/p.cfg"
	expect "connects" wait_for 30 up p 0
	case_begin "it has a passt of its own"
	pid=$(pgrep -P "$(cat "$PARAVANE_RUNDIR/paravane-netback.pid")" passt)
	[ -n "$pid" ] && pass || fail "$(netlog)"
	expect "destroy" xl destroy p
	case_begin "which goes with it"
	wait_for 30 eval '! kill -0 $pid 2>/dev/null' && pass || fail "it is there"
	nothing_left "nothing is left of it" 10
fi
finish
