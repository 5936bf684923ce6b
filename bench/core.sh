# SPDX-License-Identifier: MIT
# Rows of `make bench` about the hypervisor itself: hypercalls, page tables, user mode, events, boot, memory,
# the store, grants. Sourced by bench/run.

# A domain's process on CPU 1, the control domain's end on CPU 0: as the peers are placed.
place_and_echo() {
	local id pid
	id=$(xl domid "$1")
	pid=$(domain_pid "$1")
	taskset -cp 1 "$pid" >/dev/null
	"$BUILD/bench/echo" "$id" 0 &
	echo_pid=$!
}
echo_stop() {
	kill "$echo_pid" 2>/dev/null || true
	wait "$echo_pid" 2>/dev/null || true
}

# Hypercalls that kernels make often; bench/README says why some cost more than ten null ones.
calls="multicall_entry sched_op_yield evtchn_status evtchn_send_unbound set_timer_op vcpu_op_runstate mmu_update
	update_va_mapping mmuext_invlpg mmuext_tlb_flush grant_query_size memory_maximum_gpfn physdev_set_iopl
	console_io_empty stack_switch set_segment_base get_debugreg set_debugreg fpu_taskswitch"

bench_calls() {
	local i name
	for i in $(seq "$RUNS"); do
		note "hypercalls one by one $i/$RUNS"
		guest calls 32 "bench hypercalls"
		for name in $calls; do
			record "hypercall.${name}_ns" "$(guest_value "hypercall.${name}_ns")"
			record "hypercall.${name}_ns.limit" "$(guest_value hypercall.xen_version_ns)"
		done
	done
	for name in $calls; do
		row "hypercall.${name}_ns" ns "null hypercall, same domain" "" "<= 10, or why"
	done
}

bench_mmu() {
	local i
	for i in $(seq "$RUNS"); do
		note "page tables $i/$RUNS"
		record mmu.pte_update_batched_ns.limit "$("$BUILD/bench/primitives" update)"
		record mmu.fault_ns.limit "$("$BUILD/bench/primitives" fault)"
		record mmu.switch_ns.limit "$("$BUILD/bench/primitives" switch)"
		guest mmu 32 "bench mmu"
		for name in pte_update_batched fault switch; do
			record mmu.${name}_ns "$(guest_value mmu.${name}_ns)"
		done
	done
	row mmu.pte_update_batched_ns ns "host munmap" "" "<= 1.3"
	row mmu.fault_ns ns "host SIGSEGV, mmap, touch" "" "<= 1.3"
	row mmu.switch_ns ns "host munmap, SIGSEGV, mmap, touch" "" "<= 1.3"
}

# Each vCPU's process on a CPU of its own.
place_two() {
	local cpu=0 pid
	for pid in $(vcpu_pids "$1"); do
		taskset -cp $cpu "$pid" >/dev/null
		cpu=1
	done
}

bench_smp() {
	local i during=place_two vcpus=2
	if [ "$(nproc)" -lt 2 ]; then
		echo "bench: smp.ipi_ns takes two CPUs, this machine has one" >&2
		return
	fi
	for i in $(seq "$RUNS"); do
		note "smp $i/$RUNS"
		record smp.ipi_ns.limit "$("$BUILD/bench/primitives" ipi 0 1)"
		guest smp 32 "sleep 1; bench ipi"
		record smp.ipi_ns "$(guest_value smp.ipi_ns)"
	done
	row smp.ipi_ns ns "tgkill there and back, two CPUs" "" "<= 1.3"
}

# The same static program in a domain and under User-mode Linux.
bench_user() {
	local i line initrd=$work/user.cpio program=$BUILD/tests/user/ubench.user names="syscall_ns pagefault_ns
		fork_exit_us fork_exec_us ctxsw_us"
	mkdir -p "$work/user"
	cp "$program" "$work/user/ubench"
	(cd "$work/user" && find . | cpio -o -H newc -R 0:0 2>/dev/null) >"$initrd"
	for i in $(seq "$RUNS"); do
		note "user mode $i/$RUNS"
		guest user 64 "/ubench quick"
		for name in $names; do
			record "user.$name" "$(awk -v m="$name" '$1 == m {print $2}' <<<"$out")"
		done
		command -v linux.uml >/dev/null || continue
		while read -r name line; do
			record "user.$name.peer" "$line"
		done < <("$SRC/bench/uml.sh" "$program" "$work" quick)
	done
	command -v linux.uml >/dev/null ||
		echo "bench: User-mode Linux (package user-mode-linux) is not installed: user.* without a peer" >&2
	for name in $names; do
		row "user.$name" "${name##*_}" "" "the same program under UML" "<= 0.5"
	done
}

bench_hypercalls() {
	local i
	for i in $(seq "$RUNS"); do
		note "hypercalls $i/$RUNS"
		record hypercall.null_ns.limit "$("$BUILD/bench/peers" getppid)"
		record hypercall.bare_syscall_ns.limit "$("$BUILD/bench/peers" trap)"
		guest hypercalls 32 bench
		record hypercall.null_ns "$(guest_value hypercall.null_ns)"
		record hypercall.bare_syscall_ns "$(guest_value hypercall.bare_syscall_ns)"
	done
	row hypercall.null_ns ns "host getppid" "" "<= 0.1"
	row hypercall.bare_syscall_ns ns "seccomp TRAP round trip" "" "<= 1.3"
}

