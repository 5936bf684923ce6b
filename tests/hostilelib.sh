# SPDX-License-Identifier: MIT
# For tests/system/hostile-*.sh: one quiet neighbour, and guests that misbehave beside it.
# Source after lib.sh and guestlib.sh.

neighbour_start() {
	guest_config neighbour hostile mode=neighbour
	expect "a neighbour starts" xl create -q "$WORK/neighbour.cfg"
	case_begin "the neighbour's console works"
	wait_for 30 neighbour_beats 1 && pass || fail "no beat: $(tail -3 "$PARAVANE_RUNDIR"/log/*.log)"
}

neighbour_beats() { [ "$(beats)" -ge "$1" ]; }
beats() { grep -acE '^beat ' "$PARAVANE_RUNDIR/log/console/guest-neighbour.log" 2>/dev/null || true; }

# neighbour_lives WHAT: its console goes on, three beats from now (one every 0.2 s when left alone).
neighbour_lives() {
	local n
	n=$(beats)
	case_begin "$1"
	wait_for 60 neighbour_beats $((n + 3)) && pass || fail "beat $n was the last: $(xl list 2>&1 | tr '\n' '|')"
}

hostile_reached() { guest_log "$1" "^hostile: " | grep -aq "^hostile: $2"; }

# hostile_start MODE: starts it and waits until it is at its deed.
hostile_start() {
	guest_config "h-$1" hostile "mode=$1"
	expect "$1: starts" timeout 60 xl create -q "$WORK/h-$1.cfg"
	case_begin "$1: reaches its deed"
	wait_for 30 hostile_reached "h-$1" "$1" && pass || fail "$(guest_log "h-$1" | tail -2)"
}

# hostile_alive MODE: for a guest that stays: everybody answers beside it, and destroy ends it.
hostile_alive() {
	local pid
	hostile_start "$1"
	sleep 1
	expect "$1: xl list answers" timeout 30 xl list
	expect "$1: xl info answers" timeout 30 xl info
	expect "$1: it is listed" timeout 30 xl list "h-$1"
	expect "$1: the store answers" timeout 30 xl domid neighbour
	neighbour_lives "$1: the neighbour does not notice"
	expect "$1: destroy works" timeout 60 xl destroy "h-$1"
	expect "$1: it is gone" wait_for 30 guest_gone "h-$1"
}

# hostile_ends MODE: for a guest whose deed ends it: the domain is gone (on_crash="destroy"), with the
# reason in the machine's log.
hostile_ends() {
	guest_config "h-$1" hostile "mode=$1"
	expect "$1: starts" timeout 60 xl create -q "$WORK/h-$1.cfg"
	expect "$1: ends by itself" wait_for 60 guest_gone "h-$1"
	expect "$1: the machine says so" log_says_crash
	neighbour_lives "$1: the neighbour does not notice"
}

# The log of the machine grew by a crash since the last time.
crashes_seen=0
log_says_crash() {
	local n
	n=$(grep -ac 'shut down, code 3' "$PARAVANE_RUNDIR/log/paravaned.log")
	[ "$n" -gt "$crashes_seen" ] && crashes_seen=$n
}

# After all of it: the daemons are those of the beginning.
daemons_note() {
	daemons=$(cat "$PARAVANE_RUNDIR"/{paravaned,xenstored,xenconsoled}.pid 2>/dev/null | tr '\n' ' ')
}
daemons_same() {
	case_begin "no daemon has died"
	local now
	now=$(cat "$PARAVANE_RUNDIR"/{paravaned,xenstored,xenconsoled}.pid 2>/dev/null | tr '\n' ' ')
	if [ "$now" = "$daemons" ] && kill -0 $daemons 2>/dev/null; then
		pass
	else
		fail "were $daemons, are $now: $(tail -n 2 "$PARAVANE_RUNDIR"/log/*.log 2>/dev/null | tr '\n' '|')"
	fi
}
