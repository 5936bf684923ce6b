#!/bin/bash
# SPDX-License-Identifier: MIT
# What bad input gets from xl create: one line that says what is wrong, a non-zero exit, and
# nothing left behind.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../xllib.sh"
[ -x "$KERNEL" ] || { case_begin "pv-guest"; skip "not built"; finish; }

# bad WHAT PATTERN ARGUMENTS...: create fails, with one line besides the announcement, and leaves nothing.
bad() {
	local what=$1 pattern=$2 out rc
	shift 2
	current=$what
	out=$(timeout 30 xl create "$@" 2>&1 </dev/null)
	rc=$?
	out=$(grep -v '^Parsing config from' <<<"$out")
	if [ $rc -ne 1 ]; then
		fail "exit $rc: $out"
	elif ! grep -Eq -- "$pattern" <<<"$out"; then
		fail "did not say /$pattern/ but: $out"
	elif [ "$(wc -l <<<"$out")" -ne 1 ]; then
		fail "more than a line: $out"
	elif [ -n "$(leftovers)" ]; then
		fail "left behind: $(leftovers | tr '\n' ';')"
	else
		pass
	fi
}
start_daemons
dd if=/dev/zero of="$WORK/disk.img" bs=1M count=1 status=none

printf 'name = "g\nkernel = "x"\n' >"$WORK/syntax.cfg"
bad "malformed configuration" "syntax.cfg:1: " "$WORK/syntax.cfg"
config typo 'memroy = 64'
bad "unknown key" "typo.cfg:4: memroy: unknown key" "$WORK/typo.cfg"
config net 'vif = [ "bridge=xenbr0,speed=10" ]'
bad "a word of an interface that nobody knows" "net.cfg:4: vif: .*speed. is not known" "$WORK/net.cfg"
config fb 'vfb = [ "vnc=1" ]'
bad "a device that is not served" "fb.cfg:4: vfb: there is no framebuffer backend" "$WORK/fb.cfg"
config smp 'vcpus = 33'
bad "too many vcpus" "smp.cfg:4: vcpus: 33" "$WORK/smp.cfg"
bad "no such configuration" "none.cfg: cannot read the configuration: No such file" "$WORK/none.cfg"
head -c 2000000 /dev/urandom >"$WORK/random.cfg"
bad "random bytes as configuration" "random.cfg" "$WORK/random.cfg"
config g
bad "malformed override" "g.cfg" "$WORK/g.cfg" 'memory=a"'
bad "no name" "name: is missing" /dev/null "kernel=\"$KERNEL\""

# What came from the command line is said to.
config cmd
bad "an override with a bad value" "^xl: $WORK/cmd.cfg: command line: .*near .abc'" "$WORK/cmd.cfg" memory=abc
bad "an override out of range" "^xl: $WORK/cmd.cfg: command line: memory: 2 is out of range" "$WORK/cmd.cfg" memory=2
bad "an override beyond the host" "^xl: $WORK/cmd.cfg: command line: memory: 1000000 MiB" "$WORK/cmd.cfg" memory=1000000
bad "an override that names no kernel" "^xl: $WORK/cmd.cfg: command line: kernel: " "$WORK/cmd.cfg" 'kernel="/none"'
bad "an override that names no ramdisk" "^xl: $WORK/cmd.cfg: command line: ramdisk: " "$WORK/cmd.cfg" 'ramdisk="/none"'
bad "an override that names no disk" "^xl: $WORK/cmd.cfg: command line: disk xvda: " "$WORK/cmd.cfg" 'disk=["/none,raw,xvda,w"]'

config d1 "disk = [ '$WORK/nodisk.img,raw,xvda,w' ]"
bad "missing disk" "d1.cfg:4: disk xvda: cannot open $WORK/nodisk.img for writing: No such file" "$WORK/d1.cfg"
config d2 "disk = [ '$WORK,raw,xvda,r' ]"
bad "a directory as disk" "d2.cfg:4: disk xvda: $WORK is neither a file nor a block device" "$WORK/d2.cfg"
: >"$WORK/empty.img"
config d3 "disk = [ '$WORK/empty.img,raw,xvda,w' ]"
bad "an empty disk" "d3.cfg:4: disk xvda: $WORK/empty.img is empty" "$WORK/d3.cfg"
config d4 "disk = [ '$WORK/disk.img,qcow2,xvda,w' ]"
bad "a format that it has not" "disk xvda: the block backend refused .*disk.img: qemu-nbd cannot serve .* as qcow2: .*not in qcow2 format" "$WORK/d4.cfg"
config d5 "disk = [ '/dev/null,raw,xvda,w' ]"
bad "a character device as disk" "neither a file nor a block device" "$WORK/d5.cfg"
if [ "$(id -u)" -ne 0 ]; then
	chmod 000 "$WORK/disk.img"
	config d6 "disk = [ '$WORK/disk.img,raw,xvda,r' ]"
	bad "an unreadable disk" "d6.cfg:4: disk xvda: cannot open .* for reading: Permission denied" "$WORK/d6.cfg"
	chmod 600 "$WORK/disk.img"
fi

