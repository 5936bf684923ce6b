# SPDX-License-Identifier: MIT
# Test guests: tiny PV kernels, each a file of tests linked with a runtime of its own.  They are
# freestanding; the host's hardening defaults and the sanitizers do not apply to them.
ABI_GUEST_CPPFLAGS = -I$(top_srcdir)/include -I$(top_srcdir) \
	-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__
ABI_GUEST_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -O2 -g -ffreestanding -fno-builtin -fno-pic -mcmodel=small \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	-fno-strict-aliasing -mgeneral-regs-only -mno-red-zone -U_FORTIFY_SOURCE
ABI_GUEST_LINK = $(CC) -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments \
	-Wl,-z,max-page-size=4096 -Wl,-T,$(top_srcdir)/tests/guests/lib/guest.lds -o $@

noinst_HEADERS += tests/guests/lib/guest.h tests/guests/lib/asm.h
EXTRA_DIST += tests/guests/lib/guest.lds

check_LIBRARIES = tests/guests/libguest.a
tests_guests_libguest_a_SOURCES = tests/guests/lib/start.S tests/guests/lib/main.c \
	tests/guests/lib/string.c tests/guests/lib/console.c tests/guests/lib/trap.c \
	tests/guests/lib/mm.c tests/guests/lib/event.c tests/guests/lib/bare_call.c
tests_guests_libguest_a_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_libguest_a_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_libguest_a_CCASFLAGS = -g

check_PROGRAMS += tests/guests/start tests/guests/hypercall tests/guests/version \
	tests/guests/multicall tests/guests/traps tests/guests/events \
	tests/guests/timers tests/guests/sched tests/guests/vcpu tests/guests/memory \
	tests/guests/mmu tests/guests/grants tests/guests/sandbox tests/guests/hoard tests/guests/hostile \
	tests/guests/start-bare tests/guests/hypercall-bare tests/guests/events-bare
