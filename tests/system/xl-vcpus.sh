#!/bin/bash
# SPDX-License-Identifier: MIT
# vCPUs as an operator handles them: xl vcpu-pin, cpus= and cpus_soft=, xl trigger.  What counts is where
# the host lets the processes run (/proc/PID/status), and what reaches the guest.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../xllib.sh"
[ -x "$KERNEL" ] || { case_begin "pv-guest"; skip "not built"; finish; }

# allowed DOMID VCPU: the CPUs that the vCPU's process and all its helpers may use, each set once.
tree() { local p; echo "$1"; for p in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do tree "$p"; done; }
allowed() {
	local p
	for p in $(tree "$(domain_pid "$1" "$2")"); do
		sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$p/status" 2>/dev/null
	done | sort -u | tr '\n' ' ' | sed 's/ $//'
}
# is WHAT WANT COMMAND...: one case, passes if the command says exactly that.
is() {
	current=$1
	local want=$2 got
	shift 2
	got=$("$@" 2>&1)
	[ "$got" = "$want" ] && pass || fail "\`$*' said '$got', not '$want'"
}
# placed WHAT CPUS DOMID VCPU: the processes of a vCPU that only just starts get there soon.
placed() {
	at() { [ "$(allowed "$2" "$3")" = "$1" ]; }
	wait_for 30 at "$2" "$3" "$4"
	is "$1" "$2" allowed "$3" "$4"
}
shown() { xl vcpu-list "$1" | awk -v v="$2" 'NR > 1 && $3 == v { sub(/.*[0-9]\.[0-9]  /, ""); print }'; }

start_daemons
cpus=$(xl info nr_cpus)
if [ "$cpus" -lt 2 ]; then
	case_begin "a host of two CPUs"
	skip "it has one"
	finish
fi
# The host's own numbers of the CPUs the daemon may use.
host=($(taskset -cp $$ | sed 's/.*: //; s/,/ /g' | xargs -n1 | awk -F- '{ for (i = $1; i <= ($2 == "" ? $1 : $2); i++) print i }'))
all=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/$$/status)

config g 'vcpus = 2' 'memory = 64' 'cpus = "0"' 'extra = "script=\"echo up\""'
expect "a domain with cpus= starts" xl create -q "$WORK/g.cfg"
wait_for 30 log_says g 'guest main reached'
up() { [ -n "$(domain_pid 1 1)" ]; }
expect "both vCPUs have a process" wait_for 30 up
placed "cpus= places vCPU 0 with its helpers" "${host[0]}" 1 0
placed "and vCPU 1" "${host[0]}" 1 1
is "vcpu-list shows it" '0 / all' shown g 0
expect "vcpu-pin of one vCPU" xl vcpu-pin g 1 1
is "places it there" "${host[1]}" allowed 1 1
is "and no other" "${host[0]}" allowed 1 0
is "vcpu-list shows that" '1 / all' shown g 1
expect "vcpu-pin of all" xl vcpu-pin g all 0-1
is "frees vCPU 0" "$all" allowed 1 0
is "and vCPU 1" "$all" allowed 1 1
expect "exclusion" xl vcpu-pin g 0 "all,^0"
if [ "$cpus" = 2 ]; then
	is "is what is left" "${host[1]}" allowed 1 0
	is "and shown" '1 / all' shown g 0
fi
expect "soft affinity alone" xl vcpu-pin g 0 - 0
is "leaves hard as it is" "$(shown g 0 | sed 's/ .*//') / 0" shown g 0
expect "both at once, forced" xl vcpu-pin -f g 0 all 1
is "are both kept" 'all / 1' shown g 0
is "a node is its CPUs" 'cpumap: all 0' xl -N vcpu-pin g 0 node:0 0
is "a dry run shows what is meant" 'cpumap: - 1' xl -N vcpu-pin g 0 - 0-1,^0
is "and changes nothing" 'all / 1' shown g 0
is "CPUs that are not there are left out" 'cpumap: 0' xl -N vcpu-pin g 0 0,500
xl vcpu-pin g 0 0
for bad in 400 '^1' '' ; do
	expect_fail "no CPU of the host: '$bad'" 'Could not set affinity for vcpu .0.' xl vcpu-pin g 0 "$bad"
done
expect_fail "no such vCPU" 'Could not set affinity for vcpu .7.' xl vcpu-pin g 7 0
is "a refusal changes nothing" "${host[0]}" allowed 1 0
expect_fail "^all" 'Can.t combine "\^" and "all"' xl vcpu-pin g 0 '0,^all'
expect_fail "a range the wrong way" 'Invalid pcpu range: 1-0' xl vcpu-pin g 0 1-0
expect_fail "no range" 'Invalid pcpu range: x' xl vcpu-pin g 0 x
expect_fail "no vCPU" 'Invalid argument q as VCPU' xl vcpu-pin g q 0
expect_fail "all by force" "force and 'all' as VCPU not allowed" xl vcpu-pin -f g all 0
expect_fail "too few arguments" 'requires at least 3 arguments' xl vcpu-pin g 0
expect_fail "the control domain" "host's CPUs" xl vcpu-pin 0 0 0
expect_fail "nobody" 'invalid domain identifier' xl vcpu-pin nobody 0 0

