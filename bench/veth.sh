#!/bin/bash
# SPDX-License-Identifier: MIT
# veth.sh DIRECTORY PINGPONG: the host's network that ours is measured against: two network namespaces with a veth pair
# between them. Any user may make them where the host allows user namespaces. Ready when DIRECTORY/ready is there;
# then each line written to the pipe DIRECTORY/order is carried out, and its answer is a file:
#	udp PAYLOAD N	a second of iperf UDP: "pps N", "lost_percent N" in DIRECTORY/answer.N, both seen by the receiver
#	tcp N		a second of iperf TCP: "gbps N"
#	ping N		50000 datagrams there and back: "percentiles 1=N ..."
# The pipe's end of file, or the word end, ends it.
set -euo pipefail
dir=$1 pingpong=$2
if [ "${3:-}" != inside ]; then
	user=()
	[ "$(id -u)" = 0 ] || user=(-Ur)
	exec unshare "${user[@]}" -n "$0" "$dir" "$pingpong" inside
fi

# The other end's namespace is this process's.
unshare -n sleep infinity </dev/null >/dev/null 2>&1 &
other=$!
trap 'kill $other 2>/dev/null || true' EXIT
for _ in $(seq 100); do
	[ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ] || break
	sleep 0.05
done
ip link set lo up
ip link add bench0 type veth peer name bench1 netns $other
ip addr add 10.77.0.1/24 dev bench0
ip link set bench0 up
nsenter -t $other -n ip addr add 10.77.0.2/24 dev bench1
nsenter -t $other -n ip link set bench1 up
nsenter -t $other -n ip link set lo up

# listening udp|tcp PORT: until somebody does, in the other namespace.
listening() {
	for _ in $(seq 200); do
		[ -z "$(nsenter -t $other -n ss -Hln"${1:0:1}" "sport = :$2")" ] || return 0
		sleep 0.02
	done
	return 1
}

udp() { # of the server's report: "0.0000-1.0135 sec ... LOST/TOTAL (41%)"
	nsenter -t $other -n timeout 10 iperf -s -u -P 1 -l 1500 </dev/null >"$dir/server" 2>&1 &
	local server=$!
	listening udp 5001
	timeout 8 iperf -u -c 10.77.0.2 -l "$1" -b 100g -t 1 </dev/null >/dev/null 2>&1 || true
	sleep 0.2
	kill $server 2>/dev/null || true
	wait $server 2>/dev/null || true
	sed -nE 's/.* 0\.00[0-9]*-([0-9.]+) sec.* ([0-9]+)\/ *([0-9]+) \(.*/\1 \2 \3/p' "$dir/server" | tail -1 |
		awk '{print "pps " ($3 - $2) / $1; print "lost_percent " 100 * $2 / $3}'
}

tcp() {
	nsenter -t $other -n timeout 10 iperf -s -P 1 </dev/null >/dev/null 2>&1 &
	local server=$!
	listening tcp 5001
	timeout 8 iperf -c 10.77.0.2 -t 1 -y C </dev/null 2>/dev/null | awk -F, '{v = $9} END {print "gbps " v / 1e9}'
	kill $server 2>/dev/null || true
	wait $server 2>/dev/null || true
}

ping() {
	nsenter -t $other -n "$pingpong" serve 7 </dev/null >/dev/null 2>&1 &
	local server=$!
	listening udp 7
	timeout 30 "$pingpong" 10.77.0.2 7 22 50000 </dev/null || true
	kill $server 2>/dev/null || true
	wait $server 2>/dev/null || true
}

: >"$dir/ready"
while read -r what a b; do
	case $what in
	udp) udp "$a" >"$dir/answer.tmp"; n=$b ;;
	tcp) tcp >"$dir/answer.tmp"; n=$a ;;
	ping) ping >"$dir/answer.tmp"; n=$a ;;
	end) exit ;;
	esac
	mv "$dir/answer.tmp" "$dir/answer.$n"
done <"$dir/order"
