#!/bin/bash
# SPDX-License-Identifier: MIT
# One of two domains that exchange data by grants is killed, at random, KILLS (8) times: the other one is told
# nothing wrong, the machine lets go of everything.  KILLS=200 takes some minutes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"
. "$(dirname "$0")/../grantlib.sh"

RANDOM=${SEED:-4711}
xl list >/dev/null
before=$(accounting)
expect "the machine says what it has in use" [ -n "$before" ]
killed=0
for ((i = 0; i < ${KILLS:-8}; i++)); do
	pair_start "w$i" "r$i" "mib=1000000" >/dev/null 2>&1 || break
	sleep "0.$((RANDOM % 900 + 100))"
	[ $((RANDOM % 2)) = 0 ] && victim=w$i other=r$i || victim=r$i other=w$i
	pid=$(domain_pid "$(xl domid "$victim")")
	# SIGKILL from outside or the toolstack's: both are the end of it.
	if [ $((RANDOM % 2)) = 0 ] && [ -n "$pid" ]; then kill -9 "$pid"; else xl destroy "$victim" >/dev/null 2>&1; fi
	wait_for 30 guest_gone "$victim" || break
	xl list "$other" >/dev/null 2>&1 || break
	xl destroy "$other" >/dev/null 2>&1
	wait_for 30 guest_gone "$other" || break
	killed=$((killed + 1))
done
case_begin "a domain of two killed ${KILLS:-8} times, the other unharmed"
[ $killed = "${KILLS:-8}" ] && pass || fail "stopped at $killed: $(xl list 2>&1 | tr '\n' '|') $(xl dmesg | tail -5 | tr '\n' '|')"
case_begin "no frame, port or grant is left"
nothing_left() { after=$(accounting); [ "$after" = "$before" ]; }
wait_for 30 nothing_left && pass || fail "before: $before after: $after"
echo "# before: $before"
echo "# after:  $after"
finish
