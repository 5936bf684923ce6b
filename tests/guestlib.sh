# SPDX-License-Identifier: MIT
# For system tests that run the ABI test guests (tests/guests/): source after tests/lib.sh.

# guest_config NAME KERNEL [EXTRA]: writes $WORK/NAME.cfg.
guest_config() {
	cat >"$WORK/$1.cfg" <<-END
	name = "$1"
	type = "pv"
	kernel = "$BUILD/tests/guests/$2"
	memory = ${GUEST_MEMORY:-16}
	vcpus = 1
	extra = "${3:-}"
	on_crash = "${ON_CRASH:-destroy}"
	END
}

# guest_log NAME: the guest's console output so far, from the console daemon's log, or, while that
# has no verdict, from the machine's log (console_io).
guest_log() {
	local f=$PARAVANE_RUNDIR/log/console/guest-$1.log
	if [ -f "$f" ] && grep -aqE "${2:-^[0-9]+ passed, }" "$f"; then
		tr -d '\r' <"$f"
	else
		xl dmesg 2>/dev/null | tr -d '\r' | sed -E 's/^\(d[0-9]+\) ?//; s/^\(XEN\) //'
	fi
}

guest_gone() { ! xl domid "$1" >/dev/null 2>&1; }

# guest_run NAME KERNEL [EXTRA]: runs it to its end, at most 120 s; its output in $WORK/NAME.out.
guest_run() {
	guest_config "$1" "$2" "${3:-}"
	xl dmesg -c >/dev/null 2>&1
	if ! xl create -q "$WORK/$1.cfg" >"$WORK/$1.create" 2>&1; then
		echo "not ok - $1: xl create: $(head -3 "$WORK/$1.create")" >"$WORK/$1.out"
		return 1
	fi
	wait_for "${GUEST_SECONDS:-120}" guest_gone "$1"
	local gone=$?
	guest_log "$1" >"$WORK/$1.out"
	if [ $gone -ne 0 ]; then
		echo "not ok - $1: still there: $(xl list "$1" 2>&1 | tail -1)" >>"$WORK/$1.out"
		xl destroy "$1" >/dev/null 2>&1
		return 1
	fi
}

# guest_count NAME: adds the verdicts in $WORK/NAME.out to the script's; a guest that ended
# without its last line has failed.
guest_count() {
	local line kind
	while IFS= read -r line; do
		kind=${line%% - *}
		line=${line#* - }
		case $kind in
		ok) pass "$1: $line" ;;
		"not ok") current=$1 && fail "$line" ;;
		skip) current=$1 && skip "$line" ;;
		esac
	done < <(grep -aE '^(ok|not ok|skip) - ' "$WORK/$1.out")
	if ! grep -aqE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' "$WORK/$1.out"; then
		case_begin "$1"
		fail "no verdict; the end was: $(tail -n 3 "$WORK/$1.out" | tr '\n' '|')"
	fi
}
