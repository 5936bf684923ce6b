#!/bin/bash
# SPDX-License-Identifier: MIT
# Consoles of real domains: backlog, typing, log and rotation, floods, the end.  What would break:
# the only window into a guest, or the disk of the host.
. "${BASH_SOURCE[0]%/*}/../lib.sh"

log=$PARAVANE_RUNDIR/log/console
console() { echo "$log/guest-$1.log"; }
says() { cat "$log"/guest-"$1".log* 2>/dev/null | grep -aq -- "$2"; }
said() { wait_for 30 says "$1" "$2"; }
tty_of() { xenstore-read "/local/domain/$(xl domid "$1")/console/tty" 2>/dev/null; }

start() { # NAME EXTRA [DISK]
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = 32
		disk = [ ${3:-} ]
		extra = "$2"
	CFG
	xl create -q "$WORK/$1.cfg"
}

# The daemons by hand, for small log files.
paravaned && xenstored && xenconsoled --rotate-size 65536 --rotate-keep 2 --log-rate 4000000
current="a second xenconsoled says who is there"
if out=$(xenconsoled 2>&1) && grep -q 'already running (pid [0-9]*)' <<<"$out"; then pass; else fail "$out"; fi
expect_fail "a bad option value is refused" 'bad value' xenconsoled --log-rate=fast
expect "--version" xenconsoled --version
expect "--help" xenconsoled --help

start one "script='echo first words'"
expect "output is in the log" said one '^first words'
expect "and a tty in the store" wait_for 30 eval '[ -c "$(tty_of one)" ]'
tty=$(tty_of one)
current="the tty is its owner's alone"
if [ "$(stat -c %a "$tty")" = 600 ]; then pass; else fail "$(stat -c %A "$tty")"; fi
current="the guest may read the node, not write it"
perms=$(xenstore-ls -fp "/local/domain/$(xl domid one)/console" 2>/dev/null | grep /tty)
if grep -q "n0,r$(xl domid one)" <<<"$perms"; then pass; else fail "$perms"; fi

# Attach: what was said before anybody looked, then a dialogue.
exec 5<>"$tty"
heard() { timeout 30 grep -aqm1 -- "$1" <&5; }
expect "who attaches is shown what was said before" heard '^first words'
printf 'echo six times seven is $?-42\n' >&5
expect "what is typed is answered" heard '^six times seven is 0-42'
printf 'echo unread\n' >&5
said one '^unread'
exec 5>&-
sleep 0.1
printf '' # nobody is attached now
exec 5<>"$tty"
printf 'echo again\n' >&5
expect "attaching again works" heard '^again'
exec 5>&-
grep -aq 'six times seven' "$(console one)"
expect "the dialogue is in the log" test $? = 0

# xl console itself, on a terminal of its own.
if command -v script >/dev/null; then
	expect "xl console attaches and detaches with Ctrl-]" timeout 30 bash -c \
		'(sleep 0.5; printf "echo by xl console\r"; sleep 1; printf "\035") | script -qec "xl console one" /dev/null | grep -aq "by xl console"'
fi

# A flood: half a file system of noise on the console, while another domain talks.
mkdir "$WORK/tree"
head -c 3000000 /dev/urandom | base64 -w 76 >"$WORK/tree/noise"
mke2fs -q -F -t ext2 -d "$WORK/tree" "$WORK/disk.img" 16M
start flood "root=/dev/xvda ro script='cat /noise; echo; echo flood end'" "'$WORK/disk.img,raw,xvda,r'"
sleep 0.3
printf 'echo talk during the flood\n' >"$(tty_of one)"
expect "another console answers during a flood" said one '^talk during the flood'
expect "xl list answers during a flood" xl list
expect "the flood gets through in the end" said flood '^flood end'
current="the log files of a flood stay small"
sizes=$(stat -c %s "$log"/guest-flood.log*)
if [ "$(wc -l <<<"$sizes")" = 3 ] && ! grep -qv '^\([0-9]\{1,4\}\|[1-5][0-9]\{4\}\|6[0-5][0-9]\{3\}\)$' <<<"$sizes"; then
	pass
else
	fail "sizes: $sizes"
fi
# Destroyed in the middle of one.
start flood2 "root=/dev/xvda ro script='cat /noise /noise /noise /noise'" "'$WORK/disk.img,raw,xvda,r'"
sleep 0.3
expect "a flooding domain is destroyed" timeout 30 xl destroy flood2

# The end: the last words are kept, the tty is gone, who is attached is told.
start last "script='sleep 0.5; echo last words' init=poweroff"
wait_for 30 eval '[ -c "$(tty_of last)" ]'
tty=$(tty_of last)
timeout 20 cat "$tty" >"$WORK/last.txt" 2>/dev/null
expect "who is attached reads the last words, then the end" grep -aq '^last words' "$WORK/last.txt"
expect "they are in the log, too" said last '^last words'
wait_for 30 eval '! xl domid last'
current="no tty is left in the store"
left=$(xenstore-ls -f | grep -c '/console/tty')
if [ "$left" = 2 ]; then pass; else fail "$left ttys for two domains"; fi

# A restarted daemon finds its domains.
old=$(cat "$PARAVANE_RUNDIR/xenconsoled.pid")
kill "$old"
wait_for 30 eval '! [ -c "$(tty_of one)" ]'
# The old one may still be about to end: then it counts as running.
wait_for 30 eval 'xenconsoled; [ "$(cat "$PARAVANE_RUNDIR/xenconsoled.pid")" != "$old" ]'
wait_for 30 eval '[ -c "$(tty_of one)" ]'
printf 'echo after a restart\n' >"$(tty_of one)"
expect "a restarted xenconsoled takes consoles over" said one '^after a restart'
xl destroy one
xl destroy flood
finish
