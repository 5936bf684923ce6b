#!/bin/bash
# SPDX-License-Identifier: MIT
# Two guests on one bridge, nothing of the host's network between them: frames whose contents are checked,
# of all sizes, on one queue and on two; echoes; and if the guest kernel has TCP/IP, ping by IPv4 and
# IPv6, files by HTTP whose checksums must agree, and iperf. What would break: netfront, the backend's
# switch, or lwIP's port, each seen from a guest.
. "$(dirname "$0")/../lib.sh"

log() { tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { log "$1" | grep -Eq -- "$2"; }
gone() { ! xl domid "$1"; }

# guest NAME VCPUS MAC EXTRA CONFIG-LINE...
guest() {
	local name=$1 vcpus=$2 mac=$3 extra=$4
	shift 4
	{
		printf 'name = "%s"\ntype = "pv"\nkernel = "%s"\nmemory = 128\nvcpus = %s\n' \
			"$name" "$BUILD/pv-guest/pv-guest" "$vcpus"
		printf 'vif = [ "mac=%s,bridge=testbr" ]\n' "$mac"
		printf 'on_poweroff = "destroy"\non_crash = "destroy"\non_reboot = "destroy"\n'
		printf '%s\n' "$@"
		printf 'extra = "quiet %s"\n' "$extra"
	} >"$WORK/$name.cfg"
	xl create -q "$WORK/$name.cfg" >"$WORK/$name.out" 2>&1 || { cat "$WORK/$name.out"; return 1; }
}

# pair NAME VCPUS SINK-COMMAND GEN-COMMAND: a sink, then what it is sent; both logs when over.
pair() {
	guest "$1s" "$2" 00:16:3e:00:00:02 "init=poweroff script='$3; ifconfig'" || return 1
	wait_for 60 says "$1s" 'pktsink listens' || { echo "no sink:"; log "$1s" | tail -5; return 1; }
	guest "$1g" "$2" 00:16:3e:00:00:01 "init=poweroff script='$4; ifconfig'" || return 1
	wait_for 90 gone "$1g" && wait_for 90 gone "$1s" && return
	log "$1g" | tail -5
	log "$1s" | tail -5
	return 1
}

# field NAME KEY: a number of pktgen's or pktsink's line.
field() { log "$1" | sed -nE "s/^pkt(gen|sink) .* $2=([0-9.]+).*/\2/p" | tail -1; }

# arrived NAME SIZE SENT: all that came is what was sent, in order; on a busy machine the switch may have
# dropped some of it for a receiver that was not running.
arrived() {
	local name=$1 size=$2 sent=$3 frames
	frames=$(field "$name" frames)
	[ -n "$frames" ] && [ "$frames" -ge $((sent / 2)) ] && [ "$(field "$name" bad)" = 0 ] &&
		[ "$(field "$name" late)" = 0 ] && [ "$(field "$name" bytes)" = $((size * frames)) ] &&
		{ [ "$size" -lt 2000 ] || [ "$(field "$name" large)" = "$frames" ]; } && return
	log "$name" | grep pktsink
	return 1
}

for vcpus in 1 2; do
	for s in 64:20000 1514:20000 60000:2000; do
		size=${s%:*} n=${s#*:} name=f$vcpus-${s%:*}
		expect "frames of $size bytes, $vcpus vCPU" pair "$name" "$vcpus" \
			"pktsink -c -t 90 -n $n" "pktgen -c -s $size -n $n -m 00:16:3e:00:00:02"
		expect "arrive as they were sent ($size bytes, $vcpus vCPU)" arrived "${name}s" "$size" "$n"
	done
done
case_begin "two vCPUs have two queues"
if says f2-64s 'queues 2' && says f1-64s 'queues 1'; then pass; else fail "$(log f2-64s | grep queues)"; fi
expect "echoes come back" pair echo 1 "pktsink -c -e -t 60" "pktgen -l -c -s 64 -n 1000 -m 00:16:3e:00:00:02"
case_begin "nearly all of them"
if [ "$(field echog echoes)" -ge 900 ] && [ "$(field echos bad)" = 0 ]; then pass; else fail "$(log echog | tail -3)"; fi

if ! grep -aq "lwIP" "$BUILD/pv-guest/pv-guest"; then
	case_begin "TCP/IP"
	skip "the guest kernel was built without lwIP (see ./configure)"
	finish
fi

# A server with a file that came as its initrd, and a client of everything.
mkdir "$WORK/rd" && head -c 9000001 /dev/urandom >"$WORK/rd/file"
(cd "$WORK/rd" && find . | cpio -o -H newc --quiet) >"$WORK/initrd"
sum=$(sha256sum <"$WORK/rd/file" | cut -d' ' -f1)
server() {
	guest server 1 00:16:3e:00:00:0a "init=none ip=10.9.0.1/24 script='httpd 8080; iperf -s'" \
		"ramdisk = '$WORK/initrd'" || return 1
	wait_for 60 says server 'iperf server listens' || { log server | tail -5; return 1; }
}
client() {
	guest client 2 00:16:3e:00:00:0b "init=poweroff ip=eth0:10.9.0.2/24,10.9.0.1 script='ip; $1'" || return 1
	wait_for 120 gone client && return
	log client | tail -5
	return 1
}
expect "a server" server
expect "a client" client "ping -c 3 -i 10 10.9.0.1; ping -c 3 -i 10 -s 5000 10.9.0.1; \
ping -c 3 -i 10 fe80::216:3eff:fe00:a; wget -O /got http://10.9.0.1:8080/file; sha256sum /got; \
wget http://[fe80::216:3eff:fe00:a]:8080/file; wget http://10.9.0.1:8080/none || echo refused; \
wget http://10.9.0.1:81/ || echo closed; iperf -c 10.9.0.1 -t 1; ifconfig"
case_begin "has the address it was given"
if says client 'inet 10\.9\.0\.2/24 gateway 10\.9\.0\.1'; then pass; else fail "$(log client | head -9)"; fi
case_begin "pings by IPv4"
if says client '^ping 10.9.0.1: 3 sent, 3 received'; then pass; else fail "$(log client | grep -E 'ping|bytes from')"; fi
case_begin "pings in pieces"
if [ "$(log client | grep -c '^5008 bytes from')" = 3 ]; then pass; else fail "$(log client | grep -E 'ping|bytes from')"; fi
case_begin "pings by IPv6"
if says client '^ping fe80.*: 3 sent, 3 received'; then pass; else fail "$(log client | grep -E 'ping|bytes from')"; fi
case_begin "a file by HTTP is what it was, as it came and as it was kept"
if says client "^$sum  http://10" && says client "^$sum  /got" && says client "^wget status=200 bytes=9000001"; then
	pass
else
	fail "$(log client | grep -E 'wget|http|got')"
fi
case_begin "and by IPv6"
if says client "^$sum  http://\[fe80"; then pass; else fail "$(log client | grep -E 'wget|http')"; fi
case_begin "what is not there is said"
if says client 'wget status=404' && says client '^refused' && says client '^closed'; then pass; else
	fail "$(log client | grep -E 'wget|http')"
fi
case_begin "iperf moves data, and both ends agree how much"
bytes=$(log client | sed -n 's/^iperf client: done bytes=\([0-9]*\).*/\1/p')
if [ "${bytes:-0}" -gt 1000000 ] && says server "iperf server: done bytes=$bytes "; then pass; else
	fail "$(log client | grep iperf) / $(log server | grep iperf)"
fi
case_begin "large segments were sent"
frames=$(log client | sed -nE 's/^ +tx frames ([0-9]+) bytes.*/\1/p') sent=$(log client | sed -nE 's/^ +tx frames [0-9]+ bytes ([0-9]+).*/\1/p')
if [ "${frames:-0}" -gt 0 ] && [ $((sent / frames)) -gt 3000 ]; then pass; else fail "$frames frames, $sent bytes"; fi
case_begin "nothing was wrong with any frame"
if says client 'rx frames .* errors 0' && says client 'tx frames .* errors 0'; then pass; else fail "$(log client | grep errors)"; fi
finish
