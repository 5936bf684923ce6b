# SPDX-License-Identifier: MIT
# The guest kernel. Compiled freestanding into one archive, linked twice: the names of the first
# link's functions become the symbol table of the second.
include pv-guest/fs.mk
include pv-guest/net.mk

GUEST_CORE_SOURCES = \
	pv-guest/boot/cmdline.c pv-guest/boot/entry.S pv-guest/boot/start.c \
	pv-guest/mm/buddy.c pv-guest/mm/direct_map.c pv-guest/mm/frames.c pv-guest/mm/kmalloc.c \
	pv-guest/mm/page_alloc.c pv-guest/mm/page_table.c pv-guest/mm/probe.S pv-guest/mm/probe_copy.c \
	pv-guest/mm/vmap.c \
	pv-guest/kernel/clock.c pv-guest/kernel/initcall.c pv-guest/kernel/mutex.c \
	pv-guest/kernel/panic.c pv-guest/kernel/printk.c pv-guest/kernel/sched.c \
	pv-guest/kernel/spinlock.c pv-guest/kernel/switch.S pv-guest/kernel/symbols.c \
	pv-guest/kernel/thread.c pv-guest/kernel/timer.c pv-guest/kernel/trap_entry.S \
	pv-guest/kernel/traps.c pv-guest/kernel/vcpu.c pv-guest/kernel/wait.c \
	pv-guest/smp/balloon.c pv-guest/smp/stress.c pv-guest/smp/stress_balloon.c pv-guest/smp/stress_clock.c \
	pv-guest/smp/stress_ipi.c pv-guest/smp/stress_lock.c pv-guest/smp/stress_tlb.c \
	pv-guest/smp/boot.c pv-guest/smp/entry.S pv-guest/smp/hotplug.c pv-guest/smp/ipi.c \
	pv-guest/mm/pt_pool.c pv-guest/mm/user_page.c pv-guest/kernel/random.c \
	pv-guest/proc/elf.c pv-guest/proc/exec.c pv-guest/proc/exit.c pv-guest/proc/fault.c \
	pv-guest/proc/filemap.c pv-guest/proc/fork.c pv-guest/proc/fpu.c pv-guest/proc/mm.c \
	pv-guest/proc/proc.c pv-guest/proc/procfs.c pv-guest/proc/sigframe.c pv-guest/proc/signal.c pv-guest/proc/spawn.c \
	pv-guest/proc/switch.c pv-guest/proc/user_table.c pv-guest/proc/usercopy.c \
	pv-guest/proc/usertrap.c pv-guest/proc/vma.c \
	pv-guest/syscall/entry.c pv-guest/syscall/fd.c pv-guest/syscall/io.c \
	pv-guest/syscall/mem.c pv-guest/syscall/misc.c pv-guest/syscall/path.c \
	pv-guest/syscall/pipe.c pv-guest/syscall/poll.c pv-guest/syscall/proc.c \
	pv-guest/syscall/sig.c pv-guest/syscall/stat.c pv-guest/syscall/table.c \
	pv-guest/syscall/time.c pv-guest/syscall/tty.c pv-guest/syscall/vfs_ofile.c \
	pv-guest/events/evtchn.c pv-guest/events/grant.c pv-guest/events/upcall.c \
	pv-guest/drivers/console.c pv-guest/drivers/console_hv.c pv-guest/drivers/console_ring.c \
	pv-guest/drivers/control.c pv-guest/drivers/line_edit.c pv-guest/drivers/xenbus.c \
	pv-guest/drivers/xenstore.c pv-guest/drivers/xenstore_ops.c \
	pv-guest/drivers/xenstore_ring.c pv-guest/drivers/xenstore_watch.c \
	pv-guest/lib/datetime.c pv-guest/lib/percentiles.c pv-guest/lib/printf.c pv-guest/lib/string.c pv-guest/lib/text.c \
	pv-guest/shell/bench_hypercalls.c pv-guest/shell/bench_ipi.c pv-guest/shell/bench_mmu.c \
	pv-guest/shell/cmd_basic.c pv-guest/shell/cmd_bench.c pv-guest/shell/cmd_selftest.c \
	pv-guest/shell/cmd_system.c \
	pv-guest/shell/cmd_trap.c pv-guest/shell/cmd_xenstore.c pv-guest/shell/main.c \
	pv-guest/shell/parse.c pv-guest/shell/run.c pv-guest/shell/trap_probe.S

GUEST_CPPFLAGS = -I$(top_srcdir)/pv-guest/include -I$(top_srcdir)/include -D__XEN_INTERFACE_VERSION__=0x00040e00
GUEST_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -ffreestanding -fno-stack-protector -mno-red-zone \
	-mcmodel=small -mgeneral-regs-only -fno-pic -fno-pie -fno-common -fno-strict-aliasing \
	-fno-omit-frame-pointer -fno-optimize-sibling-calls -fcf-protection=none \
	-fno-asynchronous-unwind-tables

