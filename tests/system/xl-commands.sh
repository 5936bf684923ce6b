#!/bin/bash
# SPDX-License-Identifier: MIT
# The commands of xl as a person types them, on a guest that lives: outputs, columns, exit codes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../xllib.sh"
[ -x "$KERNEL" ] || { case_begin "pv-guest"; skip "not built"; finish; }

# status N COMMAND...: one case, passes if the command exits N.
status() {
	current=$1
	local want=$2 rc
	shift 2
	"$@" >"$WORK/out" 2>&1 </dev/null
	rc=$?
	[ $rc -eq "$want" ] && pass || fail "\`$*' exited $rc, not $want: $(head -3 "$WORK/out")"
}
# says WHAT PATTERN COMMAND...: one case, passes if the output has a line like that.
says() {
	current=$1
	local pattern=$2 out
	shift 2
	out=$("$@" 2>&1 </dev/null)
	grep -Eq -- "$pattern" <<<"$out" && pass || fail "\`$*' did not say /$pattern/ but: $(head -5 <<<"$out")"
}

# Usage, before anything runs.
status "no command is a failure" 1 xl
status "help succeeds" 0 xl help
says "help lists create" '^ create +Create a domain' xl help
says "help of a command" '^Usage: xl \[-vN\] create <ConfigFile>' xl help create
for c in $(xl help | awk '/^ / { print $1 }'); do
	says "-h works for $c" "^Usage: xl \[-vN?\] $c" xl "$c" -h
done
status "unknown command" 1 xl frobnicate
says "unknown command says so" 'frobnicate: unknown command' xl frobnicate
says "ambiguous prefix" 'ambiguous' xl d
status "bad option is usage" 2 xl list --frob
status "missing argument is usage" 2 xl destroy
status "-N where there is no dry run" 1 xl -N pause x
[ -e "$PARAVANE_RUNDIR/paravaned.pid" ] && { case_begin "usage starts no daemon"; fail "it did"; } \
	|| pass "usage starts no daemon"

# Dry run: JSON, no daemon.
config g 'extra = "script=sleep"'
says "dry run prints JSON" '"name": "g"' xl create -n "$WORK/g.cfg"
says "global dry run too" '"domid": null' xl -N create "$WORK/g.cfg"
says "overrides win" '"target_memkb": 49152' xl create -n "$WORK/g.cfg" memory=48
says "parsing is announced" "^Parsing config from $WORK/g.cfg" xl create -n "$WORK/g.cfg"
current="quiet is quiet"
[ -z "$(xl create -q -n "$WORK/g.cfg" 2>&1 >/dev/null)" ] && pass || fail "it spoke"

# A guest that waits in its shell.
dd if=/dev/zero of="$WORK/disk.img" bs=1M count=4 status=none
config g "disk = [ '$WORK/disk.img,raw,xvda,w' ]"
status "create" 0 xl create "$WORK/g.cfg"
current="the guest reaches its main"
wait_for 30 log_says g 'guest main reached' && pass || fail "$(guest_log g | tail -3)"
says "list has the header" '^Name                                        ID   Mem VCPUs	State	Time\(s\)$' xl list
says "list shows Domain-0" '^Domain-0                                     0 +[0-9]+ +[0-9]+     r-----' xl list
says "list shows the guest" '^g                                            1    32     1     [-r][-b]----  +[0-9]+\.[0-9]$' xl list
says "list by name" '^g ' xl list g
says "list by id" '^g ' xl list 1
says "a beginning of a command" '^g ' xl li g
status "list of nobody" 1 xl list nobody
says "list of nobody says so" 'nobody: invalid domain identifier' xl list nobody
says "list -v has the uuid" '^g .* [0-9a-f]{8}-[0-9a-f]{4}-.* +- +-$' xl list -v
says "list -n has the nodes" '^g .* +[0-9]+\.[0-9] all$' xl list -n
for c in list uptime vcpu-list block-list network-list; do
	current="$c of nobody is an error without a table"
	out=$(xl $c nobody 2>/dev/null)
	[ $? -eq 1 ] && [ -z "$out" ] && pass || fail "it said: $out"