bench_events() {
	local i during=place_and_echo
	for i in $(seq "$RUNS"); do
		note "events $i/$RUNS"
		record evtchn.roundtrip_awake_ns.limit "$("$BUILD/bench/peers" spin 1 0)"
		record evtchn.roundtrip_asleep_ns.limit "$("$BUILD/bench/peers" eventfd 1 0)"
		guest ping 32 "bench ping 20000"
		echo_stop
		record evtchn.roundtrip_awake_ns "$(guest_value evtchn.roundtrip_ns)"
		guest ping 32 "bench ping 1000 1000"
		echo_stop
		record evtchn.roundtrip_asleep_ns "$(guest_value evtchn.roundtrip_ns)"
	done
	row evtchn.roundtrip_awake_ns ns "two processes spinning" "" "<= 4"
	row evtchn.roundtrip_asleep_ns ns "eventfd round trip" "" "<= 1.2"
}

bench_boot() {
	local i ms id
	config boot 64 ""
	for i in $(seq "$RUNS"); do
		note "boot $i/$RUNS"
		record boot.create_to_guest_main_ms.limit "$("$BUILD/bench/peers" forkexec)"
		read -r ms id < <("$BUILD/bench/boot" "$BUILD/toolstack/xl" "$work/boot.cfg")
		record boot.create_to_guest_main_ms "$ms"
		xl destroy "$id"
	done
	row boot.create_to_guest_main_ms ms "fork+exec of a static program" "" "<= 25 ms"
}

# Their PSS, in KiB.
pss() {
	local total=0 p v
	for p in $(our_pids | sort -u); do
		v=$(awk '/^Pss:/ {print $2}' "/proc/$p/smaps_rollup" 2>/dev/null) || v=0
		total=$((total + ${v:-0}))
	done
	echo $total
}
bench_memory() {
	local i before after pid touched
	config mem 64 ""
	for i in $(seq "$RUNS"); do
		note "memory $i/$RUNS"
		sleep 0.3
		before=$(pss)
		xl create -q "$work/mem.cfg"
		sleep 1
		after=$(pss)
		pid=$(domain_pid mem)
		touched=$(($(stat -L -c %b "/proc/$pid/fd/3") / 2))
		record mem.overhead_kib $((after - before - touched))
		record mem.touched_kib $touched
		xl destroy mem
	done
	row mem.overhead_kib KiB "" "" "<= 2048"
}

bench_store() {
	local i n
	for n in 1 8; do
		for i in $(seq "$RUNS"); do
			note "store, $n clients $i/$RUNS"
			record store.ops_per_s.${n}_clients.limit "$("$BUILD/bench/peers" pingpong $n)"
			record store.ops_per_s.${n}_clients "$("$BUILD/bench/store" $n)"
		done
		row store.ops_per_s.${n}_clients 1/s "socket ping-pong of equal size" "" ">= 0.5"
	done
}

# Two domains; the second one copies by grants from the first one's memory, 64 pages in a call, and in turn by itself:
# 1.5 MiB to other 1.5 MiB, so that neither finds everything in the caches of its CPU.
bench_copy_once() {
	local line
	WORK=$work pair_start copyw copyr "mib=1 bench=1"
	for line in $(seq 600); do
		grep -aq '^bench: ' "$(console copyr)" 2>/dev/null && break
		sleep 0.05
	done
	line=$(tr -d '\r' <"$(console copyr)" | grep -a '^bench: ')
	record grant.copy_gbps "$(sed -E 's/.*grant_copy ([0-9]+) MB.*/\1/' <<<"$line" | awk '{print $1 / 1000}')"
	record grant.copy_gbps.limit "$(sed -E 's/.*memcpy ([0-9]+) MB.*/\1/' <<<"$line" | awk '{print $1 / 1000}')"
	sleep 0.5
	xl destroy copyw 2>/dev/null || true
	xl destroy copyr 2>/dev/null || true
	rm -f "$(console copyw)" "$(console copyr)"
}

bench_grants() {
	local i
	. "$SRC/tests/grantlib.sh"
	config lender 32 ""
	xl create -q "$work/lender.cfg"
	for i in $(seq "$RUNS"); do
		note "grants $i/$RUNS"
		record grant.map_unmap_ns "$("$BUILD/bench/grant" "$(xl domid lender)" 300000)"
		record grant.map_unmap_ns.limit "$("$BUILD/bench/peers" getppid)"
		bench_copy_once
	done
	xl destroy lender
	row grant.map_unmap_ns ns "host getppid" "" "no host call"
	row grant.copy_gbps GB/s "memcpy of the same, same guest" "" ">= 0.8"
}

part bench_hypercalls hypercall.null_ns hypercall.bare_syscall_ns
# shellcheck disable=SC2046,SC2086
part bench_calls $(printf 'hypercall.%s_ns ' $calls)
part bench_mmu mmu.pte_update_batched_ns mmu.fault_ns mmu.switch_ns
part bench_smp smp.ipi_ns
part bench_user user.syscall_ns user.pagefault_ns user.fork_exit_us user.fork_exec_us user.ctxsw_us
part bench_events evtchn.roundtrip_awake_ns evtchn.roundtrip_asleep_ns
part bench_boot boot.create_to_guest_main_ms
part bench_memory mem.overhead_kib
part bench_store store.ops_per_s.1_clients store.ops_per_s.8_clients
part bench_grants grant.map_unmap_ns grant.copy_gbps
