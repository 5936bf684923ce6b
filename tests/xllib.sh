# SPDX-License-Identifier: MIT
# For system tests of xl: source after tests/lib.sh.  Guests are pv-guest with a disk or without.

KERNEL=$BUILD/pv-guest/pv-guest

# config NAME [LINE...]: writes $WORK/NAME.cfg, a guest of 32 MiB; later lines win.
config() {
	local name=$1
	shift
	{
		printf 'name = "%s"\nkernel = "%s"\nmemory = 32\n' "$name" "$KERNEL"
		printf '%s\n' "$@"
	} >"$WORK/$name.cfg"
}

# Have the daemons run, without a domain.
start_daemons() { xl list >/dev/null 2>&1; }

# console_echoes NAME: what is typed at its console is done there.  What was seen is in $WORK/NAME.out.
console_echoes() {
	local rc=0 con
	timeout 40 xl console "$1" < <(echo "echo he""llo"; exec sleep 40) >"$WORK/$1.out" 2>&1 &
	con=$!
	wait_for 30 grep -q hello "$WORK/$1.out" || rc=1
	kill $con 2>/dev/null
	wait $con 2>/dev/null
	return $rc
}

guest_is_gone() { ! xl domid "$1" >/dev/null 2>&1; }
guest_log() { cat "$PARAVANE_RUNDIR/log/console/guest-$1.log" 2>/dev/null; }
log_says() { guest_log "$1" | grep -aq -- "$2"; }
monitor_says() { grep -q -- "$2" "$PARAVANE_RUNDIR/log/xl-$1.log"; }

# What would stay behind of a domain: rows, nodes, saved files, monitors, domain processes.
leftovers() {
	xl list | awk 'NR > 1 && $2 != 0 { print "xl list: " $0 }'
	local d
	for d in /local/domain /libxl /vm /local/domain/0/backend/vbd /local/domain/0/backend/vif /local/domain/0/backend/console; do
		xenstore-list "$d" 2>/dev/null | grep -vx 0 | sed "s|^|store: $d/|"
	done
	find "$PARAVANE_RUNDIR/userdata" -type f 2>/dev/null
	pgrep -af "$WORK" | grep -E 'xl (-[a-zA-Z]+ )*create|paravane-hv' | sed 's/^/process: /'
}

# One case: nothing is left of any domain (give it the time a monitor needs to leave).
nothing_left() {
	current=$1
	wait_for "${2:-5}" test_nothing && pass || fail "left behind: $(leftovers | tr '\n' ';')"
}
test_nothing() { [ -z "$(leftovers)" ]; }