noinst_LIBRARIES += pv-guest/libpv-guest.a
pv_guest_libpv_guest_a_SOURCES = $(GUEST_CORE_SOURCES) $(GUEST_FS_SOURCES) $(GUEST_NET_SOURCES)
pv_guest_libpv_guest_a_CPPFLAGS = $(GUEST_CPPFLAGS)
pv_guest_libpv_guest_a_CFLAGS = $(GUEST_CFLAGS)
pv_guest_libpv_guest_a_CCASFLAGS = $(GUEST_CPPFLAGS)

noinst_HEADERS += pv-guest/include/pv/boot.h pv-guest/include/pv/console.h \
	pv-guest/include/pv/console_internal.h pv-guest/include/pv/cpu.h \
	pv-guest/include/pv/errno.h pv-guest/include/pv/event.h \
	pv-guest/include/pv/event_internal.h pv-guest/include/pv/grant.h \
	pv-guest/include/pv/hypercall.h pv-guest/include/pv/init.h pv-guest/include/pv/list.h \
	pv-guest/include/pv/mm.h pv-guest/include/pv/mm_internal.h pv-guest/include/pv/percentiles.h \
	pv-guest/include/pv/printk.h \
	pv-guest/include/pv/shell.h pv-guest/include/pv/shell_internal.h \
	pv-guest/include/pv/string.h pv-guest/include/pv/thread.h \
	pv-guest/include/pv/thread_struct.h pv-guest/include/pv/time.h pv-guest/include/pv/trap.h \
	pv-guest/include/pv/types.h pv-guest/include/pv/xenbus.h \
	pv-guest/include/pv/xenstore_internal.h pv-guest/include/pv/elf.h \
	pv-guest/include/pv/proc.h pv-guest/include/pv/signal.h pv-guest/include/pv/balloon.h pv-guest/shell/bench.h pv-guest/smp/stress.h pv-guest/include/pv/smp.h pv-guest/include/pv/syscall.h \
	pv-guest/include/pv/user_mm.h pv-guest/syscall/calls.h

GUEST_ARCHIVES = pv-guest/libpv-guest.a $(GUEST_TCPIP)
GUEST_LINK = $(CC) -nostdlib -static -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
	-Wl,-z,noexecstack -Wl,-T,$(srcdir)/pv-guest/boot/pv-guest.lds

pv-guest/pv-guest: $(GUEST_ARCHIVES) pv-guest/boot/pv-guest.lds pv-guest/boot/symbols.awk
	$(AM_V_GEN)$(GUEST_LINK) -o $@.pass1 -Wl,--whole-archive $(GUEST_ARCHIVES) && \
	$(NM) -n $@.pass1 | $(AWK) -f $(srcdir)/pv-guest/boot/symbols.awk > $@.symbols.S && \
	$(CC) -c -o $@.symbols.o $@.symbols.S && \
	$(GUEST_LINK) -o $@ -Wl,--whole-archive $(GUEST_ARCHIVES) $@.symbols.o

pkgdata_SCRIPTS += pv-guest/pv-guest
EXTRA_DIST += pv-guest/boot/pv-guest.lds pv-guest/boot/symbols.awk
CLEANFILES += pv-guest/pv-guest pv-guest/pv-guest.pass1 pv-guest/pv-guest.symbols.S \
	pv-guest/pv-guest.symbols.o

# The parts that need no machine, on the host.
GUEST_TESTS = tests/unit/guest_elf tests/unit/guest_printf tests/unit/guest_memory tests/unit/guest_parse
check_PROGRAMS += $(GUEST_TESTS)
UNIT_TESTS += $(GUEST_TESTS)
tests_unit_guest_elf_SOURCES = tests/unit/guest_elf.c pv-guest/proc/elf.c
tests_unit_guest_elf_CPPFLAGS = $(GUEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_guest_elf_LDFLAGS = $(SAN_CFLAGS)
tests_unit_guest_elf_LDADD = $(CRITERION_LIBS)
tests_unit_guest_printf_SOURCES = tests/unit/guest_printf.c pv-guest/lib/printf.c
tests_unit_guest_printf_CPPFLAGS = $(GUEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_guest_printf_LDFLAGS = $(SAN_CFLAGS)
tests_unit_guest_printf_LDADD = $(CRITERION_LIBS)
tests_unit_guest_memory_SOURCES = tests/unit/guest_memory.c pv-guest/mm/buddy.c pv-guest/mm/kmalloc.c
tests_unit_guest_memory_CPPFLAGS = $(GUEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_guest_memory_LDFLAGS = $(SAN_CFLAGS)
tests_unit_guest_memory_LDADD = $(CRITERION_LIBS)
tests_unit_guest_parse_SOURCES = tests/unit/guest_parse.c pv-guest/boot/cmdline.c \
	pv-guest/shell/parse.c pv-guest/lib/text.c pv-guest/lib/datetime.c pv-guest/lib/percentiles.c pv-guest/lib/printf.c
tests_unit_guest_parse_CPPFLAGS = $(GUEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_guest_parse_LDFLAGS = $(SAN_CFLAGS)
tests_unit_guest_parse_LDADD = $(CRITERION_LIBS)
dist_man_MANS += man/pv-guest.7
EXTRA_DIST += tests/system/guest-core.sh tests/system/guest-user.sh tests/system/guest-smp.sh
