#!/bin/bash
# SPDX-License-Identifier: MIT
# The manual pages of xl tell what the program does: every command and option, every key; their
# examples run.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../xllib.sh"
page=$SRC/man/xl.1 cfgpage=$SRC/man/xl.cfg.5

for p in "$page" "$cfgpage" "$SRC/man/xl-disk-configuration.5"; do
	case_begin "mandoc lint of ${p##*/}"
	if ! command -v mandoc >/dev/null; then
		skip "no mandoc"
	elif out=$(mandoc -T lint -W warning "$p" 2>&1); then
		pass
	else
		fail "$out"
	fi
done

# The options a command's help lists, and those below its entry in the page.
entry() { awk -v c="$1" '/^\.Ss|^\.Sh/ { on = 0 } /^\.It Ic/ { if (!shared) on = 0; if ($3 == c) on = 1; shared = 1; next }
	{ shared = 0 } on' "$page"; }
for c in $(xl help | awk '/^ / { print $1 }'); do
	case_begin "$c is in xl.1"
	grep -q "^\.It Ic $c\>" "$page" && pass || fail "no entry"
	missing=
	for o in $(xl help "$c" | sed -n 's/^-\([A-Za-z]\)[ ,].*/\1/p'); do
		entry "$c" | grep -Eq "^\.It (.* )?Fl $o\>|^\.It .*Fl [A-Za-z , Fl]*\<$o\>" || missing="$missing -$o"
	done
	case_begin "options of $c are in xl.1"
	[ -z "$missing" ] && pass || fail "missing:$missing"
done

case_begin "every key is in xl.cfg.5"
missing=
for k in $(grep -oE '\{"[a-z0-9_]+",' "$SRC/toolstack/lib/cfg_keys.c" | tr -d '{",'); do
	grep -Eq "^\.(It )?Cm (.* )?$k( |\$)" "$cfgpage" || missing="$missing $k"
done
[ -z "$missing" ] && pass || fail "missing:$missing"

# Literal examples: lines that begin with $ are typed, configurations are checked by a dry run.
[ -x "$KERNEL" ] || { case_begin "examples"; skip "pv-guest is not built"; finish; }
cd "$WORK" || exit 1
export KERNEL
while IFS= read -r line; do
	case $line in *"shutdown -w web"*) wait_for 30 log_says web 'guest main reached' ;; esac
	expect "xl.1: ${line}" bash -c "$line"
done < <(sed -n 's/^\$ //p' "$page" | sed 's/\\e/\\/g')
nothing_left "nothing is left of the examples"
awk '/^# [a-z]*\.cfg$/ { f = $2 } /^\.Ed/ { f = "" } f { print > f }' "$cfgpage"
for f in web.cfg words.cfg; do
	expect "xl.cfg.5: $f" xl create -n "$f"
done

# Disks: the page's examples, every format it names, and what it says is refused, by name.
diskpage=$SRC/man/xl-disk-configuration.5
awk '/^# [a-z]*\.cfg$/ { f = $2 } /^\.Ed/ { f = "" } f { print > f }' "$diskpage"
for f in same.cfg formats.cfg servers.cfg; do
	expect "xl-disk-configuration.5: $f" xl create -n "$f"
done
disk() { # SPEC
	printf 'name = "d"\nkernel = "%s"\ndisk = [ "%s" ]\n' "$KERNEL" "$1" >d.cfg
	xl create -n d.cfg
}
for f in $(sed -n '/^\.It Cm format=/,/^All but raw/p' "$diskpage" | sed -n 's/^\.Cm \([a-z0-9]*\).*/\1/p'); do
	expect "format $f is taken, and shown" eval "disk 'format=$f,vdev=xvda,target=/d' | grep -q '\"format\": \"$f\"'"
done
while read -r word; do
	expect_fail "$word is refused by its name" "${word%%=*}" disk "$word,vdev=xvda,target=/d"
done <<-END
	backendtype=standalone
	backendtype=tap
	backendtype=phy,format=qcow2
	script=block-iscsi
	specification=virtio
	backend=other
	colo,colo-host=h,colo-port=1,colo-export=e,active-disk=/a,hidden-disk=/h
	format=zebra
	access=x
	devtype=floppy
END
finish
