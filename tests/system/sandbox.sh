#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest tries to leave its domain; seen from inside (what it got) and from outside (what happened).
# What would break: the one boundary between a guest and the host.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"

rm -f /tmp/paravane-escape /tmp/paravane-escape2
guest_run sandbox sandbox only=sandbox_
guest_count sandbox
guest_run hoard hoard only=sandbox_
guest_count hoard

# Attempts that may end the domain, one domain each.  It counts that the guest never reports a gain
# and that what it tried has not come true.
lone_attempt() {
	local name=$1 extra=$2
	guest_run "$name" sandbox "$extra"
	case_begin "$name: $(grep -aE '^(deadly|scan): ' "$WORK/$name.out" | tail -1)"
	if grep -aqE '^not ok' "$WORK/$name.out"; then
		fail "$(grep -aE '^not ok' "$WORK/$name.out" | head -1)"
	elif ! grep -aqE '^(deadly|scan): ' "$WORK/$name.out"; then
		fail "it never got there: $(tail -3 "$WORK/$name.out" | tr '\n' '|')"
	elif [ -e /tmp/paravane-escape ] || [ -e /tmp/paravane-escape2 ]; then
		fail "it made a file"
	else
		pass
	fi
}
for i in $(seq 0 20); do
	lone_attempt "deadly$i" "only=lone_impossible deadly=$i"
	grep -aq 'deadly: no attempt' "$WORK/deadly$i.out" && break
done
# Each SYSCALL instruction hidden in the image's bytes.
for i in $(seq 0 40); do
	lone_attempt "scan$i" "only=lone_scan scan=$i"
	grep -aq 'scan: no instruction' "$WORK/scan$i.out" && break
done

# From outside, while a domain runs.
guest_config quiet hostile mode=neighbour
expect "a domain to look at starts" xl create -q "$WORK/quiet.cfg"
machine=$(cat "$PARAVANE_RUNDIR/paravaned.pid")
wait_for 30 pgrep -P "$machine"
pid=$(pgrep -P "$machine" | head -1)
wait_for 30 grep -q 'Seccomp:.*2' "/proc/$pid/status"
status() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"; }
expect "sandbox_filter_is_on" test "$(status Seccomp)" = 2
expect "sandbox_no_new_privileges" test "$(status NoNewPrivs)" = 1
expect "sandbox_no_effective_capabilities" test "$(status CapEff)" = 0000000000000000
expect "sandbox_no_permitted_capabilities" test "$(status CapPrm)" = 0000000000000000
expect "sandbox_no_bounding_capabilities" test "$(status CapBnd)" = 0000000000000000
[ "$(id -u)" -ne 0 ] || expect "sandbox_is_not_root" test "$(status Uid | cut -f1)" != 0
for kind in user pid:pid mnt:mount net:network ipc:ipc; do
	file=${kind%%:*} word=${kind##*:}
	case_begin "sandbox_own_${word}_namespace"
	theirs=$(readlink "/proc/$pid/ns/$file") ours=$(readlink "/proc/self/ns/$file")
	if [ -z "$theirs" ]; then
		skip "this user may not look"
	elif [ "$theirs" != "$ours" ]; then
		pass
	elif grep -qE "no $word namespace|make $word namespaces" "$PARAVANE_RUNDIR/log/paravaned.log"; then
		skip "this host does not allow it, and the log says so"
	else
		fail "it is the host's, $ours"
	fi
done
case_begin "sandbox_only_its_own_descriptors"
if fds=$(ls -l "/proc/$pid/fd" 2>/dev/null) && [ -n "$fds" ]; then
	bad=$(grep -e '->' <<<"$fds" | sed -E 's/.* ([0-9]+) -> /\1 /' | grep -vE \
		'^[34] /memfd:|^5 socket:|^([6-9]|1[0-3]|24) anon_inode:\[eventfd\]')
	[ -z "$bad" ] && pass || fail "$bad"
else
	skip "this user may not look"
fi
expect "sandbox_may_not_make_processes" grep -qE '^Max processes +0 +0 ' "/proc/$pid/limits"
# What the image has: a page of data or two, and one page of stack.
at_most() { awk -v n="$1" -F'  +' -v w="$2" '$1 == w { exit !($2 != "unlimited" && $2 + 0 <= n && $3 + 0 <= n && $3 != "unlimited") }' "/proc/$pid/limits"; }
expect "sandbox_has_hardly_any_private_memory" at_most $((1 << 20)) "Max data size"
expect "sandbox_stack_does_not_grow" at_most $((1 << 20)) "Max stack size"
expect "sandbox_address_space_has_an_end" at_most $((1 << 30)) "Max address space"
expect "sandbox_leaves_no_core" grep -qE '^Max core file size +0 +0 ' "/proc/$pid/limits"
# The mapper of grants, and the nursery of user mode, which makes nothing as long as there are no programs.
expect "sandbox_two_children" test "$(pgrep -cP "$pid")" -eq 2
expect "sandbox_children_have_none" test -z "$(pgrep -P "$(pgrep -d, -P "$pid")")"
case_begin "sandbox_root_is_empty"
if ls "/proc/$pid/root/" >/dev/null 2>&1; then
	[ -z "$(ls -A "/proc/$pid/root/")" ] && pass || fail "it sees $(ls -A "/proc/$pid/root/" | head -5 | tr '\n' ' ')"
else
	skip "this user may not look"
fi
expect "sandbox_nothing_was_made" test ! -e /tmp/paravane-escape -a ! -e /tmp/paravane-escape2
expect "the domain is destroyed" xl destroy quiet
expect "its process is gone" wait_for 30 test ! -e "/proc/$pid"
finish
