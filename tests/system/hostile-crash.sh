#!/bin/bash
# SPDX-License-Identifier: MIT
# Guests that crash, each in its way: the domain ends, the reason is in the log, nobody else notices.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"
. "$(dirname "$0")/../hostilelib.sh"

neighbour_start
daemons_note
for mode in crash bad-stack bad-stack-hole no-handler jump-nowhere bad-iret unmap-myself; do
	hostile_ends $mode
done

# on_crash="preserve" keeps the body: listed as crashed, and destroy removes it.
ON_CRASH=preserve guest_config kept hostile mode=crash
expect "a guest to keep starts" xl create -q "$WORK/kept.cfg"
kept_is_crashed() { xl list kept | grep -qE ' [-rbps]*c[-d]* '; }
expect "a preserved crash is listed as crashed" wait_for 30 kept_is_crashed
expect "a preserved crash can be destroyed" xl destroy kept
expect "a preserved crash is gone then" wait_for 30 guest_gone kept
daemons_same
finish