done
current="sched-credit2 of nobody is an error without a table"
out=$(xl sched-credit2 -d nobody 2>/dev/null)
[ $? -eq 1 ] && [ -z "$out" ] && pass || fail "it said: $out"
says "list -c has the pool" 'Pool-0$' xl list -c
status "list -l is JSON" 0 bash -c 'xl list -l | python3 -c "
import json, sys
l = json.load(sys.stdin)
assert [d[\"domid\"] for d in l] == [0, 1], l
assert l[1][\"config\"][\"c_info\"][\"name\"] == \"g\"
assert l[1][\"config\"][\"b_info\"][\"target_memkb\"] == 32768
assert l[1][\"config\"][\"disks\"][0][\"vdev\"] == \"xvda\""'
says "list -l with one domain is an array" '^\[' xl list -l g
says "domid" '^1$' xl domid g
says "domname" '^g$' xl domname 1
status "domid of nobody" 1 xl domid nobody
status "domname of nobody" 1 xl domname 77
status "domname of a word" 1 xl domname g
says "vm-list" '^[0-9a-f-]{36}  1    g ' xl vm-list
says "uptime" '^g +1  0:00:[0-9]{2}$' xl uptime
says "uptime -s" '^ [0-9]{2}:[0-9]{2}:[0-9]{2} up +0:00, g \(1\)$' xl uptime -s g
says "vcpu-list header" '^Name                                ID  VCPU   CPU State   Time\(s\) Affinity \(Hard / Soft\)$' xl vcpu-list
says "vcpu-list row" '^g +1     0 +[0-9]+   [-r][-b]- +[0-9]+\.[0-9]  all / all$' xl vcpu-list g
says "block-list header" '^Vdev  BE  handle state evt-ch ring-ref BE-path  ' xl block-list g
says "block-list row" '^51712 0 +1 +[0-9]+ .*/local/domain/0/backend/vbd/1/51712' xl block-list g
says "network-list is empty" '^Idx BE' xl network-list g
says "sched-credit2" '^g +1    256    0$' xl sched-credit2
says "info has Xen's version" '^xen_version            : 4\.17' xl info
says "info FIELD is the value" '^xen-3.0-x86_64' xl info xen_caps
says "info virt_caps" '^pv' xl info virt_caps
status "info of no field" 1 xl info frob
says "info order" '^host' bash -c 'xl info | head -1'
says "info ends as Xen's" '^xend_config_format     : 4' bash -c 'xl info | tail -1'
status "dmesg" 0 xl dmesg
says "dmesg has the machine" 'Paravane' xl dmesg

status "pause" 0 xl pause g
says "it is paused" '^g .*  --p---' xl list
status "unpause" 0 xl unpause g
says "it runs again" '^g .*  [r-][b-]----' xl list
status "rename" 0 xl rename g h
says "the new name" '^1$' xl domid h
status "the old one is gone" 1 xl domid g
status "rename to a number" 1 xl rename h 12
status "rename to a name that is used" 1 xl rename h Domain-0
status "rename back" 0 xl rename h g
status "sysrq is one letter" 1 xl sysrq g hh
status "mem-set" 0 xl mem-set g 24
says "mem-set writes the target" '^24576$' xenstore-read /local/domain/1/memory/target
status "mem-set beyond the maximum" 1 xl mem-set g 64
status "mem-max" 0 xl mem-max g 28
says "mem-max beyond what it was made with" 'beyond the maxmem' xl mem-max g 40
status "mem-max of nonsense" 1 xl mem-max g lots

# The console, by a pipe and by a terminal.
current="console by a pipe"
console_echoes g && pass || fail "it said: $(cat "$WORK/g.out")"
current="console detaches with Ctrl-]"
out=$( (sleep 0.5; printf '\035') | timeout 30 script -qec "xl console g" /dev/null 2>&1)
[ $? -eq 0 ] && pass || fail "script ended with $?: $out"
status "console of nobody" 1 xl console nobody
status "console of another type" 2 xl console -t serial g

status "domain 0 is not destroyed" 1 xl destroy 0
status "nor told to shut down" 1 xl shutdown 0
status "shutdown without a domain is usage" 2 xl shutdown
says "shutdown -w waits" 'Domain 1 has been shut down, reason code 0|Domain 1 has been destroyed' xl shutdown -w g
nothing_left "nothing is left after shutdown"

status "create paused" 0 xl create -p "$WORK/g.cfg"
says "it is paused and has run nothing" '^g +[0-9]+    32     1     --p---       0\.0$' xl list g
status "destroy" 0 xl destroy g
nothing_left "nothing is left after destroy"
status "shutdown -a of nobody" 0 xl shutdown -a -w
current="create -c shows the console until the guest ends"
out=$(timeout 30 xl create -c "$WORK/g.cfg" 'extra="script=/none init=halt"' 2>&1 < <(sleep 1; echo poweroff; sleep 5))
grep -q 'guest main reached' <<<"$out" && pass || fail "it said: $out"
nothing_left "nothing is left after create -c"
status "create without a monitor" 0 xl create -e "$WORK/g.cfg"
status "destroy without a monitor" 0 xl destroy g
nothing_left "nothing is left without a monitor"
finish
