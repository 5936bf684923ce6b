# SPDX-License-Identifier: MIT
noinst_HEADERS += libs/util/find.h libs/util/log.h libs/util/daemon.h libs/util/loop.h \
	libs/util/loop-private.h libs/util/lowaddr.h libs/util/pins.h libs/util/nbdplace.h libs/util/uring-restrict.h libs/ctl/ctl.h libs/ctl/private.h \
	libs/client/conn.h libs/client/domain.h libs/client/client.h libs/client/handle.h \
	libs/xencall/private.h libs/xenforeignmemory/private.h \
	libs/xenevtchn/private.h libs/xenevtchn/epoll-names.h libs/paravane-ext.h \
	libs/client/maptrack.h libs/xengnttab/private.h

# What every daemon and tool of ours uses.
noinst_LTLIBRARIES += libs/libutil.la
libs_libutil_la_SOURCES = libs/util/find.c libs/util/log.c libs/util/daemon.c \
	libs/util/loop.c libs/util/loop-timer.c libs/util/loop-uring.c libs/util/loop-epoll.c \
	libs/util/lowaddr.c libs/util/rundir.c libs/util/pins.c libs/util/nbdplace.c \
	libs/util/uring-restrict.c
libs_libutil_la_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS)
libs_libutil_la_LIBADD = $(URING_LIBS)

# What the four libraries have in common: part of each, seen by nobody.
noinst_LTLIBRARIES += libs/libclient.la
libs_libclient_la_SOURCES = libs/client/conn.c libs/client/domain.c libs/client/client.c \
	libs/client/maptrack.c libs/util/rundir.c libs/util/pins.c
libs_libclient_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden

# Xen's libraries: same names, same versions of symbols, Paravane behind them.
XENLIB_LDFLAGS = -version-info 1:0:0 -no-undefined $(SAN_CFLAGS)
pvnlib_LTLIBRARIES += libs/libxencall.la libs/libxenevtchn.la \
	libs/libxengnttab.la libs/libxenforeignmemory.la

libs_libxencall_la_SOURCES = libs/xencall/xencall.c libs/xencall/arena.c
libs_libxencall_la_LIBADD = libs/libclient.la
libs_libxencall_la_LDFLAGS = $(XENLIB_LDFLAGS) \
	-Wl,--version-script=$(srcdir)/libs/xencall/libxencall.map
EXTRA_libs_libxencall_la_DEPENDENCIES = libs/xencall/libxencall.map

libs_libxenevtchn_la_SOURCES = libs/xenevtchn/handle.c libs/xenevtchn/bind.c libs/xenevtchn/link.c \
	libs/xenevtchn/notify.c libs/xenevtchn/pending.c libs/xenevtchn/spin.c
libs_libxenevtchn_la_LIBADD = libs/libclient.la
libs_libxenevtchn_la_LDFLAGS = $(XENLIB_LDFLAGS) \
	-Wl,--version-script=$(srcdir)/libs/xenevtchn/libxenevtchn.map
EXTRA_libs_libxenevtchn_la_DEPENDENCIES = libs/xenevtchn/libxenevtchn.map

libs_libxengnttab_la_SOURCES = libs/xengnttab/handle.c libs/xengnttab/grant.c libs/xengnttab/table.c \
	libs/xengnttab/map.c libs/xengnttab/copy.c libs/xengnttab/notify.c libs/xengnttab/absent.c
libs_libxengnttab_la_LIBADD = libs/libclient.la
libs_libxengnttab_la_LDFLAGS = $(XENLIB_LDFLAGS) \
	-Wl,--version-script=$(srcdir)/libs/xengnttab/libxengnttab.map
EXTRA_libs_libxengnttab_la_DEPENDENCIES = libs/xengnttab/libxengnttab.map

libs_libxenforeignmemory_la_SOURCES = libs/xenforeignmemory/foreignmemory.c \
	libs/xenforeignmemory/resource.c
libs_libxenforeignmemory_la_LIBADD = libs/libclient.la
libs_libxenforeignmemory_la_LDFLAGS = $(XENLIB_LDFLAGS) \
	-Wl,--version-script=$(srcdir)/libs/xenforeignmemory/libxenforeignmemory.map
EXTRA_libs_libxenforeignmemory_la_DEPENDENCIES = libs/xenforeignmemory/libxenforeignmemory.map

EXTRA_DIST += libs/xencall/libxencall.map libs/xenevtchn/libxenevtchn.map \
	libs/xengnttab/libxengnttab.map libs/xenforeignmemory/libxenforeignmemory.map

# The control domain's hypercalls as functions; link with libs/libxencall.la.
noinst_LTLIBRARIES += libs/libctl.la
libs_libctl_la_SOURCES = libs/ctl/ctl.c libs/ctl/domain.c libs/ctl/machine.c

include libs/tests.mk
