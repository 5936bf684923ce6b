# SPDX-License-Identifier: MIT
# What the parts of `make bench` stand on: raw numbers and rows, guests with a script, processes and where they run.
# Sourced by bench/run.

note() { [ ! -t 2 ] || printf '\r\033[K%s' "$*" >&2; }
median() { sort -g | awk '{v[NR]=$1} END {if (NR) print (NR%2 ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2)}'; }

# wanted METRIC...: is one of them among what was asked for?
wanted() {
	local metric pattern
	set -f
	for pattern in $ONLY; do
		for metric in "$@"; do
			# shellcheck disable=SC2053
			[[ $metric != $pattern ]] || { set +f; return 0; }
		done
	done
	set +f
	return 1
}

# record SERIES VALUE: one raw number. No value, no record.
record() { [ -z "${2:-}" ] || echo "$1 $2" >>"$raw"; }
series() { awk -v s="$1" '$1 == s {print $2}' "$raw" | median; }
# list SERIES: its raw numbers, as JSON has them.
list() { awk -v s="$1" '$1 == s {printf "%s%s", (n++ ? "," : ""), $2 + 0}' "$raw"; }

# percentiles SERIES LINE: keeps "1=0.5 50=0.7 ..." (percentile and value) of a run for the row SERIES belongs to.
percentiles() {
	local word
	for word in $2; do
		record "$1.percentile.${word%%=*}" "${word#*=}"
	done
}
# distribution SERIES: [[percentile, median of the runs], ...]
distribution() {
	local p
	for p in $(awk -v s="$1.percentile." 'index($1, s) == 1 {print substr($1, length(s) + 1)}' "$raw" | sort -gu); do
		printf '%s[%s,%s]' "${sep:-}" "$p" "$(series "$1.percentile.$p")"
		local sep=,
	done
}

# missing METRIC WHY: its peer could not be measured; said once, and kept in the row.
declare -A why
missing() { why[$1]=$2; }

text() { [ -n "$1" ] && printf '"%s"' "$1" || printf null; }

# row METRIC UNIT LIMIT-NAME PEER-NAME GOAL: from the series METRIC, METRIC.limit, METRIC.peer.
row() {
	local metric=$1 unit=$2 limit=$3 peer=$4 goal=$5 v l p r
	wanted "$metric" || return 0
	v=$(series "$metric") l=$(series "$metric.limit") p=$(series "$metric.peer")
	[ -z "$limit$peer" ] || [ -n "$l$p" ] || : "${why[$metric]:=not measured}"
	[ -z "${why[$metric]:-}" ] || echo "bench: $metric: ${limit:-$peer}: ${why[$metric]}" >&2
	if [ -z "$v" ]; then
		echo "bench: $metric was not measured" >&2
		return
	fi
	r=$(awk -v v="$v" -v b="${l:-$p}" 'BEGIN { if (b != "" && b != 0) printf "%.4g", v / b; else print "null" }')
	printf '%-34s %12.5g %-7s %-34s %12s  ratio %-8s goal %s\n' "$metric" "$v" "$unit" "${limit:-${peer:--}}" "${l:-${p:--}}" "$r" "$goal"
	rows+="${rows:+,
}  {\"metric\":\"$metric\",\"value\":$v,\"unit\":\"$unit\",\"limit\":$(text "$limit"),\"limit_value\":${l:-null},\"peer\":$(text "$peer"),\"peer_value\":${p:-null},\"ratio\":$r,\"goal\":$(text "$goal"),\"missing\":$(text "${why[$metric]:-}"),
   \"runs\":[$(list "$metric")],\"limit_runs\":[$(list "$metric.limit")],\"peer_runs\":[$(list "$metric.peer")],
   \"percentiles\":[$(distribution "$metric")],\"reference_percentiles\":[$(distribution "$metric.limit")$(distribution "$metric.peer")]}"
}

# config NAME MEMORY EXTRA [DISK]; also $initrd, $vcpus, $vif.
config() {
	local disks= more=
	[ -z "${4:-}" ] || disks="disk = [ \"$4\" ]"
	[ -z "${initrd:-}" ] || more="ramdisk = \"$initrd\""
	cat >"$work/$1.cfg" <<CFG
name = "$1"
type = "pv"
kernel = "$kernel"
memory = $2
extra = "$3"
vcpus = ${vcpus:-1}
$disks
$more
${vif:+vif = [ \"$vif\" ]}
CFG
}
console() { echo "$PARAVANE_RUNDIR/log/console/guest-$1.log"; }

# start NAME MEMORY SCRIPT [DISK]: a domain that runs a script; $words stand before it on the command line.
start() {
	config "$1" "$2" "${words:-} script='$3; echo bench-script-done'" "${4:-}"
	rm -f "$(console "$1")"
	xl create -q "$work/$1.cfg"
}

# await NAME PATTERN: until its console has such a line; a minute at most.
await() {
	local n=0
	until grep -aEq -- "$2" "$(console "$1")" 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 1500 ] || { echo "bench: $1 did not finish" >&2; tail -5 "$(console "$1")" >&2; exit 1; }
		sleep 0.04
	done
}

# over NAME: until its script has ended; leaves its console in $out.
over() {
	await "$1" '^bench-script-done'
	out=$(tr -d '\r' <"$(console "$1")")
	xl destroy "$1"
}

# guest NAME MEMORY SCRIPT [DISK]: a script in a domain of its own, its console in $out.
guest() {
	start "$@"
	[ -z "${during:-}" ] || $during "$1"
	over "$1"
}
guest_value() { awk -v m="$1" '$1 == "bench" && $2 == m {print $3}' <<<"$out"; }

# Our processes, not another user's: daemons by pid file, domains are paravaned's children,
# monitors by their environment.
our_pids() {
	local p
	cat "$PARAVANE_RUNDIR"/*.pid
	pgrep -P "$(cat "$PARAVANE_RUNDIR/paravaned.pid")" || true
	for p in $(pgrep -x xl); do
		grep -qz "PARAVANE_RUNDIR=$PARAVANE_RUNDIR" "/proc/$p/environ" 2>/dev/null && echo "$p"
	done
}

domain_pid() { vcpu_pids "$1" | head -1; }
vcpu_pids() { pgrep -P "$(cat "$PARAVANE_RUNDIR/paravaned.pid")" -x "paravane-d$(xl domid "$1")"; }

# cpu_ticks PID...: user and system time of processes, in ticks of 10 ms; one that has gone counts for nothing.
cpu_ticks() {
	local p
	for p in "$@"; do
		cat "/proc/$p/stat" 2>/dev/null || true
	done | sed 's/.*) //' | awk '{t += $12 + $13} END {print t + 0}'
}
# sleeps PID...: how often their threads have gone to sleep, each of which ended by a wake-up.
sleeps() {
	local p
	for p in "$@"; do
		cat /proc/"$p"/task/*/status 2>/dev/null || true
	done | awk '/^voluntary_ctxt/ {t += $2} END {print t + 0}'
}
