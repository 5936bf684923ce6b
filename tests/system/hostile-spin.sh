#!/bin/bash
# SPDX-License-Identifier: MIT
# Guests that never listen: spinning with events masked, in hypercalls, asleep for good.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"
. "$(dirname "$0")/../hostilelib.sh"

neighbour_start
daemons_note
for mode in spin-masked spin-hypercalls spin-yield block-forever; do
	hostile_alive $mode
done

# Pause and unpause act on a guest that spins.
hostile_start spin-masked
expect "a spinning guest can be paused" timeout 30 xl pause h-spin-masked
paused() { xl list h-spin-masked | grep -qE ' [-rb]*p[-scd]* '; }
expect "a paused guest is listed as paused" wait_for 30 paused
expect "a paused guest can be unpaused" timeout 30 xl unpause h-spin-masked
expect "a spinning guest can be destroyed" timeout 30 xl destroy h-spin-masked
daemons_same
finish
