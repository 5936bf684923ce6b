#!/bin/bash
# SPDX-License-Identifier: MIT
# Every manual page is clean, installed by make install, and the commands in its examples run as typed
# (xl's own pages are tested by xl-man.sh).
. "$(dirname "$0")/../lib.sh"
KERNEL=$BUILD/pv-guest/pv-guest
export KERNEL
cd "$WORK" || exit 1

for page in "$SRC"/man/*.[0-9]; do
	name=$(basename "$page")
	case_begin "$name: mandoc finds no fault"
	if out=$(mandoc -T lint -W warning "$page" 2>&1); then pass; else fail "$out"; fi
	case_begin "$name: is installed"
	grep -Eq "^dist_man_MANS.* man/$name( |\$)" "$SRC"/*/local.mk && pass || fail "not in dist_man_MANS"
done

case_begin "paravane-hypercalls.7, made from the hypercall table: mandoc finds no fault"
if out=$(mandoc -T lint -W warning "$BUILD/hypercalls/paravane-hypercalls.7" 2>&1); then pass; else fail "$out"; fi

# All examples of a page are one shell session; each must end within a minute.
examples() { sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" | sed -n 's/^\(\.Dl \)\{0,1\}\$ //p' | sed 's/\\e/\\/g'; }
for name in paravane.7 paravaned.8; do
	case_begin "$name: its examples run"
	if out=$(HOME=$WORK timeout 60 bash -ec "$(examples "$SRC/man/$name")" 2>&1); then
		pass
	else
		fail "$out"
	fi
done

expect "daemons for the examples of others" xl list
for name in xenstored.8 paravane-blkback.8 paravane-netback.8 paravane-9pfsd.8; do
	case_begin "$name: its examples run"
	session=$(examples "$SRC/man/$name")
	# A watch ends when a domain does.
	[[ $session != *@releaseDomain* ]] || session="(sleep 1; xl destroy w) & $session"
	truncate -s 1M w.img
	printf 'name = "w"\nkernel = "%s"\nmemory = 32\ndisk = [ "%s,raw,xvda,r" ]\nvif = [ "bridge=lan" ]\n' "$KERNEL" "$WORK/w.img" >w.cfg
	xl create -q w.cfg >/dev/null 2>&1
	if out=$(timeout 60 bash -ec "$session" 2>&1); then pass; else fail "$out"; fi
	xl destroy w >/dev/null 2>&1
done
case_begin "xenconsoled.8: its examples run"
pid=$(cat "$PARAVANE_RUNDIR/xenconsoled.pid")
kill "$pid"
wait_for 30 test ! -d "/proc/$pid"
if out=$(timeout 30 bash -ec "$(examples "$SRC/man/xenconsoled.8")" 2>&1); then pass; else fail "$out"; fi
finish