# The guest's NMI callback says where it found the vCPU; with a lock held it does so on the hypervisor's
# console, so of several one is sure to be in the log.
nmis() { guest_log g | grep -ac "NMI on cpu $1,"; }
more_nmis() { [ "$(nmis "$1")" -gt "$2" ]; }
reached() { xl trigger g nmi "$1" && sleep 0.2 && more_nmis "$1" 0; }
expect "trigger nmi" xl trigger g nmi
expect "it reaches the guest" wait_for 30 reached 0
expect "trigger nmi of a vCPU" xl trigger g nmi 1
expect "it reaches that one" wait_for 30 reached 1
expect "pause" xl pause g
before=$(nmis 0)
expect "trigger of a paused domain" xl trigger g nmi 0
expect "unpause" xl unpause g
expect "it waits for that" wait_for 30 more_nmis 0 "$before"
for t in power sleep reset init s3resume; do
	expect_fail "trigger $t is for HVM guests" "Send trigger '$t' failed: it is for HVM guests" xl trigger g $t
done
expect_fail "no such trigger" 'Invalid trigger "frob"' xl trigger g frob
expect_fail "trigger of no vCPU" 'it has no vCPU 9' xl trigger g nmi 9
expect_fail "trigger of the control domain" 'takes no triggers' xl trigger 0 nmi
expect "the guest lives" xl shutdown -w g
nothing_left "and is gone"

# A list has a set for each vCPU; a restart places them anew.
config l 'vcpus = 2' 'memory = 64' 'cpus = [ "0", "1" ]' 'cpus_soft = "1"' 'extra = "script=\"echo up\""'
expect "cpus= as a list" xl create -q "$WORK/l.cfg"
wait_for 30 log_says l 'guest main reached'
id=$(xl domid l)
up() { [ -n "$(domain_pid "$id" 1)" ]; }
wait_for 30 up
placed "the first" "${host[0]}" "$id" 0
placed "the second" "${host[1]}" "$id" 1
is "and the preference" '0 / 1' shown l 0
current="list -l has them"
xl list -l l | python3 -c '
import json, sys
b = json.load(sys.stdin)[0]["config"]["b_info"]
assert b["vcpu_hard_affinity"] == [[0], [1]] and b["vcpu_soft_affinity"] == [[1], [1]], b' && pass || fail "they differ"
xl destroy l
expect_fail "cpus= of no CPU that is there" 'Could not set affinity for vcpu .0.' xl create -q "$WORK/l.cfg" 'cpus="300"'
nothing_left "and leaves nothing"
expect_fail "cpus= that is no set" 'command line: cpus: Invalid pcpu range: 0x' xl create -q "$WORK/l.cfg" 'cpus="0x"'

# User code runs in processes of its own, which share one CPU: one of those that are allowed.
case_begin "user mode"
mkdir -p "$WORK/rd/bin"
if ! cp "$(command -v busybox)" "$WORK/rd/bin/" 2>/dev/null; then
	skip "no static busybox"
	finish
fi
echo 'echo running; while true; do true; done' >"$WORK/rd/spin.sh"
(cd "$WORK/rd" && find . | cpio -o -H newc -R 0:0 2>/dev/null) >"$WORK/initrd.cpio"
config u 'memory = 96' 'cpus = "1"' "ramdisk = \"$WORK/initrd.cpio\"" "extra = \"script='exec /bin/busybox sh /spin.sh'\""
xl create -q "$WORK/u.cfg"
id=$(xl domid u)
if ! wait_for 30 log_says u '^running'; then
	grep -q 'this platform runs kernel mode only' "$PARAVANE_RUNDIR/log/paravaned.log" && skip "kernel mode only" ||
		fail "$(guest_log u | tail -3)"
	finish
fi
pass
placed "it runs where it may" "${host[1]}" "$id" 0
expect "vcpu-pin moves it" xl vcpu-pin u 0 0
is "with every process" "${host[0]}" allowed "$id" 0
expect "vcpu-pin frees it" xl vcpu-pin u 0 all 1
is "and it goes where it prefers to be" "${host[1]}" allowed "$id" 0
# One may come while the guest kernel serves its timer; of several one finds the loop.
found() { xl trigger u nmi && sleep 0.2 && log_says u 'NMI on cpu 0.*user mode'; }
expect "an NMI finds it there" wait_for 30 found
xl destroy u
nothing_left "nothing is left"
finish
