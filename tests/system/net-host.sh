#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest and the programs of the host, with the network in between that a user would have: a Linux bridge with
# dnsmasq, HTTP and the stock iperf on it (as root), and passt (as anybody); both in a network namespace of the test's
# own.  What would break: addresses, names, TCP to and from a stack that is not our own, checksums left to others.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../xllib.sh"
. "${BASH_SOURCE[0]%/*}/../guest.sh"

# In the namespace: a bridge of the host with an address; and a file to be fetched.
a_bridge() { # NAME ADDRESS/BITS
	ip link set lo up && ip link add "$1" type bridge && ip link set "$1" up && ip addr add "$2" dev "$1"
}
a_server() { # PORT
	mkdir "$WORK/www" && head -c 4000001 /dev/urandom >"$WORK/www/file" || return
	sum=$(sha256sum <"$WORK/www/file" | cut -d' ' -f1)
	python3 -m http.server --directory "$WORK/www" "$1" >"$WORK/http.log" 2>&1 &
	servers+=($!)
	wait_for 30 listens "$1" || { cat "$WORK/http.log"; return 1; }
}
listens() { [ -n "$(ss -Hltn "sport = :$1")" ]; }
servers=()
stop_servers() { [ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null; }
address() { console | sed -n 's/^ *inet \([0-9.]*\).* dhcp.*/\1/p' | tail -1; }
addressed() { typed ip; sleep 0.3; [ -n "$(address)" ]; }
autoconfigured() { typed ip; sleep 0.3; says '^ *inet6 fd77::'; }

in_bridge() {
	mount -t sysfs sysfs /sys && a_bridge pvbr0 10.77.0.1/24 && ip -6 addr add fd77::1/64 dev pvbr0 nodad || return
	a_server 8080 || return
	dnsmasq -k -C /dev/null -i pvbr0 --bind-interfaces --dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,1h \
		--dhcp-range=::,constructor:pvbr0,ra-only --enable-ra --address=/web.test/10.77.0.1 --no-resolv \
		--dhcp-leasefile="$WORK/leases" --pid-file= -u root >"$WORK/dnsmasq.log" 2>&1 &
	servers+=($!)
	config t 'memory = 128' 'vif = [ "bridge=pvbr0,mac=00:16:3e:00:00:01" ]' 'extra = "ip=dhcp"'
	expect "a domain in the bridge" xl create -q "$WORK/t.cfg"
	guest t
	expect "it gets an address by DHCP" wait_for 60 addressed
	local at
	at=$(address)
	case_begin "the one that the server gave it"
	grep -q "00:16:3e:00:00:01 $at " "$WORK/leases" && pass || fail "$at; $(cat "$WORK/leases" "$WORK/dnsmasq.log")"
	expect "one from the router's prefix, too" wait_for 60 autoconfigured
	expect "it pings the host" answers "ping -c 2 -i 10 10.77.0.1" '2 sent, 2 received'
	expect "and by IPv6" answers "ping -c 2 -i 10 fd77::1" '2 sent, 2 received'
	expect "it finds a server by name, and fetches a file" answers "wget -O /got http://web.test:8080/file" "^$sum "
	typed "httpd 8081"
	wait_for 30 says 'httpd listens'
	case_begin "the host fetches it from there"
	[ "$(python3 -c 'import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1], timeout=60).read())' \
		"http://$at:8081/got" | sha256sum | cut -d' ' -f1)" = "$sum" ] && pass || fail "$(console | tail -3)"
	typed "iperf -s"
	wait_for 30 says 'iperf server listens'
	case_begin "the host's iperf to the guest: both count the same"
	timeout 60 iperf -c "$at" -n 20M -f k >"$WORK/iperf.out" 2>&1
	wait_for 30 says 'iperf server: done bytes=20971[0-9]* ' && grep -q '20480 KBytes' "$WORK/iperf.out" && pass ||
		fail "$(console | grep iperf) $(cat "$WORK/iperf.out")"
	iperf -s -f k >"$WORK/iperf.log" 2>&1 &
	servers+=($!)
	wait_for 30 listens 5001
	case_begin "the guest's to the host"
	answers "iperf -c 10.77.0.1 -t 1" 'iperf client: done bytes=[1-9][0-9]{6,}' >/dev/null && pass || fail "$(console | grep iperf)"
	xl destroy t
	nothing_left "nothing is left" 10
}

# The gateway that passt shows is the host itself.
with_passt() {
	a_bridge pv0 10.78.0.2/24 && ip route add default via 10.78.0.1 || return
	a_server 8080 || return
	config p 'memory = 128' 'vif = [ "bridge=passt" ]' 'extra = "ip=dhcp"'
	expect "a domain with passt" xl create -q "$WORK/p.cfg"
	guest p
	expect "it has the host's address" wait_for 60 addressed
	case_begin "which is that"
	[ "$(address)" = 10.78.0.2 ] && pass || fail "$(address)"
	expect "it fetches a file through it" answers "wget http://10.78.0.1:8080/file" "^$sum "
	xl destroy p
	nothing_left "nothing is left of it" 10
}

case ${1:-} in
in_bridge | with_passt)
	$1
	stop_servers
	finish
	;;
esac

# inside WHAT PART UNSHARE-OPTION...: a part of this test, in a namespace; its cases are ours.
inside() {
	local what=$1 part=$2 out
	shift 2
	out=$(unshare "$@" "$0" "$part" 2>&1)
	if grep -qE '^[1-9][0-9]* passed, 0 failed, ' <<<"$out"; then
		passed=$((passed + $(grep -c '^ok' <<<"$out")))
		grep '^ok' <<<"$out"
	else
		case_begin "$what"
		fail "$out"
	fi
}

why() {
	local tool
	for tool in "$@"; do
		command -v $tool >/dev/null || { echo "no $tool"; return; }
	done
	grep -aq lwIP "$BUILD/pv-guest/pv-guest" || echo "the guest kernel was built without lwIP (see ./configure)"
}

case_begin "a guest in a Linux bridge"
missing=$(why xenstore-read ip ss python3 dnsmasq iperf)
if [ -n "$missing" ]; then
	skip "$missing"
elif [ "$(id -u)" != 0 ]; then
	skip "needs root"
elif ! unshare -nm true 2>/dev/null || [ ! -c /dev/net/tun ] || ! unshare -n ip link add pvbr0 type bridge 2>/dev/null; then
	skip "no network namespace, /dev/net/tun or bridge on this host"
else
	inside "a guest in a Linux bridge" in_bridge -nm
fi
case_begin "a guest with passt"
missing=$(why xenstore-read ip ss python3 passt)
if [ -n "$missing" ]; then
	skip "$missing"
elif ! unshare -Urn ip link add pv0 type bridge 2>/dev/null; then
	skip "no network namespace or bridge for an ordinary user on this host"
else
	inside "a guest with passt" with_passt -Urn
fi
finish
