#!/bin/bash
# SPDX-License-Identifier: MIT
# Disks that come and go while their domain runs: xl block-attach and block-detach, what the guest sees
# of it, a disk that is in use, and what a restarted domain has.  What would break: people's data,
# and domains that lose a disk by a restart.
. "${BASH_SOURCE[0]%/*}/../lib.sh"

console() { tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-hot.log"; }
says() { console | grep -aqE -- "$1"; }
typed() { # LINE: to the guest's shell
	printf '%s\r' "$1" >"$(xenstore-read "/local/domain/$(xl domid hot)/console/tty")"
}
# answers LINE PATTERN: what is typed has an answer, within ten seconds.
answers() {
	local mark="mark$RANDOM$RANDOM"
	typed "$1; echo $mark-end"
	wait_for 30 says "^$mark-end"
	console | sed "1,/echo $mark-end/d" | grep -aE -- "$2"
}
if ! command -v xenstore-read >/dev/null; then
	case_begin "disks of a running domain"
	skip "xenstore-utils is not installed"
	finish
fi

head -c 3000000 /dev/urandom >"$WORK/data"
mkdir "$WORK/tree" && cp "$WORK/data" "$WORK/tree/data"
want=$(sha256sum <"$WORK/data" | cut -d' ' -f1)
spec() { echo "format=raw, vdev=$1, access=rw, target=$odd"; }
odd="$WORK/a, \"b\" \\ c.img"	# what a name may have in it
for f in root.img "${odd##*/}"; do
	mke2fs -q -F -t ext2 -d "$WORK/tree" "$WORK/$f" 16M >/dev/null 2>&1
done
cat >"$WORK/hot.cfg" <<-CFG
	name = "hot"
	kernel = "$BUILD/pv-guest/pv-guest"
	memory = 32
	disk = [ "$WORK/root.img,raw,xvda,r" ]
CFG
expect "a domain runs" xl create -q "$WORK/hot.cfg"
wait_for 30 says '^pv#'
disks() { xl block-list hot | awk 'NR > 1 { print $1 }' | xargs; }

expect "a disk is attached" xl block-attach hot "$(spec xvdb)"
case_begin "block-list has it"
[ "$(disks)" = "51712 51728" ] && pass || fail "$(disks)"
expect "the guest has it" wait_for 30 answers lsblk '^xvdb '
expect "and reads what the host wrote" answers 'mkdir /m; mount /dev/xvdb /m; sha256sum /m/data' "^$want"
expect "and writes" answers 'cp /m/data /m/copy; sync; echo written' '^written'
expect_fail "the same device twice" 'xvdb.* is already another disk' xl block-attach hot "$WORK/root.img,raw,xvdb,r"
expect_fail "the same image twice" 'in use|already|lock' xl block-attach hot "$(spec xvdc)"
case_begin "leaves nothing"
[ "$(disks)" = "51712 51728" ] && pass || fail "$(disks)"
expect_fail "an image that is not there" 'cannot open' xl block-attach hot "$WORK/none,raw,xvdc,w"
expect_fail "words that are no disk" 'block-attach: disk' xl block-attach hot 'format=zebra,vdev=xvdc,target=/x'
expect_fail "a disk that it has not" 'not connected' xl block-detach hot xvdx
expect_fail "a name that is none" 'not a device name' xl block-detach hot zebra
expect_fail "a domain that is none" 'no such domain' xl block-attach nobody "$(spec xvdc)"

expect "what a restart would have is kept" eval 'xl list -l hot | grep -A4 disks | grep -q root.img && xl list -l hot | grep -q "\"vdev\": \"xvdb\""'
case_begin "with the name as it is"
xl list -l hot | python3 -c 'import json, sys; d = json.load(sys.stdin); d = d[0] if isinstance(d, list) else d
sys.exit(d["config"]["disks"][1]["pdev_path"] != sys.argv[1])' "$odd" && pass || fail "$(xl list -l hot | grep pdev)"

expect_fail "a disk that is mounted is not let go" 'does not let go' xl block-detach hot xvdb
expect "it serves on" answers 'sha256sum /m/copy' "^$want"
expect "unmounted it closes" answers 'umount /m; sleep 1; lsblk; echo umounted' '^umounted'
expect "and is detached" xl block-detach hot xvdb
case_begin "the host has what the guest wrote"
[ "$(debugfs -R 'cat /copy' "$odd" 2>/dev/null | sha256sum | cut -d' ' -f1)" = "$want" ] && e2fsck -fn "$odd" >/dev/null 2>&1 &&
	pass || fail "$(e2fsck -fn "$odd" 2>&1 | tail -3)"
case_begin "block-list has it no more"
[ "$(disks)" = 51712 ] && pass || fail "$(disks)"
expect "nor has the guest" eval '! answers lsblk "^xvdb "'

expect "the same device comes again, by its number" xl block-attach hot "$(spec xvdb)"
expect "and the guest has it again" wait_for 30 answers lsblk '^xvdb '
expect "mounted" answers 'mount /dev/xvdb /m; sha256sum /m/copy' "^$want"
expect "by force it goes while it is in use" xl block-detach --force hot 51728
expect "what uses it has an error" answers 'cp /m/data /dev/null; sha256sum /m/copy; echo tried' 'error|Error|No such device|^tried'
expect "and the guest lives" answers 'echo alive' '^alive'
expect "its image is free" xl block-attach hot "$(spec xvdc)"
case_begin "fifty times in and out"
n=0
while [ $n -lt 50 ] && xl block-detach hot xvdc && xl block-attach hot "$(spec xvdc)"; do n=$((n + 1)); done
[ $n = 50 ] && pass || fail "$n times: $(disks)"
expect "the guest has the last one" wait_for 30 answers lsblk '^xvdc '
case_begin "the saved text has not grown with each"
size=$(stat -c %s "$PARAVANE_RUNDIR"/userdata/d.*.xl)
[ "$size" -lt 2000 ] && pass || fail "$size bytes"
case_begin "and lost no page, but to the one that was taken by force"
[ "$(console | grep -ac 'pages are lost')" -le 1 ] && pass || fail "$(console | grep -ac 'pages are lost') times"
expect "a restarted domain" eval 'id=$(xl domid hot) && xl reboot hot && wait_for 30 eval "[ \"\$(xl domid hot 2>/dev/null)\" != $id ] && xl domid hot"'
case_begin "has the disks that it had"
wait_for 30 eval '[ "$(disks)" = "51712 51744" ]' && pass || fail "$(disks)"
finish
