#!/bin/bash
# SPDX-License-Identifier: MIT
# The guest kernel's core in real domains: exceptions, its own checks, the shell's grammar on the
# kernel command line, the store, ends of every kind. What would break: everything that runs in
# a domain.
. "${BASH_SOURCE[0]%/*}/../lib.sh"

console() { echo "$PARAVANE_RUNDIR/log/console/guest-$1.log"; }

# start NAME MEMORY EXTRA: a domain from our kernel; crashed ones are kept.
start() {
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		type = "pv"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = $2
		on_reboot = "destroy"
		on_crash = "preserve"
		extra = "$3"
	CFG
	xl create -q "$WORK/$1.cfg"
}

says() { grep -aq -- "$2" "$(console "$1")"; }
# said NAME PATTERN: within 30 s.
said() { wait_for 30 says "$1" "$2"; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }
node() { xenstore-read "/local/domain/$id/$1" 2>/dev/null; }
node_is() { [ "$(node "$1")" = "$2" ]; }

# expect_line WHAT NAME PATTERN: one case.
expect_line() {
	current=$1
	if said "$2" "$3"; then pass; else fail "no /$3/ on the console: $(tail -5 "$(console "$2")")"; fi
}

# Exceptions, the kernel's own checks, memory growing to 256 MiB.
expect "a domain starts" start core 256 "script='trap; echo trap \$?; selftest; echo selftest \$?'"
id=$(xl domid core)
expect_line "exceptions arrive with vector, error and address" core '^trap 0'
expect_line "the kernel's checks of itself pass" core '^selftest 0'
expect_line "all of memory can be mapped and used" core '^selftest pages: ok'
expect "the guest says in the store that it is up" wait_for 30 node_is data/booted 1

# What the toolstack asks of it.
xenstore-write "/local/domain/$id/control/sysrq" t
expect "control/sysrq is acknowledged" wait_for 30 node_is control/sysrq ""
expect_line "and obeyed" core 'xenwatch'
expect "xl shutdown -w ends it" xl shutdown -w core
expect "and it is gone" wait_for 30 gone core

# The grammar, through two layers of quotes.
start shell 32 "script='echo \\\"a  b\\\" c; nosuch; echo \$?; false && echo no || echo yes; true || echo no; xenstore write data/t \\\"x;y\\\"; xenstore read data/t; sleep 0.01; echo end # echo comment' init=poweroff"
expect_line "quotes keep blanks" shell '^a  b c'
expect_line "an unknown command is 127" shell '^127'
expect_line "&& and || choose" shell '^yes'
expect_line "values go to the store and come back" shell '^x;y'
expect_line "the script's status is told" shell 'script ended with status 0'
expect "init=poweroff ends the domain" wait_for 30 gone shell
current="what was not to run did not run"
if says shell '^no.\?$' || says shell '^comment'; then fail "$(cat "$(console shell)")"; else pass; fi

# Crashes are told apart, and say where.
start crash 32 "script='trap pf!'"
expect_line "an unexpected page fault prints registers" crash 'trap 14 (page fault), error 2, cr2 7fff0000'
expect_line "and the stack by name" crash 'cmd_trap+0x'
expect_line "and panics" crash '^panic: unexpected trap 14'
crashed() { xl list crash | grep -q -- 'c-'; }
expect "the domain is kept as crashed" wait_for 30 crashed
expect "and can be destroyed" xl destroy crash

start again 32 "script='sleep 0.1; reboot'"
expect "reboot reaches the toolstack (on_reboot=destroy)" wait_for 30 gone again
expect "with the code for reboot" grep -q 'd[0-9]* shut down, code 1' "$PARAVANE_RUNDIR/log/paravaned.log"

# What is typed while a command runs is not lost.
case_begin "type-ahead waits for the command that runs"
start ahead 32 "" >/dev/null 2>&1
wait_for 30 says ahead 'guest main reached'
printf 'sleep 1\recho typed-$?-ahead\r' >"$(xenstore-read "/local/domain/$(xl domid ahead)/console/tty")"
if wait_for 30 says ahead '^typed-0-ahead'; then pass; else fail "$(tail -5 "$(console ahead)")"; fi
xl destroy ahead

# A console nobody serves must not stop it: more output than the ring holds, xenconsoled stopped.
start flood 32 "script='sleep 0.5; help; help; help; help; help; help; help; help; xenstore write data/flood done'"
id=$(xl domid flood)
kill -STOP "$(cat "$PARAVANE_RUNDIR/xenconsoled.pid")"
expect "output to a console nobody reads is dropped, the guest goes on" wait_for 30 node_is data/flood "done"
kill -CONT "$(cat "$PARAVANE_RUNDIR/xenconsoled.pid")"
expect "and it can be shut down" xl shutdown -w flood

finish
