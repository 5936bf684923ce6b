# SPDX-License-Identifier: MIT
# For tests/system/grants-*.sh: the two domains of tests/conformance/grant-peer-exchange.c.
# Source after lib.sh and guestlib.sh.

# pair_start A B EXTRA: both, with each other's number, running.  0 if they do.
pair_start() {
	local r=0 d a b
	for d in "$1" "$2"; do
		cat >"$WORK/$d.cfg" <<-END
		name = "$d"
		type = "pv"
		kernel = "$BUILD/tests/conformance/grant-peer-exchange.elf"
		memory = 16
		vcpus = 1
		extra = "role=$r $3"
		on_crash = "destroy"
		END
		xl create -q -p "$WORK/$d.cfg" || return 1
		r=1
	done
	a=$(xl domid "$1") b=$(xl domid "$2")
	xenstore-write "/local/domain/$a/data/peer" "$b" "/local/domain/$b/data/peer" "$a" &&
		xl unpause "$1" && xl unpause "$2"
}

# accounting: what the machine has in use, in one line.
accounting() {
	xl dmesg -c >/dev/null
	xl debug-keys egm
	xl dmesg | tr -d '\r' | grep -oE '(event channels|grants|memory): .*' | tr '\n' ';'
}