config k1 "kernel = '$WORK/nokernel'"
bad "missing kernel" "k1.cfg:4: kernel: .*nokernel.*No such file" "$WORK/k1.cfg"
config k2 "kernel = '$WORK/k2.cfg'"
bad "a text as kernel" "k2.cfg:4: kernel: " "$WORK/k2.cfg"
config k3 "kernel = '/bin/true'"
bad "an ELF file that is no PV kernel" "k3.cfg:4: kernel: " "$WORK/k3.cfg"
config k4 "kernel = '$WORK'"
bad "a directory as kernel" "k4.cfg:4: kernel: " "$WORK/k4.cfg"
head -c 5000 "$KERNEL" >"$WORK/short"
config k5 "kernel = '$WORK/short'"
bad "a kernel cut short" "k5.cfg:4: kernel: " "$WORK/k5.cfg"
# p_filesz of the first program header: more than the file has.
cp "$KERNEL" "$WORK/liar"
phoff=$(od -An -t u8 -j 32 -N 8 "$KERNEL" | tr -d ' ')
printf '\377\377\377\377\377\377\377\177' | dd of="$WORK/liar" bs=1 seek=$((phoff + 32)) conv=notrunc status=none
config k6 "kernel = '$WORK/liar'"
bad "a kernel that lies in its headers" "k6.cfg:4: kernel: " "$WORK/k6.cfg"
config r1 "ramdisk = '$WORK/noramdisk'"
bad "missing ramdisk" "r1.cfg:4: ramdisk: cannot open" "$WORK/r1.cfg"
dd if=/dev/zero of="$WORK/big" bs=1M count=40 status=none
config r2 "ramdisk = '$WORK/big'"
bad "a ramdisk that does not fit" "r2: " "$WORK/r2.cfg"

config m1 'memory = 1000000'
bad "more memory than the host has" "m1.cfg:4: memory: 1000000 MiB is more than the host has free" "$WORK/m1.cfg"
config m2 'memory = 0'
bad "no memory" "m2.cfg:4: memory: 0 is out of range" "$WORK/m2.cfg"

# A name that is used: the other domain does not notice.
config one
expect "a domain" xl create -q "$WORK/one.cfg"
current="a name that is used"
out=$(xl create -q "$WORK/one.cfg" 2>&1)
[ $? -eq 1 ] && grep -q '^xl: one: a domain of this name exists already (id [0-9]*)' <<<"$out" && pass || fail "$out"
config two "uuid = '$(xl vm-list | awk '$3 == "one" { print $1 }')'"
current="a uuid that is used"
out=$(xl create -q "$WORK/two.cfg" 2>&1)
[ $? -eq 1 ] && grep -q '^xl: two: its uuid belongs to domain' <<<"$out" && pass || fail "$out"
expect "the other one still runs" xl domid one
expect "one domain is there" test "$(xl vm-list | wc -l)" -eq 2
expect "and can be destroyed" xl destroy one
nothing_left "nothing is left of them"

# A full disk: the configuration cannot be saved.
config g "# $(head -c 900000 /dev/zero | tr '\0' x)"
current="a file size limit, as a full disk"
out=$(ulimit -f 800; xl create -q "$WORK/g.cfg" 2>&1)
[ $? -eq 1 ] && grep -q '^xl: .*cannot save the configuration' <<<"$out" && pass || fail "$out"
nothing_left "nothing is left of it"
if [ "$(id -u)" -eq 0 ] && mkdir -p "$PARAVANE_RUNDIR/userdata" &&
		mount -t tmpfs -o size=4k,nr_inodes=1 none "$PARAVANE_RUNDIR/userdata" 2>/dev/null; then
	config g
	bad "a full disk" "cannot save the configuration: No space left" "$WORK/g.cfg"
	umount "$PARAVANE_RUNDIR/userdata"
else
	case_begin "a full disk"
	skip "needs root to mount one"
fi

# A backend that is stopped does not hold up creation for ever, and nothing stays.
config d7 "disk = [ '$WORK/disk.img,raw,xvda,w' ]"
expect "a domain with a disk" xl create -q "$WORK/d7.cfg"
config d8 "disk = [ '$WORK/disk.img,raw,xvda,w' ]"
current="a disk that is in use"
out=$(xl create -q "$WORK/d8.cfg" 2>&1)
[ $? -eq 1 ] && grep -q '^xl: disk xvda: the block backend refused' <<<"$out" && pass || fail "it said: $out"
current="a domain that never ran has no console log"
[ ! -e "$PARAVANE_RUNDIR/log/console/guest-d8.log" ] && pass || fail "guest-d8.log is there"
xl destroy d7
pid=$(cat "$PARAVANE_RUNDIR/paravane-blkback.pid")
kill -STOP "$pid"
current="a backend that does not answer"
out=$(timeout 60 xl create -q "$WORK/d7.cfg" 2>&1)
rc=$?
kill -CONT "$pid"
[ $rc -eq 1 ] && grep -q '^xl: d7: the block backend did not answer' <<<"$out" && pass || fail "exit $rc: $out"
nothing_left "nothing is left of it"

# ^C while the backend keeps a creation waiting.
kill -STOP "$pid"
xl create -q "$WORK/d7.cfg" >"$WORK/int.out" 2>&1 &
job=$!
wait_for 30 xl domid d7
sleep 0.3
kill -TERM $job
wait $job
rc=$?
kill -CONT "$pid"
current="an interrupted creation"
[ $rc -eq 1 ] && grep -q '^xl: .*interrupted' "$WORK/int.out" && pass || fail "exit $rc: $(cat "$WORK/int.out")"
nothing_left "nothing is left of it either"
finish
