# SPDX-License-Identifier: MIT
noinst_HEADERS += xenstored/account.h xenstored/change.h xenstored/conn.h xenstored/domain.h \
	xenstored/hash.h xenstored/limit.h xenstored/path.h xenstored/perms.h xenstored/quota.h \
	xenstored/request.h xenstored/store.h xenstored/transaction.h xenstored/tree.h \
	xenstored/view.h xenstored/watch.h xenstored/socket.h xenstored/machine.h xenstored/ring.h \
	xenstored/ring-conn.h xenstored/view-private.h xenstored/transaction-private.h

# The core knows no transport: the unit tests drive it directly.
noinst_LTLIBRARIES += xenstored/libxenstored.la
xenstored_libxenstored_la_SOURCES = xenstored/account.c xenstored/change.c xenstored/commit.c xenstored/connection.c \
	xenstored/control.c xenstored/domain.c xenstored/hash.c xenstored/kids.c xenstored/limit.c \
	xenstored/ops-domain.c xenstored/ops-read.c xenstored/ops-transaction.c xenstored/ops-watch.c \
	xenstored/ops-write.c xenstored/path.c xenstored/perms.c xenstored/quota.c \
	xenstored/request.c xenstored/ring.c xenstored/ring-conn.c xenstored/store.c xenstored/transaction.c xenstored/tree.c \
	xenstored/view.c xenstored/view-create.c xenstored/watch.c

sbin_PROGRAMS += xenstored/xenstored
xenstored_xenstored_SOURCES = xenstored/main.c xenstored/socket.c xenstored/machine-none.c \
	xenstored/machine-xen.c
xenstored_xenstored_LDADD = xenstored/libxenstored.la libs/libctl.la libs/libxencall.la \
	libs/libxenevtchn.la libs/libxengnttab.la libs/libutil.la

XENSTORED_TESTS = tests/unit/xenstored_rules tests/unit/xenstored_tree tests/unit/xenstored_ring \
	tests/unit/xenstored_fuzz
XENSTORED_TEST_LIBS = xenstored/libxenstored.la libs/libutil.la $(CRITERION_LIBS)
check_PROGRAMS += $(XENSTORED_TESTS)
UNIT_TESTS += $(XENSTORED_TESTS)
noinst_HEADERS += tests/unit/xenstored_play.h
tests_unit_xenstored_rules_SOURCES = tests/unit/xenstored_rules.c tests/unit/xenstored_play.c
tests_unit_xenstored_rules_LDADD = $(XENSTORED_TEST_LIBS)
tests_unit_xenstored_tree_SOURCES = tests/unit/xenstored_tree.c tests/unit/xenstored_play.c
tests_unit_xenstored_tree_LDADD = $(XENSTORED_TEST_LIBS)
tests_unit_xenstored_ring_SOURCES = tests/unit/xenstored_ring.c tests/unit/xenstored_play.c
tests_unit_xenstored_ring_LDADD = $(XENSTORED_TEST_LIBS)
tests_unit_xenstored_fuzz_SOURCES = tests/unit/xenstored_fuzz.c tests/unit/xenstored_play.c
tests_unit_xenstored_fuzz_LDADD = $(XENSTORED_TEST_LIBS)

check_PROGRAMS += tests/system/store_hostile
tests_system_store_hostile_SOURCES = tests/system/store_hostile.c
EXTRA_DIST += tests/system/store-stock-tools.sh
dist_man_MANS += man/xenstored.8
EXTRA_DIST += tests/system/store-rings.sh
