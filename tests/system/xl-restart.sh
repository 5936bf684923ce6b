#!/bin/bash
# SPDX-License-Identifier: MIT
# The monitor: what becomes of a domain that reboots, crashes, is killed or destroyed.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../xllib.sh"
[ -x "$KERNEL" ] || { case_begin "pv-guest"; skip "not built"; finish; }

# say NAME WORDS: types a line on the guest's console.
say() { printf '%s\n' "$2" >"$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")"; }
# up NAME N: the guest has reached its main N times.
up() { [ "$(guest_log "$1" | grep -ac 'guest main reached')" -ge "$2" ]; }
domid_is() { [ "$(xl domid "$1" 2>/dev/null)" = "$2" ]; }
is_crashed() { xl list "$1" 2>/dev/null | grep -q '^.*---sc-'; }
start() {
	expect "$1: create" xl create -q "$WORK/$1.cfg"
	current="$1: it runs"
	wait_for 30 up "$1" 1 && pass || fail "$(guest_log "$1" | tail -3)"
}

config boot
start boot
uuid=$(xl vm-list | awk '$3 == "boot" { print $1 }')
expect "xl reboot" xl reboot boot
current="it comes again, as another domain"
wait_for 30 up boot 2 && domid_is boot 2 && pass || fail "$(xl list)"
expect "with the same uuid" test "$(xl vm-list | awk '$3 == "boot" { print $1 }')" = "$uuid"
say boot reboot
current="the guest's own reboot"
wait_for 30 up boot 3 && domid_is boot 3 && pass || fail "$(xl list)"
xl rename boot boots
say boots reboot
current="a restart keeps a new name"
wait_for 30 domid_is boots 4 && pass || fail "$(xl list)"
config boot 'on_reboot = "destroy"'
expect "config-update" xl config-update boots "$WORK/boot.cfg" 'name="boots"'
sleep 0.5
say boots reboot
current="config-update counts at the next end"
wait_for 30 guest_is_gone boots && pass || fail "$(xl list)"
nothing_left "nothing is left of boot"

config crash 'on_crash = "destroy"'
start crash
say crash crash
current="on_crash = destroy"
wait_for 30 guest_is_gone crash && pass || fail "$(xl list)"
expect "the monitor tells" monitor_says crash 'reason code 3'
nothing_left "nothing is left of crash"

config keep 'on_crash = "preserve"'
start keep
say keep crash
current="on_crash = preserve"
wait_for 30 is_crashed keep && pass || fail "$(xl list)"
sleep 0.3
expect "it is still there" is_crashed keep
expect "and can be destroyed" xl destroy keep
nothing_left "nothing is left of keep"

truncate -s 1M "$WORK/again.img"
config again 'on_crash = "rename-restart"' "disk = [ \"$WORK/again.img,raw,xvda,w\" ]"
start again
first=$(xl domid again)
say again crash
current="on_crash = rename-restart runs it again"
wait_for 30 up again 2 && [ "$(xl domid again)" != "$first" ] && pass || fail "$(xl list)"
expect "and keeps the old one" bash -c "xl list $first | grep -q '^again-[0-9]*T.*---sc-'"
expect "destroy the old one" xl destroy "$first"
expect "destroy the new one" xl destroy again
nothing_left "nothing is left of again"

loop_ended() { monitor_says loop 'not restarted' && guest_is_gone loop; }
config loop 'on_crash = "restart"' 'extra = "script=crash"'
expect "a guest that crashes at once" xl create -q "$WORK/loop.cfg"
current="a crash loop ends"
wait_for 30 loop_ended && pass || fail "$(xl list)"
nothing_left "nothing is left of loop"

# A domain process that is killed is gone at once, and its monitor cleans up.
config kill
start kill
pid=$(pgrep -f "paravane-hv.*" | while read -r p; do grep -qs "PARAVANE_RUNDIR=$PARAVANE_RUNDIR" "/proc/$p/environ" && echo "$p"; done | head -1)
[ -n "$pid" ] || pid=$(pgrep -P "$(cat "$PARAVANE_RUNDIR/paravaned.pid")" | tail -1)
kill -KILL "$pid"
current="a killed domain is gone from xl list"
wait_for 30 guest_is_gone kill && pass || fail "$(xl list)"
nothing_left "its monitor cleans up"

config fore
current="create -F returns with the domain"
xl create -q -F "$WORK/fore.cfg" >"$WORK/fore.out" 2>&1 &
job=$!
wait_for 30 up fore 1
xl shutdown fore >/dev/null
wait_for 30 bash -c "! kill -0 $job 2>/dev/null" && pass || fail "$(cat "$WORK/fore.out")"
kill $job 2>/dev/null
nothing_left "nothing is left of fore"

for i in 1 2 3 4 5 6 7 8 9 10; do
	config "many$i"
	xl create -q "$WORK/many$i.cfg" &
done
wait
expect "ten domains at once" test "$(xl vm-list | wc -l)" -eq 11
expect "each under its own name" test "$(xl list | awk 'NR > 2 { print $1 }' | sort -u | wc -l)" -eq 10
expect "shutdown of all" timeout 30 xl shutdown -a -w
nothing_left "nothing is left of the ten" 20
finish
