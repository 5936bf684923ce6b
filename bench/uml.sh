#!/bin/bash
# SPDX-License-Identifier: MIT
# uml.sh PROGRAM SCRATCH [ARGUMENT]: runs a static program as the first process of User-mode Linux
# (Debian's user-mode-linux), pinned to one CPU, which is its best case, and prints what the program prints.
# The initramfs is written here, as it needs a device node that only root could make: /dev/console,
# without which the program has no output. Ends with 1 if nothing came within UML_SECONDS (120).
set -euo pipefail
program=$1 scratch=$2 argument=${3:-}

. "$(dirname "$0")/newc.sh"

{
	newc dev $((8#40755)) 0 0
	newc dev/console $((8#20600)) 5 1
	newc init $((8#100755)) 0 0 "$program"
	newc 'TRAILER!!!' 0 0 0
} >"$scratch/uml.cpio"

# Output by a pipe: a UML console cannot be a file. When init ends, the kernel panics, and that is its end.
{
	timeout -k 5 "${UML_SECONDS:-120}" taskset -c 1 linux.uml mem=64M initrd="$scratch/uml.cpio" rdinit=/init \
		uml_dir="$scratch/uml/" umid=bench con=null con0=null,fd:1 quiet ${argument:+-- "$argument"} \
		</dev/null | tr -d '\0\r' >"$scratch/uml.out" || true
} 2>/dev/null
grep -aE '^[a-z_]+ [0-9.]+$' "$scratch/uml.out"
