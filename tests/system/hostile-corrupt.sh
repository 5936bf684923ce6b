#!/bin/bash
# SPDX-License-Identifier: MIT
# Guests that write noise into everything they share: rings, grant entries, the page set of the
# domain; and random hypercalls.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"
. "$(dirname "$0")/../hostilelib.sh"

# A guest that destroys its own machine may live or end; both are its own affair.
hostile_any() {
	guest_config "h-$1" hostile "mode=$1"
	expect "$1: starts" timeout 60 xl create -q "$WORK/h-$1.cfg"
	sleep 2
	expect "$1: xl list answers" timeout 30 xl list
	expect "$1: the store answers" timeout 30 xl domid neighbour
	neighbour_lives "$1: the neighbour does not notice"
	timeout 60 xl destroy "h-$1" >/dev/null 2>&1
	expect "$1: it is gone" wait_for 30 guest_gone "h-$1"
}

neighbour_start
daemons_note
for mode in corrupt-rings corrupt-grants corrupt-shared-window random-hypercalls; do
	hostile_any $mode
done
# And a new domain is as good as ever.
guest_run after version
guest_count after
daemons_same
finish
