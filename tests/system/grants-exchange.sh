#!/bin/bash
# SPDX-License-Identifier: MIT
# Two domains exchange data through grants and event channels, with checksums.  EXCHANGE_MIB (64)
# is how much; 10240 takes minutes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"
. "$(dirname "$0")/../grantlib.sh"

xl list >/dev/null
before=$(accounting)
expect "the machine says what it has in use" [ -n "$before" ]
expect "two domains start" pair_start writer reader "mib=${EXCHANGE_MIB:-64}"
case_begin "the writer ends"
wait_for $((300 + ${EXCHANGE_MIB:-64} / 4)) guest_gone writer && pass || fail "$(xl list 2>&1 | tr '\n' '|')"
case_begin "the reader ends"
wait_for 30 guest_gone reader && pass || fail "$(xl list 2>&1 | tr '\n' '|')"
case_begin "${EXCHANGE_MIB:-64} MiB arrived as they were sent"
grep -aq '^answer: exchange.wrong = 0' "$PARAVANE_RUNDIR/log/console/guest-writer.log" &&
	grep -aq '^answer: exchange.rounds-short = 0' "$PARAVANE_RUNDIR/log/console/guest-reader.log" && pass ||
	fail "$(tail -3 "$PARAVANE_RUNDIR"/log/console/guest-{writer,reader}.log)"
case_begin "nothing is left of it"
nothing_left() { after=$(accounting); [ "$after" = "$before" ]; }
wait_for 30 nothing_left && pass || fail "before: $before after: $after"
echo "# before: $before"
echo "# after:  $after"
finish
