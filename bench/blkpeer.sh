#!/bin/bash
# SPDX-License-Identifier: MIT
# blkpeer.sh ubd|tcg FILE PROGRAM SCRATCH: another system's guest reads FILE by its paravirtual disk, PROGRAM (bench/blkload)
# being its first process; prints what that prints. ubd: User-mode Linux. tcg: qemu's microvm without KVM, virtio-blk, and
# Debian's cloud kernel, which is fetched as a package into SCRATCH/.. and not installed. Ends with 1 and says why if it
# cannot. At most a minute.
set -euo pipefail
what=$1 file=$2 program=$3 scratch=$4
kernel=$(dirname "$scratch")/cloud-kernel
mkdir -p "$scratch"
fail() { echo "$*" >&2; exit 1; }

. "$(dirname "$0")/newc.sh"

initrd() {
	local m n=10
	newc dev $((8#40755)) 0 0
	newc dev/console $((8#20600)) 5 1
	newc dev/ubda $((8#60600)) 98 0
	newc modules $((8#40755)) 0 0
	for m in "$@"; do
		newc "modules/$n-${m##*/}" $((8#100644)) 0 0 "$m"
		n=$((n + 1))
	done
	newc init $((8#100755)) 0 0 "$program"
	newc 'TRAILER!!!' 0 0 0
}

# Debian's current cloud kernel, unpacked.
fetch() {
	local package
	! ls "$kernel"/boot/vmlinuz-* >/dev/null 2>&1 || return 0
	mkdir -p "$kernel"
	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: //p' | head -1)
	[ -n "$package" ] || fail "apt knows no linux-image-cloud-amd64"
	(cd "$kernel" && timeout 120 apt-get download -q "$package" && dpkg-deb -x ./*.deb . && rm -f ./*.deb) \
		>"$scratch/apt" 2>&1 || fail "cannot get $package: $(tail -1 "$scratch/apt")"
}

case $what in
ubd)
	command -v linux.uml >/dev/null || fail "package user-mode-linux is not installed"
	initrd >"$scratch/initrd"
	timeout -k 5 60 linux.uml mem=128M initrd="$scratch/initrd" rdinit=/init ubda="$file" uml_dir="$scratch/uml/" \
		umid=bench con=null con0=null,fd:1 quiet </dev/null 2>&1 | tr -d '\0\r' >"$scratch/out" || true
	;;
tcg)
	command -v qemu-system-x86_64 >/dev/null || fail "package qemu-system-x86 is not installed"
	fetch
	d=$(echo "$kernel"/lib/modules/*/kernel/drivers)
	initrd "$d"/virtio/virtio_ring.ko "$d"/virtio/virtio.ko "$d"/virtio/virtio_mmio.ko "$d"/block/virtio_blk.ko >"$scratch/initrd"
	# The guest's TSC is the host's; left to measure it, it may hang on a busy host.
	khz=$(awk '/^cpu MHz/ {printf "%d", $4 * 1000; exit}' /proc/cpuinfo)
	timeout -k 5 60 qemu-system-x86_64 -M microvm -cpu max -accel tcg -m 256 -nodefaults -no-reboot -display none \
		-serial stdio -kernel "$kernel"/boot/vmlinuz-* -initrd "$scratch/initrd" \
		-append "console=ttyS0 quiet rdinit=/init reboot=t panic=-1 tsc_early_khz=$khz tsc=reliable no_timer_check" \
		-drive id=d,file="$file",format=raw,if=none,aio=io_uring,cache.direct="${DIRECT:-off}" \
		-device virtio-blk-device,drive=d </dev/null 2>&1 | tr -d '\0\r' >"$scratch/out" || true
	;;
*) fail "usage: blkpeer.sh ubd|tcg FILE PROGRAM SCRATCH" ;;
esac
grep -aE '^[a-z0-9_]+ [0-9.]+$' "$scratch/out" || fail "it measured nothing: $(tail -1 "$scratch/out")"
