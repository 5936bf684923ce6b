# SPDX-License-Identifier: MIT
# Tests of libs/.  Those of the four libraries run a paravaned of their own and play the domain.
noinst_HEADERS += tests/unit/libs_machine.h
LIBS_TESTS = tests/unit/libs_gnttab tests/unit/libs_foreign tests/unit/libs_evtchn \
	tests/unit/libs_loop tests/unit/libs_util tests/unit/libs_nbdplace
check_PROGRAMS += $(LIBS_TESTS)
UNIT_TESTS += $(LIBS_TESTS)

LIBS_TEST_LIBS = libs/libctl.la libs/libxencall.la libs/libxenevtchn.la libs/libxengnttab.la \
	libs/libxenforeignmemory.la libs/libclient.la libs/libutil.la $(CRITERION_LIBS)

tests_unit_libs_gnttab_SOURCES = tests/unit/libs_gnttab.c tests/unit/libs_machine.c
tests_unit_libs_gnttab_LDADD = $(LIBS_TEST_LIBS)
tests_unit_libs_foreign_SOURCES = tests/unit/libs_foreign.c tests/unit/libs_machine.c
tests_unit_libs_foreign_LDADD = $(LIBS_TEST_LIBS)
tests_unit_libs_evtchn_SOURCES = tests/unit/libs_evtchn.c tests/unit/libs_machine.c
tests_unit_libs_evtchn_LDADD = $(LIBS_TEST_LIBS)

tests_unit_libs_nbdplace_SOURCES = tests/unit/libs_nbdplace.c
tests_unit_libs_nbdplace_LDADD = libs/libutil.la $(CRITERION_LIBS)
tests_unit_libs_loop_SOURCES = tests/unit/libs_loop.c
tests_unit_libs_loop_LDADD = libs/libutil.la $(URING_LIBS) $(CRITERION_LIBS)
tests_unit_libs_util_SOURCES = tests/unit/libs_util.c
tests_unit_libs_util_LDADD = libs/libutil.la $(CRITERION_LIBS)

EXTRA_DIST += tests/system/libs-compat.sh tests/system/libs_compat.c
