#!/bin/bash
# SPDX-License-Identifier: MIT
# The store over the rings of real domains: a guest that tests its ring; the life of a domain as
# the store shows it; and domains killed without a word, whose nodes must go with them.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"
if ! command -v xenstore-read >/dev/null; then
	case_begin "stores of domains"
	skip "xenstore-utils is not installed"
	finish
fi

guest_run store store
guest_count store

case_begin "nothing is left of the guest in the store"
left=$(xenstore-ls -f / | grep -E '^/(local/domain|libxl|vm)/[^0]' | head -3)
if [ -z "$left" ]; then pass; else fail "$left"; fi

# A domain that is there to be looked at.
guest_config idle hostile mode=block-forever
expect "a domain is created" xl create -q "$WORK/idle.cfg"
id=$(xl domid idle)
case_begin "its nodes are there, its own are its own"
if xenstore-ls -fp "/local/domain/$id" | grep -q "/data = .*(n$id)"; then pass; else
	fail "$(xenstore-ls -fp "/local/domain/$id" | grep data)"
fi
timeout 60 xenstore-watch -n 2 @releaseDomain >"$WORK/release" 2>&1 &
watcher=$!
wait_for 30 test -s "$WORK/release"
xenstore-write "/local/domain/$id/data/mark" 1 /shared 1
xenstore-chmod "/local/domain/$id/data/mark" "n$id"
xenstore-chmod /shared n0 "b$id"

case_begin "killed without a word: @releaseDomain fires, its own nodes and its permissions go"
kill -KILL "$(domain_pid "$id")"
if wait $watcher && ! xenstore-exists "/local/domain/$id/data/mark" &&
	[ "$(xenstore-ls -fp / | grep '^/shared')" = '/shared = "1"   (n0)' ]; then pass; else
	fail "$(cat "$WORK/release") $(xenstore-ls -fp / | grep shared)"
fi

case_begin "the daemon's accounts are right"
control=$(ls /usr/lib/xen-[0-9]*/bin/xenstore-control 2>/dev/null | tail -1)
if [ -z "$control" ]; then skip "xen-utils-4.17 is not installed"; elif
	[ "$("$control" check)" = OK ]; then pass; else fail "$(tail -3 "$PARAVANE_RUNDIR/log/xenstored.log")"; fi
finish