tests_guests_start_SOURCES = tests/guests/start.c tests/guests/lib/page.S
tests_guests_start_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_start_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_start_CCASFLAGS = -g
tests_guests_start_LINK = $(ABI_GUEST_LINK)
tests_guests_start_LDADD = tests/guests/libguest.a
tests_guests_start_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_hypercall_SOURCES = tests/guests/hypercall.c tests/guests/lib/page.S
tests_guests_hypercall_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_hypercall_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_hypercall_CCASFLAGS = -g
tests_guests_hypercall_LINK = $(ABI_GUEST_LINK)
tests_guests_hypercall_LDADD = tests/guests/libguest.a
tests_guests_hypercall_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_version_SOURCES = tests/guests/version.c tests/guests/lib/page.S
tests_guests_version_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_version_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_version_CCASFLAGS = -g
tests_guests_version_LINK = $(ABI_GUEST_LINK)
tests_guests_version_LDADD = tests/guests/libguest.a
tests_guests_version_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_multicall_SOURCES = tests/guests/multicall.c tests/guests/lib/page.S
tests_guests_multicall_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_multicall_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_multicall_CCASFLAGS = -g
tests_guests_multicall_LINK = $(ABI_GUEST_LINK)
tests_guests_multicall_LDADD = tests/guests/libguest.a
tests_guests_multicall_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_traps_SOURCES = tests/guests/traps.c tests/guests/lib/page.S
tests_guests_traps_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_traps_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_traps_CCASFLAGS = -g
tests_guests_traps_LINK = $(ABI_GUEST_LINK)
tests_guests_traps_LDADD = tests/guests/libguest.a
tests_guests_traps_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_events_SOURCES = tests/guests/events.c tests/guests/lib/page.S
tests_guests_events_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_events_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_events_CCASFLAGS = -g
tests_guests_events_LINK = $(ABI_GUEST_LINK)
tests_guests_events_LDADD = tests/guests/libguest.a
tests_guests_events_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_timers_SOURCES = tests/guests/timers.c tests/guests/lib/page.S
tests_guests_timers_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_timers_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_timers_CCASFLAGS = -g
tests_guests_timers_LINK = $(ABI_GUEST_LINK)
tests_guests_timers_LDADD = tests/guests/libguest.a
tests_guests_timers_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_sched_SOURCES = tests/guests/sched.c tests/guests/lib/page.S
tests_guests_sched_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_sched_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_sched_CCASFLAGS = -g
tests_guests_sched_LINK = $(ABI_GUEST_LINK)
tests_guests_sched_LDADD = tests/guests/libguest.a
tests_guests_sched_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_vcpu_SOURCES = tests/guests/vcpu.c tests/guests/lib/page.S
tests_guests_vcpu_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_vcpu_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_vcpu_CCASFLAGS = -g
tests_guests_vcpu_LINK = $(ABI_GUEST_LINK)
tests_guests_vcpu_LDADD = tests/guests/libguest.a
tests_guests_vcpu_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_memory_SOURCES = tests/guests/memory.c tests/guests/lib/page.S
tests_guests_memory_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_memory_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_memory_CCASFLAGS = -g
tests_guests_memory_LINK = $(ABI_GUEST_LINK)
tests_guests_memory_LDADD = tests/guests/libguest.a
tests_guests_memory_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_mmu_SOURCES = tests/guests/mmu.c tests/guests/lib/page.S
tests_guests_mmu_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_mmu_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_mmu_CCASFLAGS = -g
tests_guests_mmu_LINK = $(ABI_GUEST_LINK)
tests_guests_mmu_LDADD = tests/guests/libguest.a
tests_guests_mmu_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_grants_SOURCES = tests/guests/grants.c tests/guests/lib/page.S
tests_guests_grants_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_grants_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_grants_CCASFLAGS = -g
tests_guests_grants_LINK = $(ABI_GUEST_LINK)
tests_guests_grants_LDADD = tests/guests/libguest.a
tests_guests_grants_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_sandbox_SOURCES = tests/guests/sandbox.c tests/guests/lib/page.S
tests_guests_sandbox_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_sandbox_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_sandbox_CCASFLAGS = -g
tests_guests_sandbox_LINK = $(ABI_GUEST_LINK)
tests_guests_sandbox_LDADD = tests/guests/libguest.a
tests_guests_sandbox_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_hoard_SOURCES = tests/guests/hoard.c tests/guests/lib/page.S
tests_guests_hoard_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_hoard_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_hoard_CCASFLAGS = -g
tests_guests_hoard_LINK = $(ABI_GUEST_LINK)
tests_guests_hoard_LDADD = tests/guests/libguest.a
tests_guests_hoard_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_hostile_SOURCES = tests/guests/hostile.c tests/guests/lib/page.S
tests_guests_hostile_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_hostile_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_hostile_CCASFLAGS = -g
tests_guests_hostile_LINK = $(ABI_GUEST_LINK)
tests_guests_hostile_LDADD = tests/guests/libguest.a
tests_guests_hostile_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_start_bare_SOURCES = tests/guests/start.c tests/guests/lib/bare.S
tests_guests_start_bare_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_start_bare_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_start_bare_CCASFLAGS = -g
tests_guests_start_bare_LINK = $(ABI_GUEST_LINK)
tests_guests_start_bare_LDADD = tests/guests/libguest.a
tests_guests_start_bare_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_hypercall_bare_SOURCES = tests/guests/hypercall.c tests/guests/lib/bare.S
tests_guests_hypercall_bare_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_hypercall_bare_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_hypercall_bare_CCASFLAGS = -g
tests_guests_hypercall_bare_LINK = $(ABI_GUEST_LINK)
tests_guests_hypercall_bare_LDADD = tests/guests/libguest.a
tests_guests_hypercall_bare_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
tests_guests_events_bare_SOURCES = tests/guests/events.c tests/guests/lib/bare.S
tests_guests_events_bare_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_events_bare_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_events_bare_CCASFLAGS = -g
tests_guests_events_bare_LINK = $(ABI_GUEST_LINK)
tests_guests_events_bare_LDADD = tests/guests/libguest.a
tests_guests_events_bare_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds

EXTRA_DIST += tests/guestlib.sh tests/hostilelib.sh tests/grantlib.sh tests/system/grants-exchange.sh \
	tests/system/grants-kill.sh tests/system/guests.sh tests/system/sandbox.sh \
	tests/system/hostile-crash.sh tests/system/hostile-spin.sh tests/system/hostile-flood.sh \
	tests/system/hostile-corrupt.sh tests/system/xl-watchdog.sh

check_PROGRAMS += tests/guests/store
tests_guests_store_SOURCES = tests/guests/store.c tests/guests/lib/page.S
tests_guests_store_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_store_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_store_CCASFLAGS = -g
tests_guests_store_LINK = $(ABI_GUEST_LINK)
tests_guests_store_LDADD = tests/guests/libguest.a
tests_guests_store_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds

check_PROGRAMS += tests/guests/user
tests_guests_user_SOURCES = tests/guests/user.c tests/guests/lib/page.S
tests_guests_user_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_guests_user_CFLAGS = $(ABI_GUEST_CFLAGS)
tests_guests_user_CCASFLAGS = -g
tests_guests_user_LINK = $(ABI_GUEST_LINK)
tests_guests_user_LDADD = tests/guests/libguest.a
tests_guests_user_DEPENDENCIES = tests/guests/libguest.a $(top_srcdir)/tests/guests/lib/guest.lds
