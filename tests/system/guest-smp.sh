#!/bin/bash
# SPDX-License-Identifier: MIT
# The guest kernel on several vCPUs: locks, calls, TLB shoot-down, the balloon and the clock all at once with
# their checkers on, for STRESS_SECONDS (5); vCPUs and memory coming and going as the toolstack asks.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
seconds=${STRESS_SECONDS:-5}

console() { tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { console "$1" | grep -aqE -- "$2"; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }

# start NAME VCPUS EXTRA
start() {
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		type = "pv"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = 128
		vcpus = $2
		on_crash = "destroy"
		extra = "$3"
	CFG
	xl create -q "$WORK/$1.cfg"
}

expect_line() { # WHAT NAME PATTERN SECONDS
	current=$1
	if wait_for "$4" says "$2" "$3"; then pass; else fail "no /$3/: $(console "$2" | tail -6)"; fi
}

# MiB of the host that hold guest memory of our domains.
resident() {
	local f sum=0
	for f in /proc/"$(cat "$PARAVANE_RUNDIR/paravaned.pid")"/fd/*; do
		case $(readlink "$f") in *memfd:paravane-mem*) sum=$((sum + $(stat -L -c %b "$f"))) ;; esac
	done
	echo $((sum / 2048))
}

# Memory, on one vCPU: what is given back leaves the domain's account and the host, and comes again.
expect "a domain starts" start balloon 1 "script='sleep 1; dd if=/dev/zero of=/big bs=1048576 count=90; rm /big; echo up'"
expect_line "and is up" balloon '^up$' 30
memory_is() { [ "$(xl list balloon | awk 'NR==2 { print $3 }')" -le "$1" ] && [ "$(xl list balloon | awk 'NR==2 { print $3 }')" -ge "$2" ]; }
used=$(resident)
case_begin "it has used its memory"
[ "$used" -ge 90 ] && pass || fail "the host has $used MiB of it"
expect "xl mem-set takes memory" xl mem-set balloon 64
expect "which the domain gives back" wait_for 30 memory_is 64 60
case_begin "and the host has again"
left=$(resident)
[ "$left" -le 66 ] && pass || fail "$left MiB are used, $used before"
expect "xl mem-set gives memory" xl mem-set balloon 128
expect "which the domain takes" wait_for 30 memory_is 128 126
xl destroy balloon
start stress1 1 "script='stress all $seconds; echo stress \$?' init=poweroff" >/dev/null 2>&1
expect_line "all kinds of stress pass on one vCPU" stress1 '^stress 0$' $((120 + seconds))

case_begin "a domain of four vCPUs"
if start smp 4 "script='stress all $seconds; echo stress \$?; cpu down 2; cpu; cpu up 2; cpu'" \
	>"$WORK/smp.out" 2>&1 && wait_for 30 says smp '^4 vCPUs'; then
	pass
else
	skip "one vCPU only: $(head -1 "$WORK/smp.out")"
	finish
fi
expect_line "all kinds of stress pass on four" smp '^stress 0$' $((180 + seconds))
for name in lock ipi tlb balloon clock; do
	expect_line "stress $name" smp "^stress: $name passed, [1-9]" 1
done
expect_line "a vCPU goes offline" smp 'possible f, online b' 20
expect_line "and comes again" smp 'possible f, online f' 20
expect "xl vcpu-set takes two" xl vcpu-set smp 2
expect_line "and they go" smp 'vCPU 3 is offline' 20
expect "xl vcpu-set gives them back" xl vcpu-set -i smp 4
expect_line "and they come" smp 'vCPU 3 is online' 20
expect "the domain shuts down" xl shutdown -w smp

finish
