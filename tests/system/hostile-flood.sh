#!/bin/bash
# SPDX-License-Identifier: MIT
# Guests that shout: console, store, events; the log stays bounded and the others are served.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"
. "$(dirname "$0")/../hostilelib.sh"

neighbour_start
daemons_note
for mode in flood-console flood-events flood-store store-never-reads fill-memory; do
	hostile_alive $mode
done
case_begin "the logs stay bounded"
kib=$(du -sk "$PARAVANE_RUNDIR/log" | cut -f1)
[ "$kib" -lt 65536 ] && pass || fail "$kib KiB of logs"
daemons_same
finish
