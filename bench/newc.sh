# SPDX-License-Identifier: MIT
# An initramfs (cpio, newc) written by hand: it may hold device nodes, which only root can make elsewhere.
# newc NAME MODE MAJOR MINOR [FILE]: one entry of a cpio archive.
ino=0
newc() {
	local size=0
	[ -z "${5:-}" ] || size=$(stat -c %s "$5")
	ino=$((ino + 1))
	printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\0' $ino "$2" 0 0 1 0 "$size" 0 0 \
		"$3" "$4" $((${#1} + 1)) 0 "$1"
	pad $((110 + ${#1} + 1))
	[ -z "${5:-}" ] || cat "$5"
	pad "$size"
}
pad() { head -c $((-$1 & 3)) /dev/zero; }
