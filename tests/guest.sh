# SPDX-License-Identifier: MIT
# Talking to our guest's shell on its console, for tests that have read lib.sh and set a domain by `guest NAME'.
guest() { guest=$1; }
console() { tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-$guest.log"; }
says() { console | grep -aqE -- "$1"; }
typed() { # LINE
	printf '%s\r' "$1" >"$(xenstore-read "/local/domain/$(xl domid "$guest")/console/tty")"
}
# answers LINE PATTERN: what is typed has an answer, within half a minute, that matches.
answers() {
	local mark="mark$RANDOM$RANDOM"
	typed "$1; echo $mark-end"
	wait_for 30 says "^$mark-end"
	console | sed "1,/echo $mark-end/d" | grep -aE -- "$2"
}
