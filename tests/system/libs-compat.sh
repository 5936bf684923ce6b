#!/bin/bash
# SPDX-License-Identifier: MIT
# A program built against libxen-dev runs on Paravane by searching our library directory first;
# our libraries have the sonames, the version nodes and the symbols of the distribution's.
. "$(dirname "$0")/../lib.sh"

libs="xencall xenevtchn xengnttab xenforeignmemory"
ours=$WORK/lib
theirs=$(dirname "$(${CC:-gcc} -print-file-name=libxencall.so)")

# Where `make install` puts them: what is there by then is the names with a version.
mkdir "$ours"
for l in $libs; do cp -L "$BUILD/libs/.libs/lib$l.so.1" "$ours/"; done

soname() { readelf -d "$1" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'; }
# name@@NODE of what is defined, and the nodes; ours beyond Xen's are in PARAVANE_*.
symbols() {
	readelf --dyn-syms -W "$1" | awk '$7 != "UND" && $5 == "GLOBAL" || $5 == "WEAK" && $7 != "UND" {print $4, $8}' |
		grep -v PARAVANE_ | sort
}

for l in $libs; do
	case_begin "lib$l has the soname of the distribution's"
	if [ "$(soname "$ours/lib$l.so.1")" = "$(soname "$theirs/lib$l.so")" ]; then pass; else
		fail "$(soname "$ours/lib$l.so.1")"
	fi
	case_begin "lib$l has the symbols of the distribution's"
	symbols "$theirs/lib$l.so" >"$WORK/theirs"
	symbols "$ours/lib$l.so.1" >"$WORK/ours"
	if [ -s "$WORK/theirs" ] && diff "$WORK/theirs" "$WORK/ours" >"$WORK/diff"; then pass; else
		fail "$(cat "$WORK/diff")"
	fi
done

case_begin "a program is built against libxen-dev"
if ${CC:-gcc} -D__XEN_TOOLS__=1 -o "$WORK/compat" "$SRC/tests/system/libs_compat.c" \
	-lxencall -lxenevtchn -lxengnttab -lxenforeignmemory 2>"$WORK/cc"; then pass; else
	fail "$(cat "$WORK/cc")"
fi

# The sanitizers' run time has to come first in programs that load what is built with them.
if readelf -d "$ours/libxencall.so.1" | grep -q 'NEEDED.*lib[au]san'; then
	LD_PRELOAD_SAN=$(${CC:-gcc} -print-file-name=libasan.so)
fi
compat() { LD_PRELOAD=${LD_PRELOAD_SAN:-} LD_LIBRARY_PATH=$ours "$WORK/compat"; }

case_begin "it takes our libraries"
if LD_LIBRARY_PATH=$ours ldd "$WORK/compat" >"$WORK/ldd" && [ "$(grep -c "$ours" "$WORK/ldd")" = 4 ]; then
	pass
else
	fail "$(cat "$WORK/ldd")"
fi

expect_fail "without paravaned it says so" "open: No such file or directory" compat
expect "paravaned starts" paravaned
case_begin "it talks to our machine"
out=$(compat 2>&1)
if [[ $out == "version 4."* ]]; then pass; else fail "$out"; fi
finish
