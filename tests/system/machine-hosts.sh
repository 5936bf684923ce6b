#!/bin/bash
# SPDX-License-Identifier: MIT
# Hosts that allow less: a container whose root has one user only, one without user namespaces, a
# host that refuses io_uring.  What would break: Paravane not starting where it could, or starting
# without saying what its domains lack.
. "$(dirname "$0")/../lib.sh"

cat >"$WORK/h.cfg" <<-CFG
	name = "h"
	kernel = "$BUILD/pv-guest/pv-guest"
	memory = 32
	on_crash = "preserve"
CFG

# boots WHAT PATTERN: in this shell's namespaces a domain boots, and the log has the pattern.
cat >"$WORK/boots" <<-'SH'
	. "$SRC/tests/lib.sh"
	trap 'paravaned --stop --force; rm -rf "$WORK"' EXIT
	xl create -q "$CFG" || exit 1
	wait_for 30 grep -q 'guest main reached' "$PARAVANE_RUNDIR/log/console/guest-h.log" || exit 1
	grep -q 'crashed' "$PARAVANE_RUNDIR/log/paravaned.log" && exit 1
	[ -z "$1" ] || grep -q "$1" "$PARAVANE_RUNDIR/log/paravaned.log"
SH
cat >"$WORK/many" <<-'SH'
	. "$SRC/tests/lib.sh"
	trap 'paravaned --stop --force; rm -rf "$WORK"' EXIT
	for i in $(seq 70); do
		sed "s/\"h\"/\"h$i\"/; s/= 32/= 16/" "$CFG" >"$WORK/h$i.cfg"
		xl create -q "$WORK/h$i.cfg" || exit 1
	done
	wait_for 30 grep -q 'guest main reached' "$PARAVANE_RUNDIR/log/console/guest-h70.log"
	! grep 'crashed' "$PARAVANE_RUNDIR/log/paravaned.log"
SH
export CFG=$WORK/h.cfg TMPDIR=$WORK

if unshare -Ur true 2>/dev/null; then
	expect "root of a container with one user" \
		unshare -Ur bash "$WORK/boots" 'there is no user 65534 here'
	expect "where user namespaces are used up" \
		unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec bash "$@"' - \
		"$WORK/boots" 'does not let us make user namespaces'
	# Limits of a user are then those of all domains together.
	expect "and many domains there" \
		unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec bash "$@"' - "$WORK/many"
	expect "where network namespaces are used up" \
		unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_net_namespaces; exec bash "$@"' - \
		"$WORK/boots" 'no network namespace of their own'
	expect "where mount namespaces are used up" \
		unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_mnt_namespaces; exec bash "$@"' - \
		"$WORK/boots" 'no mount namespace of their own'
else
	case_begin "containers"
	skip "this host does not let us make user namespaces"
fi
expect "without io_uring" env PARAVANE_NO_IO_URING=1 bash "$WORK/boots" ''
finish
