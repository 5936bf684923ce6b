#!/bin/bash
# SPDX-License-Identifier: MIT
# Boots each ABI test guest and counts what it says.  GUESTS="traps mmu" picks some.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guestlib.sh"

for g in ${GUESTS:-start start-bare hypercall hypercall-bare version multicall traps user events \
		events-bare timers sched vcpu memory mmu grants}; do
	guest_run "$g" "$g" "${EXTRA:-}"
	guest_count "$g"
done
finish
