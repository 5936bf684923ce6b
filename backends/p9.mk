# SPDX-License-Identifier: MIT
# A server for 9P messages, and the 9pfs backend on top of it without its main().
noinst_HEADERS += include/p9/9p2000l.h backends/p9.h backends/p9_session.h backends/p9_wire.h
noinst_LTLIBRARIES += backends/libp9.la
backends_libp9_la_SOURCES = backends/p9_attr.c backends/p9_fid.c backends/p9_file.c backends/p9_lock.c \
	backends/p9_names.c backends/p9_path.c backends/p9_readdir.c backends/p9_serve.c \
	backends/p9_walk.c backends/p9_wire.c

noinst_LTLIBRARIES += backends/libp9back.la
backends_libp9back_la_SOURCES = backends/p9_dev.c backends/p9_ring.c backends/p9_turn.c

sbin_PROGRAMS += backends/paravane-9pfsd
backends_paravane_9pfsd_SOURCES = backends/p9back.c
backends_paravane_9pfsd_LDADD = backends/libp9back.la backends/libp9.la backends/libbackend.la \
	libs/libxenevtchn.la libs/libxengnttab.la libs/libutil.la $(XENSTORE_LIBS) $(URING_LIBS)

P9_TESTS = tests/unit/p9_session tests/unit/p9_ring
check_PROGRAMS += $(P9_TESTS)
UNIT_TESTS += $(P9_TESTS)
tests_unit_p9_ring_SOURCES = tests/unit/p9_ring.c $(BACKEND_FAKES)
tests_unit_p9_ring_LDADD = backends/libp9back.la backends/libp9.la backends/libbackend.la libs/libutil.la \
	$(CRITERION_LIBS) $(URING_LIBS)
tests_unit_p9_session_SOURCES = tests/unit/p9_session.c
tests_unit_p9_session_LDADD = backends/libp9.la $(CRITERION_LIBS)

EXTRA_DIST += tests/system/share-9p.sh tests/guest.sh
