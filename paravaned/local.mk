# SPDX-License-Identifier: MIT
sbin_PROGRAMS += paravaned/paravaned
noinst_LTLIBRARIES += paravaned/libmachine.la
noinst_HEADERS += paravaned/buffers.h paravaned/client.h paravaned/console_ring.h paravaned/domain.h \
	paravaned/evtchn.h paravaned/frames.h paravaned/grant.h paravaned/hypercall.h paravaned/lender.h paravaned/lowmap.h paravaned/mapper.h paravaned/machine.h \
	paravaned/memory.h paravaned/orphans.h paravaned/process.h paravaned/ratelimit.h paravaned/seccomp.h \
	paravaned/spawn.h paravaned/stop.h

# Everything but main, so that unit tests can link it.
paravaned_libmachine_la_SOURCES = paravaned/accounting.c paravaned/affinity.c paravaned/buffers.c paravaned/client.c \
	paravaned/clock.c paravaned/console_ring.c paravaned/copy_ring.c paravaned/debug_keys.c paravaned/domain.c paravaned/domain_info.c \
	paravaned/domctl.c paravaned/domctl_vcpu.c paravaned/evtchn.c paravaned/evtchn_control.c paravaned/evtchn_send.c \
	paravaned/event_channel_op.c paravaned/frames.c paravaned/grant_active.c \
	paravaned/grant_copy.c paravaned/grant_map.c paravaned/host.c paravaned/hypercall.c \
	paravaned/lender.c paravaned/link.c paravaned/lowmap.c paravaned/mapper.c paravaned/mapping.c paravaned/maptrack.c paravaned/memory.c \
	paravaned/memory_op.c paravaned/message.c paravaned/orphans.c paravaned/pageset.c paravaned/port.c \
	paravaned/process.c paravaned/request.c paravaned/sandbox.c paravaned/seccomp.c \
	paravaned/spawn.c paravaned/stop.c paravaned/sysctl.c paravaned/sysctl_topology.c \
	paravaned/version.c paravaned/wallclock.c paravaned/watchdog.c
paravaned_libmachine_la_CFLAGS = $(AM_CFLAGS) $(UUID_CFLAGS) $(SECCOMP_CFLAGS)
paravaned_libmachine_la_LIBADD = libs/libutil.la $(UUID_LIBS) $(SECCOMP_LIBS)

paravaned_paravaned_SOURCES = paravaned/main.c
paravaned_paravaned_LDADD = paravaned/libmachine.la

# Tests: a paravaned of their own and a client that speaks the protocol by itself.
noinst_HEADERS += tests/unit/paravaned_client.h
machine_tests = tests/unit/paravaned_domctl tests/unit/paravaned_process \
	tests/unit/paravaned_clients tests/unit/paravaned_seccomp tests/unit/paravaned_stop \
	tests/unit/paravaned_grants tests/unit/paravaned_tree tests/unit/paravaned_wallclock
check_PROGRAMS += $(machine_tests) tests/unit/paravaned_image
UNIT_TESTS += $(machine_tests)
tests_unit_paravaned_domctl_SOURCES = tests/unit/paravaned_domctl.c tests/unit/paravaned_client.c
tests_unit_paravaned_domctl_LDADD = $(CRITERION_LIBS)
tests_unit_paravaned_process_SOURCES = tests/unit/paravaned_process.c tests/unit/paravaned_client.c
tests_unit_paravaned_process_LDADD = $(CRITERION_LIBS)
tests_unit_paravaned_clients_SOURCES = tests/unit/paravaned_clients.c tests/unit/paravaned_client.c
tests_unit_paravaned_clients_LDADD = $(CRITERION_LIBS)
tests_unit_paravaned_seccomp_SOURCES = tests/unit/paravaned_seccomp.c
tests_unit_paravaned_seccomp_LDADD = paravaned/libmachine.la $(CRITERION_LIBS)
tests_unit_paravaned_grants_SOURCES = tests/unit/paravaned_grants.c
tests_unit_paravaned_grants_LDADD = paravaned/libmachine.la $(CRITERION_LIBS)
tests_unit_paravaned_wallclock_SOURCES = tests/unit/paravaned_wallclock.c
tests_unit_paravaned_wallclock_LDADD = paravaned/libmachine.la $(CRITERION_LIBS)
tests_unit_paravaned_tree_SOURCES = tests/unit/paravaned_tree.c
tests_unit_paravaned_tree_LDADD = paravaned/libmachine.la $(CRITERION_LIBS)
tests_unit_paravaned_stop_SOURCES = tests/unit/paravaned_stop.c
tests_unit_paravaned_stop_LDADD = libs/libutil.la $(CRITERION_LIBS)

# What paravaned runs as a domain in these tests: its root is empty, so it is static, and no
# sanitizer can work in there.
tests_unit_paravaned_image_SOURCES = tests/unit/paravaned_image.c
tests_unit_paravaned_image_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
tests_unit_paravaned_image_LDFLAGS = -all-static

# Units for servers; elsewhere xl starts what it needs.
systemdunitdir = $(prefix)/lib/systemd/system
systemd_units = paravaned/systemd/paravaned.service paravaned/systemd/paravane-xenstored.service \
	paravaned/systemd/paravane-xenconsoled.service paravaned/systemd/paravane-blkback.service \
	paravaned/systemd/paravane-netback.service \
	paravaned/systemd/paravane-9pfsd.service
nodist_systemdunit_DATA = $(systemd_units)
CLEANFILES += $(systemd_units)
EXTRA_DIST += $(systemd_units:=.in) tests/system/machine-daemon.sh tests/system/machine-hosts.sh
SUFFIXES = .service.in .service
.service.in.service:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) -e 's|@sbindir[@]|$(sbindir)|g' $< > $@

dist_man_MANS += man/paravaned.8
