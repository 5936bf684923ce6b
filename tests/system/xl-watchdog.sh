#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest that hangs is ended by its watchdog, and on_watchdog says what becomes of it; the reason a
# domain names first is the one that counts.  What would break: a hung guest that stays for ever.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"

ended_by_watchdog() { xl dmesg | grep -q "d$1 shut down, code 4"; }

# watched MODE: everything but the watchdog's action would keep the domain.
watched() {
	ON_CRASH=preserve guest_config "w-$1" hostile "mode=$1"
	cat >>"$WORK/w-$1.cfg" <<-END
	on_poweroff = "preserve"
	on_watchdog = "destroy"
	END
	expect "$1: starts" timeout 60 xl create -q "$WORK/w-$1.cfg"
	expect "$1: ends as on_watchdog says" wait_for 30 guest_gone "w-$1"
}

watched hang-watched
expect "the machine's log has the watchdog" grep -q "its watchdog fired" <(xl dmesg)
watched first-reason

# Preserved, it is listed as shut down.
guest_config kept hostile mode=hang-watched
echo 'on_watchdog = "preserve"' >>"$WORK/kept.cfg"
expect "a guest to keep starts" timeout 60 xl create -q "$WORK/kept.cfg"
kept_is_shut_down() { xl list kept | grep -qE ' [-rbp]{3}sw- '; }
expect "a preserved one is listed as shut down by it" wait_for 30 kept_is_shut_down
expect "its reason is the watchdog's" ended_by_watchdog "$(xl domid kept)"
expect "it can be destroyed" xl destroy kept
finish
