# SPDX-License-Identifier: MIT
# What a system test (tests/system/*.sh) stands on.  A test script sources this, calls
# `case_begin NAME`, then pass/fail/skip once per case, and ends with `finish`, which prints
# "N passed, N failed, N skipped" and exits 1 if any failed.
# BUILD is the build tree (default: the directory the test is run from), SRC the source tree.
# Every test has a run directory and daemons of its own, and takes down what it started.

SRC=${SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
BUILD=${BUILD:-$PWD}
export SRC BUILD
PATH=$BUILD/toolstack:$BUILD/paravaned:$BUILD/xenstored:$BUILD/backends:$PATH:/usr/sbin:/sbin
WORK=$(mktemp -d "${TMPDIR:-/tmp}/pvn-test.XXXXXX")
export PARAVANE_RUNDIR=$WORK/run XENSTORED_RUNDIR=$WORK/run/xenstored
export XENSTORED_PATH=$WORK/run/xenstored/socket
mkdir -m 0700 "$PARAVANE_RUNDIR"
passed=0 failed=0 skipped=0 current=

case_begin() { current=$1; }
pass() { passed=$((passed + 1)); echo "ok - ${1:-$current}"; }
fail() { failed=$((failed + 1)); echo "not ok - $current: $*"; }
skip() { skipped=$((skipped + 1)); echo "skip - $current: $*"; }

# expect WHAT COMMAND...: one case, passes if the command exits 0.
expect() {
	current=$1
	shift
	local out
	if out=$("$@" 2>&1); then pass; else fail "\`$*' exited $?: $out"; fi
}

# expect_fail WHAT PATTERN COMMAND...: passes if the command exits non-zero and says PATTERN.
expect_fail() {
	current=$1
	local pattern=$2 out
	shift 2
	if out=$("$@" 2>&1); then
		fail "\`$*' exited 0, said: $out"
	elif grep -Eq -- "$pattern" <<<"$out"; then
		pass
	else
		fail "\`$*' did not say /$pattern/ but: $out"
	fi
}

# expect_same WHAT WANTED GOT
expect_same() {
	current=$1
	if [ "$2" = "$3" ]; then pass; else fail "wanted \`$2', got \`$3'"; fi
}

# wait_for SECONDS COMMAND...: until it succeeds, at most so long.
wait_for() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || return 1
		sleep 0.05
	done
}

# domain_pid DOMID [VCPU]: the process of that vCPU, of a domain of our paravaned and of no other.
domain_pid() { pgrep -o -P "$(cat "$PARAVANE_RUNDIR/paravaned.pid")" -f "^paravane-d$1 ${2:-0}\$"; }

# daemon_pid NAME: of the daemon of our run directory; replaced NAME PID: another one than that runs.
daemon_pid() { cat "$PARAVANE_RUNDIR/$1.pid" 2>/dev/null; }
replaced() { local p; p=$(daemon_pid "$1") && [ -n "$p" ] && [ "$p" != "$2" ] && kill -0 "$p"; }

# The run directory's daemons write their pids there: those, and only those, are ended.
stop_all() {
	paravaned --stop --force >/dev/null 2>&1
	local f pid
	for f in "$PARAVANE_RUNDIR"/*.pid; do
		[ -f "$f" ] || continue
		pid=$(cat "$f")
		[ -n "$pid" ] && kill "$pid" 2>/dev/null
	done
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
	exit
}

trap 'stop_all; [ -n "${KEEP:-}" ] || rm -rf "$WORK"' EXIT
