#!/bin/bash
# SPDX-License-Identifier: MIT
# User mode of the guest kernel in real domains: the distribution's static busybox as shell and tools,
# and a program for each way into the kernel. What would break: every process of every guest.
. "${BASH_SOURCE[0]%/*}/../lib.sh"

console() { tr -d '\r' <"$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { console "$1" | grep -aqE -- "$2"; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }
no_user_mode() { grep -q 'this platform runs kernel mode only' "$PARAVANE_RUNDIR/log/paravaned.log"; }

# The initrd: busybox, our programs, a script.
make_initrd() {
	mkdir -p "$WORK/rd/bin" "$WORK/rd/tmp" "$WORK/rd/proc"
	cp "$(command -v busybox)" "$WORK/rd/bin/" || return 1
	local f
	for f in "$BUILD"/tests/user/*.user; do
		cp "$f" "$WORK/rd/bin/$(basename "$f" .user)"
	done
	cat >"$WORK/rd/tools.sh" <<-'SH'
		echo one two | tr a-z A-Z | sed 's/TWO/three/'
		seq 1 1000 | sort -n | tail -1
		(exit 7); echo "status $?"
		sleep 60 & pid=$!; kill $pid; wait $pid; echo "killed $?"
		trap 'echo caught' USR1; kill -USR1 $$
		i=0; while [ $i -lt 300 ]; do sleep 1 & i=$((i+1)); done 2>/dev/null
		wait; echo "after the bomb"
		head -c 1000000 /dev/zero | md5sum
		yes | head -1
		cat /proc/self/comm
		ps | grep -c busybox
	SH
	(cd "$WORK/rd" && find . | cpio -o -H newc -R 0:0 2>/dev/null) >"$WORK/initrd.cpio"
}

# start NAME VCPUS EXTRA
start() {
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		type = "pv"
		kernel = "$BUILD/pv-guest/pv-guest"
		ramdisk = "$WORK/initrd.cpio"
		memory = 128
		vcpus = $2
		on_crash = "destroy"
		extra = "$3"
	CFG
	xl create -q "$WORK/$1.cfg"
}

case_begin "an initrd with busybox"
if make_initrd; then pass; else skip "no static busybox"; finish; fi

start probe 1 "script='exec /bin/busybox true; echo probe \$?' init=poweroff" >/dev/null 2>&1
wait_for 60 gone probe
case_begin "user mode"
if no_user_mode; then skip "this hypervisor runs kernel mode only"; finish; fi
if says probe '^probe 0'; then pass; else fail "$(console probe | tail -5)"; fi

expect "programs for each entry run" start entries 1 \
	"script='bin/syscall; bin/fault; bin/int80; bin/sysenter; bin/breakpoint; bin/step; bin/bases; bin/fpu; bin/kernel; bin/preempt' init=poweroff"
wait_for 180 gone entries
for name in syscall fault int80 sysenter breakpoint step bases fpu kernel preempt; do
	case_begin "user program $name"
	if says entries "^user $name: ok"; then pass; else fail "$(console entries | grep -a "$name" | head -5)"; fi
done

expect "busybox runs a script" start tools 1 "script='exec /bin/busybox sh /tools.sh; echo ended \$?' init=poweroff"
wait_for 180 gone tools
while IFS='|' read -r what pattern; do
	case_begin "$what"
	if says tools "$pattern"; then pass; else fail "no /$pattern/: $(console tools | tail -12)"; fi
done <<-'END'
	a pipeline of three|^ONE three$
	sort of what seq says|^1000$
	an exit status|^status 7$
	kill and wait|^killed 143$
	a signal handler|^caught$
	more forks than there is room for, and life after it|^after the bomb$
	a megabyte through a pipe|^879f4bba57ed37c9ec5e5aedf9864698
	SIGPIPE ends a writer|^y$
	the script ends well|^ended 0$
END

# By what name busybox runs its tools is its own affair: here as there.
case_begin "/proc/self"
comm=$(busybox sh -c 'cat /proc/self/comm; true')
if says tools "^$comm\$"; then pass; else fail "no /^$comm$/: $(console tools | tail -12)"; fi

expect "init= makes a program the first process" start first 1 "init=/bin/syscall"
wait_for 60 gone first
case_begin "and its end ends the domain"
if says first '/bin/syscall ended with status 0'; then pass; else fail "$(console first | tail -5)"; fi

finish
