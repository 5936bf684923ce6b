# SPDX-License-Identifier: MIT
# Rows of `make bench` about the network: two guests on a bridge of the in-host switch, and a veth pair of the host with
# iperf at its ends. Sourced by bench/run.

# The peer: bench/veth.sh waits for orders in namespaces of its own.
veth_answers=0
veth_start() {
	local n tool
	for tool in iperf ip ss nsenter; do
		command -v $tool >/dev/null || { veth_why="$tool is not installed (packages iperf, iproute2, util-linux)"; return 0; }
	done
	mkdir "$work/veth"
	mkfifo "$work/veth/order"
	"$SRC/bench/veth.sh" "$work/veth" "$BUILD/bench/pingpong" </dev/null >/dev/null 2>"$work/veth/errors" &
	veth_pid=$!
	peers_end=veth_end
	for n in $(seq 200); do
		[ ! -e "$work/veth/ready" ] || break
		kill -0 $veth_pid 2>/dev/null || break
		sleep 0.05
	done
	if [ ! -e "$work/veth/ready" ]; then
		veth_why="no veth pair: $(tail -1 "$work/veth/errors" | tr -d '"\\')"
		return 0
	fi
	exec {veth_fd}>"$work/veth/order"
	veth_why=
}
veth_end() {
	trap '' PIPE # it may have been ended with us
	[ -z "${veth_fd:-}" ] || echo end >&"$veth_fd" || true
	[ -z "${veth_pid:-}" ] || kill "$veth_pid" 2>/dev/null || true
}

# veth WORDS...: one order, its answer in $answer.
veth() {
	local n
	answer=
	[ -z "$veth_why" ] || return 0
	veth_answers=$((veth_answers + 1))
	echo "$* $veth_answers" >&"$veth_fd"
	for n in $(seq 900); do
		if [ -e "$work/veth/answer.$veth_answers" ]; then
			answer=$(cat "$work/veth/answer.$veth_answers")
			return
		fi
		sleep 0.05
	done
	veth_why="the veth pair gave no answer: $(tail -1 "$work/veth/errors" | tr -d '"\\')"
}
veth_value() { awk -v k="$1" '$1 == k {print $2}' <<<"$answer"; }

# net_pair LISTENS SERVER CLIENT [NETWORK]: two guests; the client once the server says so. What they wrote: $server,
# $client. With a network (the first bytes of an address) they have addresses.
net_pair() {
	words=${4:+ip=eth0:$4.2/24} vif="mac=00:16:3e:00:00:02,bridge=bench" start netserver 64 "$2"
	await netserver "$1"
	words=${4:+ip=eth0:$4.1/24} vif="mac=00:16:3e:00:00:01,bridge=bench" start netclient 64 "$3"
	over netclient
	client=$out
	over netserver
	server=$out
}
pkt_value() { sed -nE "s/^pkt(gen|sink) .* $1=([0-9.]+).*/\\2/p" <<<"$2" | tail -1; }

# net_frames METRIC SIZE KEY: a second of frames, as the receiver counts them.
net_frames() {
	local sent got
	net_pair 'pktsink listens' "pktsink -t 30" "pktgen -s $2 -t 1 -m 00:16:3e:00:00:02"
	record "$1" "$(pkt_value "$3" "$server")"
	sent=$(pkt_value frames "$client") got=$(pkt_value frames "$server")
	record "${1%_*}_lost_percent" "$(awk -v s="$sent" -v g="$got" 'BEGIN {if (s > 0) print 100 * (s - g) / s}')"
}

net_once() {
	local udp
	for udp in 64:22 1500:1472; do
		wanted net.g2g_${udp%:*}b_pps net.g2g_${udp%:*}b_lost_percent || continue
		note "net.g2g_${udp%:*}b_pps $1/$RUNS"
		veth udp ${udp#*:}
		record net.g2g_${udp%:*}b_pps.peer "$(veth_value pps)"
		record net.g2g_${udp%:*}b_lost_percent.peer "$(veth_value lost_percent)"
		net_frames net.g2g_${udp%:*}b_pps $((${udp#*:} + 42)) pps
	done
	if wanted net.g2g_gso_gbps net.tcp_lwip_gbps; then
		note "net.g2g_gso_gbps, net.tcp_lwip_gbps $1/$RUNS"
		veth tcp
		record net.g2g_gso_gbps.peer "$(veth_value gbps)"
		record net.tcp_lwip_gbps.peer "$(veth_value gbps)"
	fi
	! wanted net.g2g_gso_gbps || net_frames net.g2g_gso_gbps 65226 gbps
	if wanted net.tcp_lwip_gbps && [ -n "$lwip" ]; then
		net_pair 'iperf server listens' "iperf -s -n 1" "iperf -c 10.78.0.2 -t 1" 10.78.0
		record net.tcp_lwip_gbps "$(sed -nE 's/^iperf client: done.* mbit_s=([0-9]+).*/\1/p' <<<"$client" | awk '{print $1 / 1000}')"
	fi
	wanted net.lat_p50_us net.lat_p99_us || return 0
	note "net.lat_p50_us $1/$RUNS"
	veth ping
	net_latency .peer "$(sed -n 's/^percentiles //p' <<<"$answer")"
	net_pair 'pktsink listens' "pktsink -e -t 30" "pktgen -l -s 64 -n 50000 -t 2 -m 00:16:3e:00:00:02"
	net_latency "" "$(sed -n 's/^pktgen percentiles //p' <<<"$client")"
}
net_latency() { # .peer|"" PERCENTILES
	local p
	percentiles "net.lat_p50_us$1" "$2"
	for p in 50 99; do
		record "net.lat_p${p}_us$1" "$(tr ' ' '\n' <<<"$2" | sed -n "s/^$p=//p")"
	done
}

bench_net() {
	local i lwip metric server client answer
	lwip=$(grep -ac lwIP "$kernel" || true)
	[ "$lwip" != 0 ] || lwip=
	veth_start
	for i in $(seq "$RUNS"); do
		net_once "$i"
	done
	for metric in g2g_64b_pps g2g_64b_lost_percent g2g_1500b_pps g2g_1500b_lost_percent g2g_gso_gbps tcp_lwip_gbps \
		lat_p50_us lat_p99_us; do
		[ -z "$veth_why" ] || missing net.$metric "$veth_why"
	done
	[ -n "$lwip" ] || ! wanted net.tcp_lwip_gbps ||
		echo "bench: net.tcp_lwip_gbps: this guest kernel was built without lwIP's source (see ./configure)" >&2
	row net.g2g_64b_pps 1/s "" "veth, iperf UDP of that size" ">= 1"
	row net.g2g_64b_lost_percent % "" "veth, iperf UDP of that size" reported
	row net.g2g_1500b_pps 1/s "" "veth, iperf UDP of that size" ">= 1"
	row net.g2g_1500b_lost_percent % "" "veth, iperf UDP of that size" reported
	row net.g2g_gso_gbps Gb/s "" "veth, iperf TCP" ">= 1"
	[ -z "$lwip" ] || row net.tcp_lwip_gbps Gb/s "" "veth, iperf TCP" "reported, 0.5"
	row net.lat_p50_us us "" "veth, UDP there and back" "<= 1.2"
	row net.lat_p99_us us "" "veth, UDP there and back" reported
	veth_end
	peers_end=:
}

part bench_net net.g2g_{64b,1500b}_{pps,lost_percent} net.g2g_gso_gbps net.tcp_lwip_gbps net.lat_p{50,99}_us
