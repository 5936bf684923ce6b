#!/bin/bash
# SPDX-License-Identifier: MIT
# A directory of the host shared with a guest by 9pfs: both sides see what the other writes, nothing outside of
# it can be reached, a guest's user programs run from it.  What would break: people's files, and the host's secrets.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../guest.sh"

if ! command -v xenstore-read >/dev/null; then
	case_begin "a shared directory"
	skip "xenstore-utils is not installed"
	finish
fi
share=$WORK/share
mkdir -p "$share/sub/deep" "$WORK/outside"
echo 'not for guests' >"$WORK/outside/secret"
head -c 3000000 /dev/urandom >"$share/big"
echo 'from the host' >"$share/note"
ln -s sub/deep "$share/inward"
ln -s "$WORK/outside" "$share/outward"
ln -s ../../../../../../../../etc/passwd "$share/upward"
mkfifo "$share/fifo"
want=$(sha256sum <"$share/big" | cut -d' ' -f1)
for i in $(seq 300); do : >"$share/sub/deep/file-with-a-long-name-$i"; done

cfg() { # P9 LINES: the domain's configuration
	cat >"$WORK/nine.cfg" <<-CFG
		name = "nine"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = 64
		p9 = [ $1 ]
	CFG
}
cfg "\"tag=home,path=$WORK/none\""
expect_fail "a directory that is not there" "nine.cfg:4: p9 home: cannot share $WORK/none: No such file" xl create "$WORK/nine.cfg"
cfg "\"tag=home,path=$share/note\""
expect_fail "a file" 'is not a directory' xl create "$WORK/nine.cfg"
cfg "\"tag=home,path=$share,security_model=mapped\""
expect_fail "a security model that is not served" 'security_model=mapped is not served' xl create "$WORK/nine.cfg"
cfg "\"path=$share\""
expect_fail "no tag" 'tag= must be there' xl create "$WORK/nine.cfg"
cfg "\"tag=home,path=$share\", \"tag=home,path=/\""
expect_fail "a tag twice" 'already another share' xl create "$WORK/nine.cfg"
cfg "\"tag=home,path=$share,colour=red\""
expect_fail "a key that is none" 'unknown key .colour' xl create "$WORK/nine.cfg"

cfg "\"tag=home,path=$share,security_model=none\", \"tag=other,path=$WORK/outside\""
expect "a domain with two shares" xl create -q "$WORK/nine.cfg"
guest nine
wait_for 30 says '^pv#'
expect "a share is mounted by its tag" answers 'mkdir /m /o; mount -t 9p home /m; mount' '^home on /m type 9p'
expect "it is listed with the configuration" eval "xl list -l nine | grep -q '\"tag\": \"other\"'"

# Reading
expect "a file of the host's" answers 'cat /m/note' '^from the host$'
expect "a large one, byte for byte" answers 'sha256sum /m/big' "^$want"
expect "its attributes" answers 'ls -l /m/big' ' 3000000 '
case_begin "a directory larger than what is read at once, each entry once"
got=$(answers 'ls /m/sub/deep' 'file-with-a-long-name' | tr -s ' ' '\n' | grep -c 'name-')
[ "$got" = 300 ] && pass || fail "$got entries of 300"
expect "what the host changes is seen" eval 'echo changed >"$share/note"; answers "cat /m/note" "^changed$"'
expect "and what it adds" eval 'echo new >"$share/added"; answers "cat /m/added" "^new$"'

# Writing
expect "a file is written" answers 'cp /m/big /m/sub/copy; sync; echo written' '^written'
expect_same "the host has it" "$want" "$(sha256sum <"$share/sub/copy" | cut -d' ' -f1)"
expect "appending" answers 'echo one >/m/log; echo two >>/m/log; cat /m/log' '^two$'
expect_same "in the host's file" "one two" "$(xargs <"$share/log")"
expect "directories, links, names" answers 'mkdir /m/d; ln -s note /m/d/l; mv /m/log /m/d/moved; rm /m/added; echo done' '^done'
expect_same "in the host's directory" "l moved" "$(cd "$share/d" && echo *)"
expect_same "a symbolic link" note "$(readlink "$share/d/l")"
expect_fail "what is removed is gone" "" test -e "$share/added"
expect "a directory with something in it stays" answers 'rm /m/d; rmdir /m/d; ls /m/d' '^l'
expect "truncated" answers 'dd if=/dev/zero of=/m/sub/copy bs=1000 count=1; ls -l /m/sub/copy' ' 1000 '

# What is outside
expect "a link that stays inside is followed, by the guest" answers 'ls /m/inward' '^file-with-a-long-name-1$'
expect "a link to the outside leads to the guest's own files" answers 'cat /m/outward/secret; cat /m/upward' 'No such file'
case_begin "nothing of the outside was said"
says '^not for guests' && fail "the guest has read it" || pass
expect "above the top is the guest's own directory" answers 'ls /m/..' '^m/?$'
expect "a FIFO is not opened" answers 'cat /m/fifo' 'Invalid argument'

# The end of it
expect "what is in use is not unmounted" answers 'cd /m; umount /m' '.'
expect "it is unmounted" answers 'cd /; umount /m; mount -t 9p other /o; cat /o/secret' '^not for guests'
expect "mounted once more" answers 'mount -t 9p home /m; cat /m/note' '^changed'
expect "a tag that is none" answers 'mount -t 9p nobody /o' 'No such device'
expect "the same twice" answers 'mkdir /p; mount -t 9p home /p' 'busy'
pid=$(cat "$PARAVANE_RUNDIR/paravane-9pfsd.pid")
fds() { ls "/proc/$pid/fd" | wc -l; }
with=$(fds)
expect "shut down" xl shutdown -w nine
expect "it is gone" wait_for 30 eval '! xl domid nine'
case_begin "the backend keeps none of its descriptors"
wait_for 30 eval '[ "$(fds)" -lt "$with" ]' && pass || fail "$(fds) of $with"
finish
